// What happened around a monitor while it was watched: deploys and other events, planned work.

import { read } from "../api/client";
import type { History, Marks, Monitor } from "../api/types";
import type { Picture } from "./data";

/** What is drawn over the columns. */
export type Happened = Pick<Picture, "marks" | "works">;

const EVENTS = 100;
const MINUTE_MS = 60_000;

/** Reads what happened in the last `length` milliseconds. */
export async function readHappened(monitor: Monitor, length: number, signal: AbortSignal): Promise<Happened> {
  const to = Math.ceil(Date.now() / MINUTE_MS) * MINUTE_MS;
  const range = { from: new Date(to - length).toISOString(), to: new Date(to).toISOString() };
  const [events, history] = await Promise.all([
    read<Marks>(`events?${new URLSearchParams({ ...range, limit: String(EVENTS) })}`, signal),
    read<History>(`monitors/${monitor.id}/history?${new URLSearchParams({ ...range, status: "maintenance" })}`, signal),
  ]);
  const marks = events.events.filter((mark) => mark.monitor_id == null || mark.monitor_id === monitor.id).map((mark) => ({ version: mark.text, at: Date.parse(mark.at) }));
  const works = history.stretches.map((stretch) => ({ from: Date.parse(stretch.from), until: Date.parse(stretch.to) }));
  return { marks, works };
}
