// Asks the server. Addresses are relative to the page's base, so it works below any path.

import type { Problem } from "../api/types";

/** The server refused, or could not be reached (`status` 0). */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly problem: Partial<Problem>,
  ) {
    super(problem.detail ?? problem.title ?? "");
  }
}

/** What was answered before, by address: asked again with its tag, an unchanged answer costs no bytes. */
const known = new Map<string, { tag: string; body: unknown }>();
const KNOWN_MAX = 64;

/** The whole address of a path below the console's root. */
export function address(path: string): string {
  return new URL(path, document.baseURI).href;
}

/** Reads JSON from `api/v1/` + `path`. The same object comes back as long as the server says that nothing changed. */
export async function read<T>(path: string, signal?: AbortSignal): Promise<T> {
  const before = known.get(path);
  const headers: HeadersInit = before ? { "if-none-match": before.tag } : {};
  const response = await ask(address(`api/v1/${path}`), { headers, signal: signal ?? null });
  if (response.status === 304 && before) return before.body as T;
  if (!response.ok) throw new Refusal(response.status, await response.json().catch(() => ({})));
  const body = (await response.json()) as T;
  remember(path, response.headers.get("etag"), body);
  return body;
}

/** How a change is asked for, beside what it is. */
interface Sending {
  /** The tag of what was read before: a change of what somebody else changed meanwhile is refused. */
  tag?: string | null | undefined;
  /** Whether it goes its way when the page is closed. */
  keepalive?: boolean;
  signal?: AbortSignal;
}

/** Asks the server to change something. */
export async function send<T>(method: "POST" | "PUT" | "PATCH" | "DELETE", path: string, body?: unknown, how: Sending = {}): Promise<T> {
  const headers: Record<string, string> = {};
  if (body !== undefined) headers["content-type"] = "application/json";
  if (how.tag) headers["if-match"] = how.tag;
  const init: RequestInit = { method, headers, keepalive: how.keepalive ?? false, signal: how.signal ?? null };
  if (body !== undefined) init.body = JSON.stringify(body);
  const response = await ask(address(`api/v1/${path}`), init);
  if (!response.ok) throw new Refusal(response.status, await response.json().catch(() => ({})));
  return (response.status === 204 ? null : await response.json()) as T;
}

/** Asks the server to make something of `body` that is to be shown as it is; the address where it is. */
export async function sendForPlace(path: string, body: unknown, signal: AbortSignal): Promise<string> {
  const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body), signal };
  const response = await ask(address(`api/v1/${path}`), init);
  if (!response.ok) throw new Refusal(response.status, await response.json().catch(() => ({})));
  return address((response.headers.get("content-location") ?? "").replace(/^\//, ""));
}

/** The tag of what was read last from a path. */
export const tagOf = (path: string): string | null => known.get(path)?.tag ?? null;

let told: (status: number) => void = () => undefined;

/** Has `act` called whenever the server refuses for the sake of who asks: with 401 and 403. */
export function whenRefused(act: (status: number) => void): void {
  told = act;
}

let root: Promise<unknown> | null = null;

/** A browser sends a key to the part of the server that asked for one. Once the root page has asked, that is all of it. */
function openAll(): Promise<unknown> {
  root ??= fetch(address(""), { method: "HEAD", headers: { accept: "text/html" } }).catch(() => undefined);
  return root;
}

async function ask(url: string, init: RequestInit): Promise<Response> {
  const isFirst = root === null;
  try {
    const asked = () => fetch(url, { ...init, credentials: "same-origin", cache: "no-store" });
    let response = await asked();
    if (response.status === 401 && isFirst) {
      await openAll();
      response = await asked();
    }
    if (response.status === 401 || response.status === 403) told(response.status);
    return response;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Refusal(0, {});
  }
}

function remember(path: string, tag: string | null, body: unknown): void {
  if (!tag) return;
  known.delete(path);
  known.set(path, { tag, body });
  const oldest = known.keys().next().value;
  if (known.size > KNOWN_MAX && oldest !== undefined) known.delete(oldest);
}
