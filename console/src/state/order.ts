// The order of the list. It is made when the reader asks for one and stays still while monitors change.

import { type Monitor, rank } from "./model";

/** What the list can be sorted by. */
export type Order = "trouble" | "name" | "latency" | "p95" | "uptime" | "certificate" | "since";

export const ORDERS: readonly Order[] = ["trouble", "name", "latency", "p95", "uptime", "certificate", "since"];

/** Numbers with what is not known last. */
const known = (value: number | null, otherwise: number) => value ?? otherwise;

const COMPARE: Record<Order, (a: Monitor, b: Monitor) => number> = {
  trouble: (a, b) => rank(a.status) - rank(b.status) || (a.status === "up" ? 0 : known(b.since, 0) - known(a.since, 0)),
  name: () => 0,
  latency: (a, b) => known(b.latency, -1) - known(a.latency, -1),
  p95: (a, b) => known(b.p95, -1) - known(a.p95, -1),
  uptime: (a, b) => known(a.uptime, Infinity) - known(b.uptime, Infinity) || 0,
  certificate: (a, b) => known(a.certificate, Infinity) - known(b.certificate, Infinity) || 0,
  since: (a, b) => known(b.since, 0) - known(a.since, 0),
};

/** The monitors in this order; names decide among equals. */
export function sorted(monitors: readonly Monitor[], order: Order): Monitor[] {
  const compare = COMPARE[order];
  return [...monitors].sort((a, b) => compare(a, b) || a.place - b.place);
}

const collator = new Intl.Collator(undefined, { numeric: true });

/** Gives every monitor its place among the names, so that sorting compares numbers: that of `before` while no name has changed. */
export function place(monitors: readonly Monitor[], before: ReadonlyMap<number, Monitor>): void {
  const isAsBefore = monitors.length === before.size && monitors.every(({ id, name }) => before.get(id)?.name === name);
  if (isAsBefore) {
    for (const monitor of monitors) monitor.place = before.get(monitor.id)?.place ?? 0;
    return;
  }
  const named = [...monitors].sort((a, b) => collator.compare(a.name, b.name));
  named.forEach((monitor, index) => {
    monitor.place = index;
  });
}
