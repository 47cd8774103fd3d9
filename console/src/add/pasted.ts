// What somebody pasted, read as monitors: a URL, `host:port`, a domain, an address, a curl command, a line of cron, or many
// lines of those.

import { t } from "../texts";
import { curl } from "./curl";

/** The ways to ask, in the order of the buttons. */
export const KINDS = ["http", "tcp", "tls", "dns", "ping", "heartbeat", "websocket", "grpc", "postgres", "mysql", "redis"] as const;
export type Kind = (typeof KINDS)[number];

/** The keys of a monitor as a configuration has them. */
export type Spec = Record<string, unknown>;

/** The field of each kind that says what is asked. */
export const MAIN: Record<Kind, string> = {
  http: "url",
  tcp: "address",
  tls: "address",
  dns: "name",
  ping: "host",
  heartbeat: "period",
  websocket: "url",
  grpc: "address",
  postgres: "dsn",
  mysql: "dsn",
  redis: "dsn",
};

/** One line that was read; `problem` instead of `spec` where it cannot be meant. */
export interface Reading {
  line: string;
  spec: Spec | null;
  problem: string;
}

/** The kind of a monitor's keys. */
export function kindOf(spec: Spec): Kind {
  return KINDS.find((kind) => spec[kind] !== undefined && spec[kind] !== null) ?? "http";
}

/** The block of a monitor's keys that says how it asks. */
export const blockOf = (spec: Spec): Spec => (spec[kindOf(spec)] ?? {}) as Spec;

/** All that was pasted. A curl command may go over several lines. */
export function readAll(text: string): Reading[] {
  const lines = text
    .replace(/\\\r?\n/g, " ")
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line && !line.startsWith("#"));
  return lines.map(readLine);
}

function readLine(line: string): Reading {
  try {
    return { line, spec: meant(line), problem: "" };
  } catch (error) {
    return { line, spec: null, problem: error instanceof Error ? error.message : String(error) };
  }
}

const CRON = /^((?:[\d*,/\-?LW#A-Za-z]+\s+){4}[\d*,/\-?LW#A-Za-z]+)(?:\s+(.+))?$/;
const CRON_WORDS = /^@(hourly|daily|midnight|weekly|monthly|yearly|annually)(?:\s+(.+))?$/;
const CRON_LINES: Record<string, string> = {
  hourly: "0 * * * *",
  daily: "0 0 * * *",
  midnight: "0 0 * * *",
  weekly: "0 0 * * 0",
  monthly: "0 0 1 * *",
  yearly: "0 0 1 1 *",
  annually: "0 0 1 1 *",
};

function meant(line: string): Spec {
  if (/^curl(\.exe)?\s/.test(line)) return named(curl(line));
  const word = CRON_WORDS.exec(line);
  if (word) return job(CRON_LINES[word[1] ?? ""] ?? "", word[2]);
  const cron = CRON.exec(line);
  if (cron && /^[\d*]/.test(line)) return job(cron[1]?.replace(/\s+/g, " ") ?? "", cron[2]);
  if (/\s/.test(line)) throw new Error(t.add.noTarget);
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(line)?.[1]?.toLowerCase();
  return named(scheme ? ofScheme(scheme, line) : bare(line));
}

/** What has no scheme: `[::1]:5432`, `db.example.com:5432`, `192.0.2.7`, `example.com/ready`. */
function bare(line: string): Spec {
  if (/^(\[[0-9a-f:.%]+\]|[^/:\s]+):\d{1,5}$/i.test(line)) return line.endsWith(":443") ? { tls: { address: line } } : { tcp: { address: line } };
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(line) || (/^[0-9a-f:]+$/i.test(line) && line.includes("::"))) return { ping: { host: line } };
  if (!/^[\w.-]+(:\d+)?(\/.*)?$/.test(line) || !/[.]|^localhost/.test(line)) throw new Error(t.add.noTarget);
  const plain = /^(localhost|127\.)/.test(line);
  return { http: { url: `${plain ? "http" : "https"}://${line}` } };
}

function ofScheme(scheme: string, line: string): Spec {
  const url = new URL(line.replace(/^[a-z][a-z0-9+.-]*:/i, "http:").replace(/^http:\/\/\//, "http://none/"));
  switch (scheme) {
    case "http":
    case "https":
      return { http: { url: line } };
    case "ws":
    case "wss":
      return { websocket: { url: line } };
    case "tcp":
      return { tcp: { address: url.host } };
    case "tls":
      return { tls: { address: url.port ? url.host : `${url.hostname}:443` } };
    case "ping":
    case "icmp":
      return { ping: { host: url.hostname } };
    case "grpc":
    case "grpcs": {
      const service = url.pathname.slice(1);
      const address = url.port ? url.host : `${url.hostname}:443`;
      return { grpc: { address, ...(service && { service }), ...(scheme === "grpcs" && { tls: {} }) } };
    }
    case "dns": {
      const name = url.pathname.slice(1);
      if (!name) return { dns: { name: url.hostname } };
      const type = url.searchParams.get("type")?.toUpperCase();
      return { dns: { name, ...(url.hostname !== "none" && { server: url.host }), ...(type && { type }) } };
    }
    case "postgres":
    case "postgresql":
      return { postgres: { dsn: line } };
    case "mysql":
    case "mariadb":
      return { mysql: { dsn: line } };
    case "redis":
    case "rediss":
      return { redis: { dsn: line } };
    default:
      throw new Error(t.add.noScheme(scheme));
  }
}

/** A job that is expected when a line of cron says. Its name is that of its command. */
function job(cron: string, command: string | undefined): Spec {
  const program = command?.split(/\s+/).find((word) => !word.includes("="));
  const name = program?.split("/").at(-1)?.replace(/\.\w+$/, "") || t.add.jobName;
  const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return { name, heartbeat: { cron, timezone, grace: "5m", token: token() } };
}

/** A token that nobody guesses. */
export function token(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** What is asked, without what a name must not have: no scheme, no user, no query. */
export function place(spec: Spec): string {
  const block = blockOf(spec);
  const said = String(block[MAIN[kindOf(spec)]] ?? "");
  const plain = said.replace(/^[a-z][a-z0-9+.-]*:\/\//i, "").replace(/^[^/@]*@/, "");
  return plain.replace(/[?#].*$/, "").replace(/\/+$/, "");
}

/** With a name made of what is asked, unless it has one. */
export const named = (spec: Spec): Spec => ({ name: place(spec).slice(0, 128), ...spec });

/** The same target asked in another way, as far as it has what that needs. */
export function asKind(spec: Spec, kind: Kind): Spec {
  const { [kindOf(spec)]: _, ...rest } = spec;
  const at = place(spec);
  const host = /^\[[^\]]*\]|^[^/:]+/.exec(at)?.[0] ?? "";
  const port = /^(?:\[[^\]]*\]|[^/:]+):(\d+)/.exec(at)?.[1];
  const blocks: Record<Kind, Spec> = {
    http: { url: at ? `${port && port !== "443" ? "http" : "https"}://${at}` : "" },
    tcp: { address: host ? `${host}:${port ?? "443"}` : "" },
    tls: { address: host ? `${host}:${port ?? "443"}` : "" },
    dns: { name: host },
    ping: { host },
    heartbeat: { period: "1h", grace: "5m", token: token() },
    websocket: { url: at ? `wss://${at}` : "" },
    grpc: { address: host ? `${host}:${port ?? "443"}` : "" },
    postgres: { dsn: host ? `postgres://${host}:${port ?? "5432"}` : "" },
    mysql: { dsn: host ? `mysql://${host}:${port ?? "3306"}` : "" },
    redis: { dsn: host ? `redis://${host}:${port ?? "6379"}` : "" },
  };
  return { ...rest, [kind]: blocks[kind] };
}
