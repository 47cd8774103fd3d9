// Light or dark. `theme.js` decides before the first paint; here the reader changes it.

import { signal } from "@preact/signals";

const root = document.documentElement;

/** What is shown. */
export const theme = signal(root.dataset.theme ?? "light");

/** The other one, and remembers it. */
export function switchTheme(): void {
  const next = root.dataset.theme === "dark" ? "light" : "dark";
  root.dataset.theme = next;
  try {
    localStorage.setItem("theme", next);
  } catch {
    // Without storage it lasts as long as the page.
  }
  theme.value = next;
}

/** Follows what `theme.js` does when the system changes. */
export function followTheme(): void {
  new MutationObserver(() => {
    theme.value = root.dataset.theme ?? "light";
  }).observe(root, { attributeFilter: ["data-theme"] });
}
