// Whether somebody scrolls: what can wait is left until they stop, so that no frame is late.

/** Who has not scrolled for so long has stopped. */
const STILL_MS = 200;

let last = Number.NEGATIVE_INFINITY;
addEventListener("scroll", () => (last = performance.now()), { passive: true });

export const isScrolling = (): boolean => performance.now() - last < STILL_MS;
