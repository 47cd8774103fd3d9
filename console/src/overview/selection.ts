// Which monitors are selected in the list. What is gone from the fleet is selected no more; what the filter hides stays.

import { computed, signal } from "@preact/signals";
import { byId } from "../state/fleet";
import { leaving } from "../state/leaving";
import { rows } from "./search";

const chosen = signal<ReadonlySet<number>>(new Set());
/** Where a range begins. */
let anchor: number | null = null;

/** Whether rows show what selects them where there is no room for it all the time. */
export const choosing = signal(false);

/** The numbers of those that are selected. */
export const selected = computed<ReadonlySet<number>>(() => {
  const going = new Set(leaving.value.map((one) => one.id));
  return new Set([...chosen.value].filter((id) => byId.value.has(id) && !going.has(id)));
});

/** Selects one, or takes it out; with `range` all rows from the one before to this one are selected. */
export function toggle(id: number, range = false): void {
  const next = new Set(chosen.peek());
  if (range && anchor !== null) {
    const ids = rows.peek().map((monitor) => monitor.id);
    const [from, to] = [ids.indexOf(anchor), ids.indexOf(id)].sort((a, b) => a - b);
    if (from !== undefined && to !== undefined && from >= 0) for (const one of ids.slice(from, to + 1)) next.add(one);
  } else if (!next.delete(id)) next.add(id);
  anchor = id;
  chosen.value = next;
}

/** Selects all that the list shows, or nothing when they are selected already. */
export function toggleAll(): void {
  const ids = rows.peek().map((monitor) => monitor.id);
  chosen.value = ids.every((id) => selected.peek().has(id)) ? new Set() : new Set([...chosen.peek(), ...ids]);
}

/** Selects nothing. */
export function clear(): void {
  chosen.value = new Set();
  choosing.value = false;
  anchor = null;
}
