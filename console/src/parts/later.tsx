// A part of a page that is fetched when it is wanted for the first time.

import type { ComponentType } from "preact";
import { signal } from "@preact/signals";

/** The part; nothing stands in its place while it is on its way, nor when it cannot be fetched. */
export function later<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  const part = signal<ComponentType<P> | null>(null);
  let begun = false;
  return function Later(props: P) {
    if (!begun) {
      begun = true;
      load().then(
        (loaded) => {
          part.value = loaded;
        },
        () => {
          // After an update of the server the next wish tries again.
          begun = false;
        },
      );
    }
    const Part = part.value;
    return Part ? <Part {...props} /> : null;
  };
}
