// What happens in a month: planned work, outages, deploys, by day in the reader's own zone.

import type { Incident, Maintenance, Mark } from "../api/types";

/** One thing on a day of the calendar. */
export interface Entry {
  kind: "maintenance" | "incident" | "mark";
  /** What it looks like. */
  look: "maintenance" | "down" | "degraded" | "mark";
  at: number;
  /** `null` while nobody knows. */
  until: number | null;
  name: string;
  /** Where more is told; empty where nothing is. */
  path: string;
}

/** A day of the calendar. */
export interface Day {
  /** Its first moment. */
  from: number;
  number: number;
  entries: Entry[];
}

/** The first moment of the month that lies `by` months from now. */
export function monthStart(by: number, now = new Date()): Date {
  return new Date(now.getFullYear(), now.getMonth() + by, 1);
}

/** The times that a window is open: what it was once, as it was written, and what comes. */
export function openings(one: Maintenance): { from: number; until: number | null }[] {
  const known = one.upcoming.map((opening) => ({ from: Date.parse(opening.from), until: opening.until ? Date.parse(opening.until) : null }));
  const past = one.state === "over" ? once(one.spec) : null;
  return past ? [past, ...known] : known;
}

/** A window that was open once, when its moments name their zone: `end` and most programs write them so. */
function once(spec: Record<string, unknown>): { from: number; until: number } | null {
  const zoned = (value: unknown) => (typeof value === "string" && /(Z|[+-]\d\d:\d\d)$/.test(value) ? Date.parse(value) : Number.NaN);
  const [from, until] = [zoned(spec.from), zoned(spec.until)];
  return Number.isNaN(from) || Number.isNaN(until) ? null : { from, until };
}

/** All entries of what was read. */
export function entries(maintenance: readonly Maintenance[], incidents: readonly Incident[], marks: readonly Mark[]): Entry[] {
  return [
    ...maintenance.flatMap((one) =>
      openings(one).map(({ from, until }): Entry => ({ kind: "maintenance", look: "maintenance", at: from, until, name: one.name, path: `/maintenance?edit=${encodeURIComponent(one.name)}` })),
    ),
    ...incidents.map((one): Entry => ({ kind: "incident", look: one.kind === "down" ? "down" : "degraded", at: Date.parse(one.began), until: one.ended ? Date.parse(one.ended) : null, name: one.monitor, path: `/i/${one.id}` })),
    ...marks.map((one): Entry => ({ kind: "mark", look: "mark", at: Date.parse(one.at), until: Date.parse(one.at), name: one.text, path: one.monitor_id ? `/m/${one.monitor_id}` : "" })),
  ].sort((a, b) => a.at - b.at);
}

/** The days of a month. Work that lasts stands on every day that it touches, an outage on the day it began; work stands first. */
export function daysOf(month: Date, all: readonly Entry[]): Day[] {
  const days: Day[] = [];
  for (let number = 1; ; number += 1) {
    const from = new Date(month.getFullYear(), month.getMonth(), number);
    if (from.getMonth() !== month.getMonth()) return days;
    const to = new Date(month.getFullYear(), month.getMonth(), number + 1).getTime();
    const touches = (entry: Entry) => {
      const began = entry.at >= from.getTime() && entry.at < to;
      const lasts = entry.kind === "maintenance" && entry.at < from.getTime() && (entry.until === null ? from.getTime() <= Date.now() : entry.until > from.getTime());
      return began || lasts;
    };
    days.push({ from: from.getTime(), number, entries: plannedFirst(all.filter(touches)) });
  }
}

/** What is planned before what happened; each in the order it stood. */
const plannedFirst = (entries: readonly Entry[]): Entry[] => [...entries.filter((one) => one.kind === "maintenance"), ...entries.filter((one) => one.kind !== "maintenance")];

/** How many days of the week stand empty before the first; weeks begin on Monday. */
export const emptyBefore = (month: Date): number => (month.getDay() + 6) % 7;
