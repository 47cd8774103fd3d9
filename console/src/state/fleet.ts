// All monitors as they are now, kept up to date by asking again and again.
//
// One asking is under way at a time; after a failure the pauses grow. Nobody asks while the page is hidden.

import { computed, signal } from "@preact/signals";
import { read, Refusal } from "../api/client";
import type { Delivery, Deliveries, Incident, Incidents, Monitors, Monitor as WireMonitor } from "../api/types";
import { t } from "../texts";
import { parse } from "./format";
import { type Monitor, rank, type Status, tally } from "./model";
import { place } from "./order";

/** How often the server is asked while all goes well. */
const PERIOD_MS = 2_000;
const PERIOD_MAX_MS = 30_000;

/** All monitors; a new array whenever anything changed. `null` before the first answer. */
export const monitors = signal<Monitor[] | null>(null);
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

let timer: ReturnType<typeof setTimeout> | undefined;
let period = PERIOD_MS;
let wire: WireMonitor[] | null = null;

/** Begins to ask, and goes on until the page is closed. */
export function watch(): void {
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) clearTimeout(timer);
    else void refresh();
  });
  void refresh();
}

/** Asks now. */
export async function refresh(): Promise<void> {
  clearTimeout(timer);
  try {
    await ask();
    answered.value = Date.now();
    trouble.value = null;
    period = PERIOD_MS;
  } catch (error) {
    period = Math.min(period * 2, PERIOD_MAX_MS);
    trouble.value = { why: why(error), again: Date.now() + period };
  }
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(() => void refresh(), period);
}

function why(error: unknown): string {
  if (error instanceof Refusal && error.status > 0) return error.message || t.problem.code(error.status);
  return t.live.unreachable;
}

async function ask(): Promise<void> {
  const [list, open] = await Promise.all([read<Monitors>("monitors"), read<Incidents>("incidents?open=true&limit=200")]);
  if (list.monitors !== wire) take(list.monitors);
  wire = list.monitors;
  if (JSON.stringify(open.incidents.map(shown)) !== JSON.stringify(incidents.value.map(shown))) {
    incidents.value = open.incidents;
  }
  await askWhoWasTold();
}

/** What of an open incident changes while it is open, but for its age. */
const shown = (incident: Incident) => [incident.id, incident.cause, incident.acknowledged];

/** Who was told is asked only while somebody had to be. */
async function askWhoWasTold(): Promise<void> {
  if (incidents.value.length === 0) {
    if (deliveries.value.length > 0) deliveries.value = [];
    return;
  }
  const open = new Set(incidents.value.map((incident) => incident.id));
  const list = await read<Deliveries>("deliveries?limit=500");
  const mine = list.deliveries.filter((delivery) => open.has(delivery.incident));
  if (JSON.stringify(mine) !== JSON.stringify(deliveries.value)) deliveries.value = mine;
}

function take(list: WireMonitor[]): void {
  const before = byId.peek();
  const next = list.map(monitor);
  announce(before, next);
  place(next);
  monitors.value = next;
}

function monitor(wire: WireMonitor): Monitor {
  const month = wire.uptime["30d"];
  const result = wire.last_result;
  const detail = result?.detail as { certificate?: { days_left?: number } } | null | undefined;
  const [group, tags] = [wire.group ?? "", wire.tags];
  return {
    id: wire.id,
    name: wire.name,
    kind: wire.kind,
    target: wire.target,
    group,
    tags,
    status: wire.status,
    since: parse(wire.since),
    asked: parse(result?.time),
    latency: result && result.outcome !== "unknown" ? result.phases_ms.total : null,
    said: result && result.outcome !== "pass" ? (result.status && result.status >= 400 ? String(result.status) : t.reason(result.reason ?? "")) : "",
    p95: null,
    uptime: month?.percent ?? null,
    uptimeText: month?.text ?? t.none,
    coverage: month?.coverage_percent ?? 0,
    certificate: detail?.certificate?.days_left ?? null,
    incident: wire.incident ?? null,
    text: [wire.name, wire.target, group, ...tags].join(" ").toLowerCase(),
    place: 0,
  };
}

let said = 0;

/** Says what became worse or better in one sentence, at most every five seconds. */
function announce(before: Map<number, Monitor>, after: Monitor[]): void {
  if (before.size === 0 || Date.now() - said < 5_000) return;
  const changed = after.filter((monitor) => (before.get(monitor.id)?.status ?? monitor.status) !== monitor.status);
  if (changed.length === 0) return;
  const statuses = [...new Set(changed.map((monitor) => monitor.status))].sort((a, b) => rank(a) - rank(b));
  const of = (status: Status) => changed.filter((monitor) => monitor.status === status).length;
  announcement.value = `${statuses.map((status) => t.live.went(of(status), status)).join(", ")}.`;
  said = Date.now();
}
