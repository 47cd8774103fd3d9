// The last checks as bars: the height is the time an answer took, a failure has the full height and its own colour.

import { signal, type Signal } from "@preact/signals";
import { read } from "../api/client";
import type { Result, Results } from "../api/types";
import type { Status } from "../state/model";

/** How many checks a strip shows. */
export const BARS = 48;
const HEIGHT = 22;
const WIDTH = 168;
/** How long a strip that was fetched is good, where the monitor was not asked again. */
const KNOWN_MAX = 512;

interface Known {
  asked: number | null;
  results: Signal<Result[] | null>;
}

const known = new Map<number, Known>();

/** The last results of a monitor, newest first; fetched when `asked` says that there is a newer one. */
export function lastResults(id: number, asked: number | null): Signal<Result[] | null> {
  let entry = known.get(id);
  if (!entry) {
    entry = { asked: Number.NaN, results: signal(null) };
    known.set(id, entry);
    const oldest = known.keys().next().value;
    if (known.size > KNOWN_MAX && oldest !== undefined) known.delete(oldest);
  }
  if (entry.asked !== asked) {
    entry.asked = asked;
    enqueue(id, entry);
  }
  return entry.results;
}

// A browser opens six connections to a server that speaks HTTP/1.1; the fleet itself must not wait behind rows.
const AT_ONCE = 3;
const waiting = new Map<number, Known>();
let running = 0;

function enqueue(id: number, entry: Known): void {
  // The newest wish first: what was scrolled past may wait.
  waiting.delete(id);
  waiting.set(id, entry);
  next();
}

function next(): void {
  const last = [...waiting.entries()].at(-1);
  if (running >= AT_ONCE || !last) return;
  const [id, entry] = last;
  waiting.delete(id);
  running += 1;
  read<Results>(`monitors/${id}/results?limit=${BARS}`)
    .then((list) => {
      entry.results.value = list.results;
    })
    .catch(() => {
      // The strip stays as it is; the next result asks again.
    })
    .finally(() => {
      running -= 1;
      next();
    });
}

const COLOUR: Record<Result["outcome"], Status> = { pass: "up", warn: "degraded", fail: "down", unknown: "unknown" };

/** The status that a bar of this outcome is drawn with. */
export const statusOf = (outcome: Result["outcome"]): Status => COLOUR[outcome];

/** One path for each colour: a strip is at most five elements, whatever it shows. */
function paths(results: readonly Result[]): [Status, string][] {
  const shown = results.slice(0, BARS).reverse();
  const missing = BARS - shown.length;
  const totals = shown.filter((result) => result.outcome === "pass" || result.outcome === "warn").map((result) => result.phases_ms.total);
  const top = Math.max(...totals, 1) * 1.1;
  const step = WIDTH / BARS;
  const made = new Map<Status, string>();
  const bar = (index: number, status: Status, height: number) => {
    const x = (index * step + 0.4).toFixed(1);
    made.set(status, `${made.get(status) ?? ""}M${x} ${HEIGHT}v${(-height).toFixed(1)}h${(step - 0.9).toFixed(1)}V${HEIGHT}z`);
  };
  for (let index = 0; index < missing; index += 1) bar(index, "unknown", 2);
  shown.forEach((result, index) => {
    const status = statusOf(result.outcome);
    const height = status === "down" ? HEIGHT : status === "unknown" ? 3 : Math.max(3, (result.phases_ms.total / top) * HEIGHT * 0.86);
    bar(index + missing, status, height);
  });
  return [...made];
}

/** A strip of the last checks. */
export function Strip({ results, label }: { results: readonly Result[]; label: string }) {
  return (
    <svg class="strip" width={WIDTH} height={HEIGHT} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
      {paths(results).map(([status, d]) => (
        <path d={d} fill={`var(--${status}-fill)`} opacity={status === "up" ? 0.82 : 1} />
      ))}
    </svg>
  );
}
