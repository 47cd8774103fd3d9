// A mail server on this machine that takes every mail and keeps it (RFC 5321, as much of it as a sender needs).

import { createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { expect } from "@playwright/test";

/** A mail that was taken, as it came. */
export interface Mail {
  to: string[];
  text: string;
}

/** Takes mails. */
export class Mailbox {
  private server: Server | null = null;
  private readonly open = new Set<Socket>();
  readonly mails: Mail[] = [];
  /** `127.0.0.1:PORT`. */
  address = "";

  async start(): Promise<void> {
    const server = createServer((socket) => this.speak(socket));
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    this.address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.server = server;
  }

  stop(): void {
    for (const socket of this.open) socket.destroy();
    this.server?.close();
  }

  /** The newest mail whose text, decoded, has this in it. */
  find(text: string): Mail | undefined {
    return this.mails.findLast((mail) => mail.text.includes(text));
  }

  /** The path of the first link that begins so, in the newest mail that has `text` in it, which is the link where nothing is named. */
  async link(part: string, text = part): Promise<string> {
    const links = () => [...(this.find(text)?.text ?? "").matchAll(/https?:\/\/[^/\s]+\/(\S+)/g)].map((found) => found[1] ?? "");
    const link = () => links().find((path) => path.startsWith(part)) ?? "";
    await expect.poll(link).not.toBe("");
    return link();
  }

  private speak(socket: Socket): void {
    this.open.add(socket);
    let [unread, to, data] = ["", [] as string[], null as string[] | null];
    const say = (line: string) => socket.write(`${line}\r\n`);
    const take = (line: string) => {
      if (data) {
        if (line !== ".") return void data.push(line.replace(/^\./, ""));
        this.mails.push({ to, text: decoded(data.join("\n")) });
        [to, data] = [[], null];
        return say("250 kept");
      }
      const command = line.slice(0, 4).toUpperCase();
      if (command === "RCPT") to = [...to, /<([^>]*)>/.exec(line)?.[1] ?? ""];
      if (command === "DATA") {
        data = [];
        return say("354 go on");
      }
      say(command === "QUIT" ? "221 good night" : "250 well");
      if (command === "QUIT") socket.end();
    };
    socket.on("error", () => undefined);
    socket.on("close", () => this.open.delete(socket));
    socket.on("data", (chunk) => {
      const lines = (unread + String(chunk)).split("\r\n");
      unread = lines.pop() ?? "";
      for (const line of lines) take(line);
    });
    say("220 mailbox");
  }
}

/** Quoted-printable taken back: soft line breaks and `=3D`. */
function decoded(text: string): string {
  const joined = text.replace(/=\n/g, "");
  return joined.replace(/(?:=[0-9A-F]{2})+/g, (bytes) => Buffer.from(bytes.replaceAll("=", ""), "hex").toString());
}
