// What the console knows of a monitor, as the list, the map and the filter need it.

import type { Monitor as WireMonitor } from "../api/types";

export type Status = WireMonitor["status"];

/** In the order of trouble, as `sort=trouble` of the API has it: what a reader must see first comes first. */
export const STATUSES = ["down", "degraded", "unknown", "maintenance", "paused", "up"] as const satisfies readonly Status[];

/** The order of the legend and the buttons. */
export const LEGEND = ["up", "degraded", "down", "maintenance", "paused", "unknown"] as const satisfies readonly Status[];

/** One monitor and what is true of it now. Moments are milliseconds since the epoch. */
export interface Monitor {
  id: number;
  name: string;
  kind: string;
  target: string;
  group: string;
  tags: string[];
  status: Status;
  since: number | null;
  /** When it was last asked. */
  asked: number | null;
  /** The total of the newest result in milliseconds. */
  latency: number | null;
  /** The newest result in a word: `503`, `connect refused`; empty after a pass. */
  said: string;
  /** The 95th percentile of the good ones among the last checks. */
  p95: number | null;
  /** Percent of the last thirty days, rounded down; `null` when nothing is known. */
  uptime: number | null;
  /** How many milliseconds of these days are known. */
  known: number;
  /** Whole days until the first certificate of the chain ends. */
  certificate: number | null;
  incident: string | null;
  /** Name, target, group and tags in small letters: what a plain word is looked for in. */
  text: string;
  /** Its place among all by name. */
  place: number;
}

/** How bad a status is; smaller is worse. */
export function rank(status: Status): number {
  return STATUSES.indexOf(status);
}

/** How many monitors have each status. */
export function tally(monitors: readonly Monitor[]): Record<Status, number> {
  const counts = { up: 0, degraded: 0, down: 0, maintenance: 0, paused: 0, unknown: 0 };
  for (const monitor of monitors) counts[monitor.status] += 1;
  return counts;
}
