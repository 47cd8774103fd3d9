// What the fleet does not tell of a monitor, read for the rows that come into view: its uptime.

import { type Signal, signal } from "@preact/signals";
import { read } from "../api/client";
import type { Monitor } from "../api/types";

/** How long it is good: uptime over thirty days moves slowly. */
const GOOD_MS = 60_000;
/** A browser opens six connections to a server that speaks HTTP/1.1; the rest must not wait behind rows. */
const AT_ONCE = 2;
const KNOWN_MAX = 1_024;

interface Known {
  read: number;
  monitor: Signal<Monitor | null>;
}

const known = new Map<number, Known>();
const waiting: number[] = [];
let running = 0;

/** The monitor as it was read lately; `null` before the first time. */
export function lately(id: number): Signal<Monitor | null> {
  let entry = known.get(id);
  if (!entry) {
    entry = { read: 0, monitor: signal(null) };
    known.set(id, entry);
    const oldest = known.keys().next().value;
    if (known.size > KNOWN_MAX && oldest !== undefined) known.delete(oldest);
  }
  if (Date.now() - entry.read > GOOD_MS) {
    entry.read = Date.now();
    waiting.push(id);
    next();
  }
  return entry.monitor;
}

function next(): void {
  // The newest wish first: what was scrolled past may wait.
  const id = running < AT_ONCE ? waiting.pop() : undefined;
  if (id === undefined) return;
  running += 1;
  read<Monitor>(`monitors/${id}`)
    .then((monitor) => {
      const entry = known.get(id);
      if (entry) entry.monitor.value = monitor;
    })
    .catch(() => {
      // It stays as it is and is read again after a while.
    })
    .finally(() => {
      running -= 1;
      next();
    });
}
