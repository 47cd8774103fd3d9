// All monitors as they are now: read once, then followed by the server's stream of events.
//
// The stream tells status and latency; what else belongs to a change (its reason, its incident) is read after it. While there
// is no stream, and while nobody looks, the server is asked again and again instead.

import { batch, computed, type Signal, signal } from "@preact/signals";
import { read, Refusal } from "../api/client";
import type { Deliveries, Delivery, Fleet, Incident, Incidents } from "../api/types";
import { t } from "../texts";
import { type Monitor, rank, type Status, tally } from "./model";
import { place } from "./order";
import { isScrolling } from "./scrolling";
import { follow as stream, type Result } from "./stream";

/** How often everything is read while the stream tells what happens. */
const WITH_STREAM_MS = 30_000;
/** How often while it does not. */
const ALONE_MS = 2_000;
const ALONE_MAX_MS = 30_000;
/** How soon after a change its reason is read; changes come in swarms. */
const AFTER_CHANGE_MS = 250;
/** How long a reading waits for those who scroll, and how often it looks whether they stopped. */
const PATIENCE_MS = 10_000;
const LOOK_MS = 200;

/** All monitors; a new array whenever a status or the list changed. `null` before the first answer. Results change the monitors. */
export const monitors = signal<Monitor[] | null>(null);
/** When the newest result came. */
export const newest = signal<number | null>(null);
/** The incidents that are open, newest first. */
export const incidents = signal<Incident[]>([]);
/** Who was told of them. */
export const deliveries = signal<Delivery[]>([]);
/** When the server last answered. */
export const answered = signal<number | null>(null);
/** Why it does not answer now, and when it is asked again. */
export const trouble = signal<{ why: string; again: number } | null>(null);
/** One sentence about the last changes, for those who listen. */
export const announcement = signal("");

export const counts = computed(() => tally(monitors.value ?? []));
export const byId = computed(() => new Map((monitors.value ?? []).map((monitor) => [monitor.id, monitor])));

/** How many results came of a monitor that somebody looks at. */
const heard = new WeakMap<Monitor, Signal<number>>();

/** Has whatever is drawn of a monitor drawn again after its next result. */
export function hear(monitor: Monitor): void {
  let results = heard.get(monitor);
  if (!results) heard.set(monitor, (results = signal(0)));
  void results.value;
}

/** When a monitor was asked last, and what came of it: changes exactly when there is something new to read of it. */
export const newsOf = (id: number) =>
  computed(() => {
    const monitor = byId.value.get(id);
    if (monitor) hear(monitor);
    return `${monitor?.asked} ${monitor?.status} ${monitor?.incident}`;
  });

let timer: ReturnType<typeof setTimeout> | undefined;
let period = ALONE_MS;
let wire: Fleet | null = null;
let asking: Promise<void> | null = null;
/** The reading after the one under way. */
let next: Promise<void> | null = null;
/** Whether something changed of which the last reading may not tell. */
let owed = false;
/** The results that came during a reading: what was read may be older. */
let meanwhile: Result[] = [];

/** Begins, and goes on until the page is closed. */
export function watch(): void {
  const events = stream({
    results: take,
    reload: () => void refresh(),
    // What was missed while there was no stream is read once it is back.
    opened: () => void refresh(),
    lost: () => void refresh(),
  });
  document.addEventListener("visibilitychange", () => void refresh());
  schedule = () => {
    events.follow(wire?.position ?? null);
    const isTold = events.isOpen() || document.hidden;
    const pause = trouble.value ? period : owed ? AFTER_CHANGE_MS : isTold ? WITH_STREAM_MS : ALONE_MS;
    refreshIn(pause);
    return pause;
  };
  void refresh();
}

/** Since when the next reading waits for those who scroll. */
let waited: number | null = null;

/** Reads everything after so long, and not while somebody scrolls: of ten thousand monitors it would cost them frames. */
function refreshIn(pause: number): void {
  clearTimeout(timer);
  timer = setTimeout(() => {
    const at = performance.now();
    waited ??= at;
    const mayWait = !trouble.value && at - waited < PATIENCE_MS;
    if (mayWait && isScrolling()) refreshIn(LOOK_MS);
    else void refresh();
  }, pause);
}

let schedule = () => ALONE_MS;

/** Reads everything now; one reading at a time. One under way may be older than what this one is asked for: then another follows it. */
export function refresh(): Promise<void> {
  if (asking) return (next ??= asking.then(refresh));
  next = null;
  asking = once().finally(() => {
    asking = null;
  });
  return asking;
}

async function once(): Promise<void> {
  clearTimeout(timer);
  waited = null;
  owed = false;
  meanwhile = [];
  try {
    await ask();
    batch(() => {
      answered.value = Date.now();
      trouble.value = null;
    });
    period = ALONE_MS;
  } catch (error) {
    period = Math.min(period * 2, ALONE_MAX_MS);
    trouble.value = { why: why(error), again: Date.now() + period };
  }
  schedule();
}

function why(error: unknown): string {
  if (error instanceof Refusal && error.status > 0) return error.message || t.problem.code(error.status);
  return t.live.unreachable;
}

async function ask(): Promise<void> {
  const [fleet, open] = await Promise.all([read<Fleet>("fleet"), read<Incidents>("incidents?open=true&limit=200")]);
  const told = await whoWasTold(open.incidents);
  batch(() => {
    if (fleet !== wire) {
      replace(fleet);
      take(meanwhile);
    }
    if (differ(open.incidents.map(shown), incidents.value.map(shown))) incidents.value = open.incidents;
    if (differ(told, deliveries.value)) deliveries.value = told;
  });
}

const differ = (one: unknown, other: unknown) => JSON.stringify(one) !== JSON.stringify(other);

/** What of an open incident changes while it is open, but for its age. */
const shown = (incident: Incident) => [incident.id, incident.cause, incident.acknowledged];

/** Who was told is asked only while somebody had to be. */
async function whoWasTold(open: readonly Incident[]): Promise<Delivery[]> {
  if (open.length === 0) return [];
  const ids = new Set(open.map((incident) => incident.id));
  const list = await read<Deliveries>("deliveries?limit=500");
  return list.deliveries.filter((delivery) => ids.has(delivery.incident));
}

function replace(fleet: Fleet): void {
  const before = byId.peek();
  const next = rows(fleet, before);
  place(next, before);
  announce(next.filter((monitor) => (before.get(monitor.id)?.status ?? monitor.status) !== monitor.status));
  wire = fleet;
  monitors.value = next;
}

/** The rows out of the columns. */
function rows(fleet: Fleet, before: Map<number, Monitor>): Monitor[] {
  return fleet.id.map((id, at) => {
    const [name, target, group, tags] = [fleet.name[at] ?? "", fleet.target[at] ?? "", fleet.group[at] ?? "", fleet.tags[at] ?? []];
    const [code, reason] = [fleet.code[at], fleet.reason[at]];
    return {
      id,
      name,
      kind: fleet.kind[at] ?? "",
      target,
      group,
      tags,
      status: statusAt(fleet, fleet.status[at]),
      since: fleet.since_ms[at] ?? null,
      asked: before.get(id)?.asked ?? null,
      latency: fleet.latency_ms[at] ?? null,
      said: reason ? (code && code >= 400 ? String(code) : t.reason(reason)) : "",
      p95: fleet.p95_ms[at] ?? null,
      uptime: fleet.uptime_percent[at] ?? null,
      known: 1_000 * (fleet.known_s[at] ?? 0),
      certificate: fleet.certificate_days_left[at] ?? null,
      incident: fleet.incident[at] ?? null,
      text: [name, target, group, ...tags].join(" ").toLowerCase(),
      place: 0,
    };
  });
}

const statusAt = (fleet: Fleet, index: number | undefined) => (fleet.statuses[index ?? -1] ?? "unknown") as Status;

/** Takes over results as the stream tells them. */
function take(results: readonly Result[]): void {
  const fleet = wire;
  if (!fleet || results.length === 0) return;
  if (asking && results !== meanwhile) meanwhile.push(...results);
  const now = Date.now();
  batch(() => {
    const changed: Monitor[] = [];
    for (const [id, status, latency] of results) {
      const monitor = byId.peek().get(id);
      if (!monitor) continue;
      if (put(monitor, statusAt(fleet, status), latency, now)) changed.push(monitor);
      const count = heard.get(monitor);
      if (count) count.value += 1;
    }
    newest.value = now;
    answered.value = now;
    if (changed.length === 0) return;
    monitors.value = [...(monitors.peek() ?? [])];
    announce(changed);
    if (!owed) refreshIn(AFTER_CHANGE_MS);
    owed = true;
  });
}

/** Puts a result into its monitor; whether its status is another one now. */
function put(monitor: Monitor, status: Status, latency: number | null, now: number): boolean {
  monitor.asked = now;
  monitor.latency = latency;
  if (status === monitor.status) return false;
  monitor.status = status;
  monitor.since = now;
  return true;
}

let said = 0;

/** Says what became worse or better in one sentence, at most every five seconds. */
function announce(changed: readonly Monitor[]): void {
  if (changed.length === 0 || Date.now() - said < 5_000) return;
  const statuses = [...new Set(changed.map((monitor) => monitor.status))].sort((a, b) => rank(a) - rank(b));
  const of = (status: Status) => changed.filter((monitor) => monitor.status === status).length;
  announcement.value = `${statuses.map((status) => t.live.went(of(status), status)).join(", ")}.`;
  said = Date.now();
}
