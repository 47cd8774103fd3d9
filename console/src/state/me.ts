// Who looks: the name that stands beside what one does. Kept in this browser until the server knows it better.

import { signal } from "@preact/signals";

const STORED = "my-name";

/** The name; empty as long as nobody said it. */
export const me = signal(stored());

function stored(): string {
  try {
    return localStorage.getItem(STORED) ?? "";
  } catch {
    return "";
  }
}

/** Remembers the name. */
export function callMe(name: string): void {
  me.value = name.trim();
  try {
    localStorage.setItem(STORED, me.value);
  } catch {
    // Without storage it lasts as long as the page.
  }
}
