// What happened around a monitor while it was watched: deploys and other events, planned work.

import { read } from "../api/client";
import type { Maintenance, MaintenanceList, Marks, Monitor } from "../api/types";
import { openings } from "../maintenance/month";
import type { Picture } from "./data";

/** What is drawn over the columns. */
export type Happened = Pick<Picture, "marks" | "works">;

const EVENTS = 100;
const MINUTE_MS = 60_000;

/** Reads what happened in the last `length` milliseconds. */
export async function readHappened(monitor: Monitor, length: number, signal: AbortSignal): Promise<Happened> {
  const to = Math.ceil(Date.now() / MINUTE_MS) * MINUTE_MS;
  const from = to - length;
  const query = new URLSearchParams({ from: new Date(from).toISOString(), to: new Date(to).toISOString(), limit: String(EVENTS) });
  const [events, list] = await Promise.all([read<Marks>(`events?${query}`, signal), read<MaintenanceList>("maintenance", signal)]);
  const marks = events.events.filter((mark) => mark.monitor_id == null || mark.monitor_id === monitor.id).map((mark) => ({ version: mark.text, at: Date.parse(mark.at) }));
  const now = Date.now();
  const works = list.maintenance
    .filter((one) => covers(one, monitor))
    .flatMap(openings)
    .filter((one) => one.from < now && (one.until ?? now) > from)
    .map((one) => ({ from: one.from, until: Math.min(one.until ?? now, now) }));
  return { marks, works };
}

/** Whether a window names the monitor, its group or one of its tags. */
function covers({ spec }: Maintenance, monitor: Monitor): boolean {
  const words = (key: string) => (spec[key] as string[] | undefined) ?? [];
  return words("monitors").includes(monitor.name) || words("groups").includes(monitor.group ?? "") || words("tags").some((tag) => monitor.tags.includes(tag));
}
