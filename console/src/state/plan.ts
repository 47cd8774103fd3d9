// What the plan of the account allows, and how much of it is left.

import { computed } from "@preact/signals";
import { who } from "./me";

/** The plan by which the account is kept; `null` where it limits nothing. */
export const plan = computed(() => {
  const plan = who.value?.account.plan;
  return plan && (plan.monitors != null || plan.min_interval_s != null) ? plan : null;
});

/** How many monitors the account has. */
export const monitorsUsed = computed(() => who.value?.account.monitors ?? 0);

/** How many more it may have; `null` for no limit. */
export const monitorsLeft = computed(() => (plan.value?.monitors == null ? null : Math.max(0, plan.value.monitors - monitorsUsed.value)));

/** The shortest interval that is allowed, in seconds; 0 for no limit. */
export const leastInterval = computed(() => plan.value?.min_interval_s ?? 0);

const USUAL = 30;
const OFFERED = [10, 30, 60, 300, 900, 3_600];
const OFFERED_MAX = 4;

const UNITS = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "m"],
] as const;

/** An interval as a file says it: `30s`, `5m`, `90s`. */
function written(seconds: number): string {
  const [length, unit] = UNITS.find(([length]) => seconds % length === 0) ?? ([1, "s"] as const);
  return `${seconds / length}${unit}`;
}

/** The shortest interval that is allowed, as a file says it. */
export const leastWritten = computed(() => written(leastInterval.value));

/** The interval that is proposed for a new monitor. */
export const usualInterval = () => written(Math.max(USUAL, leastInterval.value));

/** The intervals to choose from: round ones that are allowed, and the shortest. */
export const offeredIntervals = computed(() => {
  const least = leastInterval.value;
  const round = OFFERED.filter((one) => one > least);
  return (least > 0 ? [least, ...round] : round).slice(0, OFFERED_MAX).map(written);
});
