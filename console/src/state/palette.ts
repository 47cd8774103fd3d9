// Whether the palette is open. Its key works in fields too, for it is no single key.

import { signal } from "@preact/signals";

/** Whether it is open. */
export const paletteShown = signal(false);

/** Listens for ⌘K and Ctrl K. */
export function listenForPalette(): void {
  addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.metaKey || event.ctrlKey) || event.shiftKey || event.altKey) return;
    event.preventDefault();
    paletteShown.value = !paletteShown.peek();
  });
}
