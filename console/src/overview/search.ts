// What the list shows and in which order. The query is in the address, so that a view can be kept and sent.

import { batch, computed, effect, signal } from "@preact/signals";
import { byId, monitors } from "../state/fleet";
import { leaving } from "../state/leaving";
import { read } from "../state/filter";
import { type Monitor, type Status, STATUSES } from "../state/model";
import { type Order, ORDERS, sorted } from "../state/order";
import { keep, path, query } from "../state/route";

const parameters = new URLSearchParams(query.peek());

/** What is written into the filter. */
export const text = signal(parameters.get("q") ?? "");

/** What the list is sorted by. */
export const order = signal<Order>(ORDERS.find((one) => one === parameters.get("sort")) ?? "trouble");

const filter = computed(() => read(text.value));

/** What in the filter cannot be used. */
export const problem = computed(() => filter.value.problem);

/** The order as it was made last, and the statuses of then. */
const made = signal<{ ids: number[]; statuses: Map<number, Status> }>({ ids: [], statuses: new Map() });

/** Makes the order anew. */
export function resort(): void {
  const all = sorted(monitors.peek() ?? [], order.peek());
  made.value = { ids: all.map((monitor) => monitor.id), statuses: new Map(all.map((monitor) => [monitor.id, monitor.status])) };
}

/** How many changed their status since the order was made. */
export const changed = computed(() => {
  const { statuses } = made.value;
  let number = 0;
  for (const monitor of monitors.value ?? []) if (statuses.get(monitor.id) !== monitor.status) number += 1;
  return number;
});

/** The monitors that fit, in the order that stands still; new ones come last. */
export const rows = computed<Monitor[]>(() => {
  const all = byId.value;
  const { ids, statuses } = made.value;
  const { test } = filter.value;
  const going = new Set(leaving.value.map((one) => one.id));
  const found: Monitor[] = [];
  const add = (monitor: Monitor | undefined) => {
    if (monitor && !going.has(monitor.id) && test(monitor)) found.push(monitor);
  };
  for (const id of ids) add(all.get(id));
  for (const monitor of monitors.value ?? []) if (!statuses.has(monitor.id)) add(monitor);
  return found;
});

/** Looks for this from now on. */
export function search(wanted: string): void {
  text.value = wanted;
  remember();
}

/** Sorts by this from now on. */
export function sortBy(wanted: Order): void {
  batch(() => {
    order.value = wanted;
    resort();
  });
  remember();
}

function remember(): void {
  const parameters = new URLSearchParams();
  if (text.peek().trim()) parameters.set("q", text.peek().trim());
  if (order.peek() !== "trouble") parameters.set("sort", order.peek());
  const search = parameters.toString();
  keep(search ? `?${search}` : "");
}

const STATUS_WORD = /(^|\s)status:\S*/gi;

/** The one status that the filter asks for; `null` for all. */
export const status = computed<Status | null>(() => {
  const words = [...text.value.matchAll(STATUS_WORD)].map((found) => found[0].trim().slice("status:".length).toLowerCase());
  return words.length === 1 ? (STATUSES.find((one) => one === words[0]) ?? null) : null;
});

/** Shows only this status; `null` shows all. The rest of the filter stays. */
export function only(wanted: Status | null): void {
  const rest = text.peek().replace(STATUS_WORD, " ").replace(/\s+/g, " ").trim();
  search(wanted ? `${rest} status:${wanted}`.trim() : rest);
}

// Whoever comes by an address sees what it says.
effect(() => {
  if (path.value !== "/") return;
  const wanted = new URLSearchParams(query.value).get("q") ?? "";
  if (wanted !== text.peek().trim()) text.value = wanted;
});

// Made once the monitors are there, and again whenever the reader comes back to the page.
monitors.subscribe((all) => {
  if (all && made.peek().ids.length === 0) resort();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) resort();
});
