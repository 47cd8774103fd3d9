// What every test stands in: a server that was really started, watching a service that the test can break.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, type Page, test as base } from "@playwright/test";

/** The program that is tested. */
export const BINARY = process.env.ALLSWELL_TEST_BINARY ?? new URL("../../target/debug/allswell", import.meta.url).pathname;

/** A service with a health document of its own. */
export class Service {
  private server: Server | null = null;
  /** Whether its database answers. */
  well = true;
  /** The version that it says it is. */
  version = "1.41.0";
  address = "";

  async start(): Promise<void> {
    const server = createServer((request, response) => {
      if (request.url !== "/ready") return void response.end("the shop is open");
      const status = this.well ? "ok" : "error";
      const database = this.well ? { status, response_time_ms: 0.8 } : { status, message: "connection timed out" };
      const body = JSON.stringify({ status: this.well ? "healthy" : "unhealthy", version: this.version, checks: { database, redis: { status: "ok" } } });
      response.writeHead(this.well ? 200 : 503, { "content-type": "application/json" }).end(body);
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    this.address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.server = server;
  }

  stop(): void {
    this.server?.closeAllConnections();
    this.server?.close();
  }
}

/** A server of ours. */
export class Allswell {
  private child: ChildProcess | null = null;
  private readonly folder = mkdtempSync(join(tmpdir(), "allswell-e2e-"));
  url = "";

  /** `niceness` is that of its process: with 10 it gives way to all that have none. */
  constructor(
    private readonly configuration: string,
    private readonly niceness = 0,
  ) {}

  async start(): Promise<void> {
    const file = join(this.folder, "allswell.yaml");
    writeFileSync(file, this.configuration);
    const listen = this.url ? new URL(this.url).host : "127.0.0.1:0";
    const serve = [BINARY, "serve", "--config", file, "--data", join(this.folder, "data"), "--listen", listen];
    const child = spawn("nice", ["-n", String(this.niceness), ...serve], { stdio: ["ignore", "pipe", "pipe"] });
    this.child = child;
    let said = "";
    child.stderr?.on("data", (chunk) => (said += chunk));
    this.url = await new Promise<string>((found, failed) => {
      child.stdout?.on("data", (chunk) => {
        const named = /web\s+(http:\S+)/.exec(String(chunk));
        if (named?.[1]) found(named[1]);
      });
      child.once("exit", (code) => failed(new Error(`the server ended with ${code}: ${said}`)));
    });
  }

  /** Kills it as a crash would; `start` brings it back at the same address. */
  async kill(): Promise<void> {
    const child = this.child;
    if (!child || child.exitCode !== null) return;
    const gone = new Promise((exited) => child.once("exit", exited));
    child.kill("SIGKILL");
    await gone;
  }

  /** Keeps its account by this plan of the configuration. */
  async keepTo(plan: string): Promise<void> {
    await this.kill();
    execFileSync(BINARY, ["account", "plan", "1", plan, "--data", join(this.folder, "data")]);
    await this.start();
  }

  /** The end: nothing stays. */
  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Asks the API to change something. */
  async write<T>(method: "POST" | "PATCH" | "DELETE", path: string, body?: unknown): Promise<T> {
    const init: RequestInit = { method, headers: { "content-type": "application/json" } };
    if (body !== undefined) init.body = JSON.stringify(body);
    const response = await fetch(`${this.url}api/v1/${path}`, init);
    const answer = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${answer}`);
    return (answer ? JSON.parse(answer) : null) as T;
  }

  /** Takes away all monitors that were added: the next tests begin with those of the file. */
  async clear(): Promise<void> {
    const { id, name } = await this.read<{ id: number[]; name: string[] }>("fleet");
    const ours = new Set((JSON.parse(this.configuration) as { monitors: { name: string }[] }).monitors.map((monitor) => monitor.name));
    const ids = id.filter((_, at) => !ours.has(name[at] ?? "")).map(String);
    if (ids.length > 0) await this.write("POST", "monitors/bulk", { action: "delete", ids });
  }

  /** What the API says. */
  async read<T>(path: string): Promise<T> {
    return (await (await fetch(`${this.url}api/v1/${path}`)).json()) as T;
  }
}

/** Three monitors: one that the test can break, one that stays well, one whose target was never there. */
export function configuration(service: Service): string {
  return JSON.stringify({
    defaults: { interval: "1s", timeout: "1s", failure_threshold: 2 },
    monitors: [
      { name: "payments-api", http: { url: `${service.address}/ready` }, tags: ["prod", "payments"], group: "Checkout" },
      { name: "shop", http: { url: `${service.address}/` }, tags: ["prod"], group: "Edge & CDN" },
      { name: "nobody-home", tcp: { address: "127.0.0.1:9" }, group: "Data stores" },
    ],
    status_pages: [
      {
        slug: "acme",
        title: "Acme status",
        description: "How the shop is doing.",
        colour: "#0f62fe",
        domain: "status.localhost",
        sections: [
          { name: "Shop", monitors: [{ monitor: "shop", name: "Website" }, { monitor: "payments-api", name: "Payments", about: "cards and invoices" }] },
          { name: "Platform", monitors: [{ monitor: "nobody-home", name: "Old API" }, { monitor: "not-there-yet", name: "Ledger" }] },
        ],
      },
      { slug: "staff", title: "Staff", access: "password", password: "open sesame", sections: [{ groups: ["Data stores"] }] },
      { slug: "partners", title: "Partners", access: "token", token: "0123456789abcdef", sections: [{ tags: ["prod"] }] },
    ],
  });
}

interface World {
  service: Service;
  allswell: Allswell;
  /** A page that fails its test when the browser complains of anything. */
  quiet: Page;
}

/** Tests with a server for each file and a page that must stay quiet. */
export const test = base.extend<Pick<World, "quiet">, Omit<World, "quiet">>({
  service: [
    async ({}, use) => {
      const service = new Service();
      await service.start();
      await use(service);
      service.stop();
    },
    { scope: "worker" },
  ],
  allswell: [
    async ({ service }, use) => {
      const allswell = new Allswell(configuration(service));
      await allswell.start();
      await expect.poll(async () => (await allswell.read<{ incidents: unknown[] }>("incidents")).incidents.length, { timeout: 30_000 }).toBeGreaterThan(0);
      await use(allswell);
      await allswell.remove();
    },
    { scope: "worker" },
  ],
  quiet: async ({ page }, use) => {
    const complaints: string[] = [];
    const pages = new Set<string>();
    page.on("request", (request) => {
      if (request.isNavigationRequest()) pages.add(request.url());
    });
    page.on("console", (message) => {
      // What the server refuses with its reasons is an answer, which the browser writes down by itself; so is a page that says no.
      const status = /the server responded with a status of (\d+)/.exec(message.text())?.[1] ?? "";
      const isRefusal = ["403", "409", "412", "422"].includes(status) || (["401", "404"].includes(status) && pages.has(message.location().url));
      if ((message.type() === "error" || message.type() === "warning") && !isRefusal) complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.stack ?? error.message));
    await use(page);
    expect(complaints).toEqual([]);
  },
});

export { expect };

/** The monitor's number. */
export async function idOf(allswell: Allswell, name: string): Promise<number> {
  return (await allswell.read<{ id: number }>(`monitors/${name}`)).id;
}
