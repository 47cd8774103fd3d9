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

/** Asks the server to change something. */
export async function send<T>(method: "POST" | "PATCH" | "DELETE", path: string): Promise<T> {
  const response = await ask(address(`api/v1/${path}`), { method });
  if (!response.ok) throw new Refusal(response.status, await response.json().catch(() => ({})));
  return (response.status === 204 ? null : await response.json()) as T;
}

async function ask(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...init, credentials: "same-origin", cache: "no-store" });
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
