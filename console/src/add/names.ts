// Names that no monitor has yet.

import { monitors } from "../state/fleet";

/** `name`, or with the first number that makes it free; `taken` are those that are about to be given. */
export function free(name: string, taken: ReadonlySet<string> = new Set()): string {
  const known = new Set((monitors.peek() ?? []).map((monitor) => monitor.name));
  let tried = name;
  for (let number = 2; known.has(tried) || taken.has(tried); number += 1) tried = `${name} ${number}`;
  return tried;
}
