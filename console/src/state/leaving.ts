// What is about to be deleted. It stays on the server for a moment, so that it can be taken back with all its history.

import { signal } from "@preact/signals";
import { Refusal, send } from "../api/client";
import { refresh } from "./fleet";

/** How long it can be taken back. */
const GRACE_MS = 8_000;

/** A monitor that goes. */
export interface Leaving {
  id: number;
  name: string;
  /** When it is deleted, in milliseconds since the epoch. */
  at: number;
  /** Why it could not be deleted. */
  refusal: Refusal | null;
}

/** Those that go, oldest first. */
export const leaving = signal<readonly Leaving[]>([]);

const timers = new Map<number, ReturnType<typeof setTimeout>>();

/** Deletes a monitor after a moment, or at once when the page is closed. */
export function remove(id: number, name: string): void {
  leaving.value = [...leaving.peek(), { id, name, at: Date.now() + GRACE_MS, refusal: null }];
  timers.set(
    id,
    setTimeout(() => void now(id), GRACE_MS),
  );
}

/** Takes it back; nothing has happened. */
export function keep(id: number): void {
  clearTimeout(timers.get(id));
  timers.delete(id);
  leaving.value = leaving.peek().filter((one) => one.id !== id);
}

/** Deletes it without waiting. */
export async function now(id: number, keepalive = false): Promise<void> {
  if (!timers.has(id)) return;
  clearTimeout(timers.get(id));
  timers.delete(id);
  try {
    await send("DELETE", `monitors/${id}`, undefined, { keepalive });
    await refresh();
    keep(id);
  } catch (error) {
    const refusal = error instanceof Refusal ? error : new Refusal(0, {});
    leaving.value = leaving.peek().map((one) => (one.id === id ? { ...one, refusal } : one));
  }
}

// Whoever closes the page has not taken it back.
addEventListener("pagehide", () => {
  for (const id of [...timers.keys()]) void now(id, true);
});
