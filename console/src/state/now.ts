// What time it is, as a signal: ages count on by themselves.

import { signal } from "@preact/signals";
import { isScrolling } from "./scrolling";

/** Milliseconds since the epoch, moved on once a second while somebody looks, and does not scroll. */
export const now = signal(Date.now());

/** Begins to count. */
export function tick(): void {
  setInterval(() => {
    if (!document.hidden && !isScrolling()) now.value = Date.now();
  }, 1_000);
}
