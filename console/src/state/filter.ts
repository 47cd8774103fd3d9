// What is written into the filter, and which monitors fit: `tag:prod status:down p95>500 cert<14d name`.
//
// Words are joined by "and"; a `-` before one turns it round; quotes keep spaces together.

import { t } from "../texts";
import { type Monitor, STATUSES } from "./model";

/** Whether a monitor fits. */
export type Test = (monitor: Monitor) => boolean;

/** A filter that was read. `problem` says what in it cannot be used. */
export interface Filter {
  test: Test;
  problem: string | null;
}

const WORD = /(-?)(?:([a-z0-9]+)(:|>=|<=|>|<|=))?("[^"]*"?|\S+)/gi;

type Field = (monitor: Monitor) => string | readonly string[];

/** What is compared with a number. */
interface Measure {
  of: (monitor: Monitor) => number | null;
  /** The unit of a number that is written without one. */
  unit: string;
  /** Whether it is known in whole days alone: a part of one says nothing about it. */
  isWhole?: true;
  example: string;
}

const FIELDS: Record<string, Field> = {
  name: (monitor) => monitor.name,
  target: (monitor) => monitor.target,
  kind: (monitor) => monitor.kind,
  tag: (monitor) => monitor.tags,
  group: (monitor) => monitor.group,
};

const MEASURES: Record<string, Measure> = {
  p95: { of: (monitor) => monitor.p95, unit: "ms", example: "500" },
  latency: { of: (monitor) => monitor.latency, unit: "ms", example: "500" },
  uptime: { of: (monitor) => monitor.uptime, unit: "%", example: "99.9" },
  cert: { of: (monitor) => monitor.certificate, unit: "d", isWhole: true, example: "14d" },
};

/** How many of the first unit are in one of these: times in milliseconds. */
const UNITS: Record<string, number> = { "%": 1, ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** What a table has of its own under a key that somebody wrote: `constructor` is none of ours. */
const own = <T>(table: Record<string, T>, key: string) => (Object.hasOwn(table, key) ? table[key] : undefined);

/** Reads a filter. What cannot be used is left out and said. */
export function read(text: string): Filter {
  const tests: Test[] = [];
  let problem: string | null = null;
  for (const [, not, key, operator, value] of text.matchAll(WORD)) {
    const word = one(key?.toLowerCase(), operator, unquoted(value ?? ""));
    if (typeof word === "string") problem ??= word;
    else tests.push(not ? (monitor) => !word(monitor) : word);
  }
  return { test: (monitor) => tests.every((test) => test(monitor)), problem };
}

const unquoted = (value: string) => value.replace(/^"|"$/g, "").toLowerCase();

function one(key: string | undefined, operator: string | undefined, value: string): Test | string {
  if (!key || !operator) return (monitor) => monitor.text.includes(value);
  const measure = own(MEASURES, key);
  if (measure && operator !== ":") return measured(key + operator, measure, operator, value);
  // A URL is no filter of ours: `http://…` is looked for as it stands.
  if (operator === ":" && value.startsWith("//")) return (monitor) => monitor.text.includes(`${key}:${value}`);
  if (operator === ":" && key === "status") return ofStatus(value);
  const field = own(FIELDS, key);
  if (operator !== ":" || !field) return t.list.unknownKey(key + operator);
  return (monitor) => {
    const found = field(monitor);
    if (typeof found !== "string") return found.some((item) => item.toLowerCase() === value);
    return key === "group" || key === "kind" ? found.toLowerCase() === value : found.toLowerCase().includes(value);
  };
}

function ofStatus(value: string): Test | string {
  const wanted = STATUSES.filter((status) => value !== "" && value.split(",").some((word) => status.startsWith(word)));
  if (value === "") return () => true;
  return wanted.length > 0 ? (monitor) => wanted.includes(monitor.status) : t.list.badStatus(value);
}

function measured(said: string, measure: Measure, operator: string, value: string): Test | string {
  const bound = amount(value, measure.unit);
  if (bound === null) return t.list.badNumber(said, measure.example);
  if (measure.isWhole && !Number.isInteger(bound)) return t.list.notWhole(said, measure.example);
  const holds: Record<string, (found: number) => boolean> = {
    ">": (found) => found > bound,
    "<": (found) => found < bound,
    ">=": (found) => found >= bound,
    "<=": (found) => found <= bound,
    "=": (found) => found === bound,
  };
  return (monitor) => {
    const found = measure.of(monitor);
    return found !== null && (holds[operator]?.(found) ?? false);
  };
}

/** A number as it was written, in `unit`: `1.5s` is 1500 ms, `36h` are 1.5 d. */
function amount(value: string, unit: string): number | null {
  const [, number, written = unit] = /^(-?\d+(?:\.\d+)?)(%|[a-z]+)?$/.exec(value) ?? [];
  const [from, to] = [own(UNITS, written), own(UNITS, unit)];
  if (number === undefined || !from || !to || (written === "%") !== (unit === "%")) return null;
  return (Number(number) * from) / to;
}

/** A word of a filter that means exactly this: `group:"Edge & CDN"`. */
export function word(key: string, value: string): string {
  return `${key}:${/[\s"]/.test(value) ? `"${value.replaceAll('"', "")}"` : value}`;
}
