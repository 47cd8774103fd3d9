// Planned work, and silence for a while.

import { count, whole } from "./words";

export const maintenance = {
  title: "Maintenance",
  plan: "Plan work",
  planTitle: "Plan work",
  calendar: "Calendar",
  zone: (zone: string) => `Times are yours, ${zone}.`,
  view: "View",
  views: { month: "Month", list: "List" },
  before: "Month before",
  after: "Month after",
  more: (number: number) => `${whole.format(number)} more`,
  moreOn: (number: number, day: string) => `${whole.format(number)} more on ${day}`,
  goesOn: "goes on",
  entry: { maintenance: "Maintenance", incident: "Outage", mark: "Event" },
  empty: "Nothing is planned",
  emptyText: "While work is planned, checks go on, nobody is told, and uptime counts the time apart.",
  now: (name: string) => `Now: ${name}`,
  until: "Until",
  openEnded: "somebody ends it",
  left: (time: string, left: string) => `${time}, ${left} left`,
  covers: "Covers",
  covered: (number: number) => `${count(number, "monitor")}`,
  still: "Still checked",
  stillText: "yes, counted apart",
  end: "End now",
  inFile: (file: string) => `It stands in the server's own file ${file}. Change it there.`,
  state: { open: "Open", planned: "Planned", over: "Over", problem: "Unusable" } as Record<string, string>,
  when: (spec: Record<string, unknown>): string => {
    const zone = spec.timezone ? ` ${String(spec.timezone)}` : "";
    const length = spec.duration ? ` for ${String(spec.duration)}` : "";
    if (Array.isArray(spec.weekly)) return `${spec.weekly.join(", ")} at ${String(spec.at)}${length}${zone}`;
    if (spec.cron) return `${String(spec.cron)}${length}${zone}`;
    return spec.until || spec.duration ? `once${zone}` : "until somebody ends it";
  },
  silence: "Quick silence",
  silenceName: (at: string) => `silence ${at}`,
  which: "Which monitors",
  whichHint: "As in the list's filter: a name, tag:, group:, status:.",
  match: (number: number) => `${count(number, "monitor matches", "monitors match")}.`,
  howLong: "How long",
  lengths: { "15m": "15 m", "1h": "1 h", "8h": "8 h", open: "Until I end it" },
  silenceNow: (number: number) => (number === 0 ? "Silence" : `Silence ${count(number, "monitor")}`),
  whenLabel: "When",
  ways: { once: "Once", weekly: "Every week", cron: "By cron", open: "From now on" },
  namePlaceholder: "disk swap",
  key: {
    name: "Name",
    monitors: "Monitors",
    groups: "Groups",
    tags: "Tags",
    from: "From",
    until: "Until",
    duration: "For",
    weekly: "On",
    at: "At",
    cron: "Cron line",
    timezone: "Time zone",
  } as Record<string, string>,
  keyHint: {
    duration: "In real time, like 1h or 90m: as long on days on which clocks are moved as on others.",
    cron: "Minute, hour, day of the month, month, day of the week.",
    timezone: "By whose clock these times are meant.",
  } as Record<string, string>,
  day: { mon: "Mon", tue: "Tue", wed: "Wed", thu: "Thu", fri: "Fri", sat: "Sat", sun: "Sun" },
};
