// The last checks as bars: the height is the time an answer took, a failure has the full height and its own colour.

import { signal, type Signal } from "@preact/signals";
import { read } from "../api/client";
import type { Result, Strips } from "../api/types";
import type { Status } from "../state/model";
import { isScrolling } from "../state/scrolling";

/** How many checks a strip shows. */
export const BARS = 48;
const HEIGHT = 22;
const WIDTH = 168;
/** Strips that are kept; more rows than any screen has. */
const KNOWN_MAX = 1_024;
/** Strips that are asked for at once; more than any screen has too. */
const ASKED_MAX = 128;
/** Rows that come into view together, or have news together, are asked for together. */
const GATHER_MS = 120;

type Outcome = Result["outcome"];

/** One check of a strip. */
export interface Bar {
  outcome: Outcome;
  ms: number;
}

interface Known {
  asked: number | null | undefined;
  bars: Signal<Bar[] | null>;
}

const known = new Map<number, Known>();
const wanted = new Set<number>();
let timer: ReturnType<typeof setTimeout> | undefined;

/** The last checks of a monitor, oldest first; fetched when `asked` says that there is a newer one. */
export function lastChecks(id: number, asked: number | null): Signal<Bar[] | null> {
  let entry = known.get(id);
  if (!entry) {
    entry = { asked: undefined, bars: signal(null) };
    known.set(id, entry);
    const oldest = known.keys().next().value;
    if (known.size > KNOWN_MAX && oldest !== undefined) known.delete(oldest);
  }
  // What comes into view again counts as having come last.
  if (wanted.delete(id) || entry.asked !== asked) {
    entry.asked = asked;
    wanted.add(id);
    timer ??= setTimeout(() => void fetchWanted(), GATHER_MS);
  }
  return entry.bars;
}

async function fetchWanted(): Promise<void> {
  // Strips that rush by are not worth a late frame; those that came last are in view when it ends.
  if (isScrolling()) {
    timer = setTimeout(() => void fetchWanted(), GATHER_MS);
    return;
  }
  const ids = [...wanted];
  for (const gone of ids.splice(0, ids.length - ASKED_MAX)) known.delete(gone);
  wanted.clear();
  try {
    const { outcomes, strips } = await read<Strips>(`fleet/strips?ids=${ids.join(",")}`);
    for (const [id, strip] of Object.entries(strips)) {
      const entry = known.get(Number(id));
      if (entry) entry.bars.value = strip.outcome.map((outcome, at) => ({ outcome: outcomes[outcome] as Outcome, ms: strip.latency_ms[at] ?? 0 }));
    }
  } catch {
    // They stay as they are; the next result asks again.
  } finally {
    timer = wanted.size > 0 ? setTimeout(() => void fetchWanted(), GATHER_MS) : undefined;
  }
}

const COLOUR: Record<Outcome, Status> = { pass: "up", warn: "degraded", fail: "down", unknown: "unknown" };

/** The status that a bar of this outcome is drawn with. */
export const statusOf = (outcome: Outcome): Status => COLOUR[outcome];

/** No checks yet, or not read yet. */
export const NO_BARS: readonly Bar[] = [];

/** What was drawn before: while one scrolls, the same strips come again and again. */
const drawn = new WeakMap<readonly Bar[], [Status, string][]>();

function paths(bars: readonly Bar[]): [Status, string][] {
  let known = drawn.get(bars);
  if (!known) drawn.set(bars, (known = draw(bars)));
  return known;
}

/** One path for each colour: a strip is at most five elements, whatever it shows. */
function draw(bars: readonly Bar[]): [Status, string][] {
  const shown = bars.slice(-BARS);
  const missing = BARS - shown.length;
  const times = shown.filter((bar) => bar.outcome === "pass" || bar.outcome === "warn").map((bar) => bar.ms);
  const top = Math.max(...times, 1) * 1.1;
  const step = WIDTH / BARS;
  const made = new Map<Status, string>();
  const bar = (index: number, status: Status, height: number) => {
    const x = (index * step + 0.4).toFixed(1);
    made.set(status, `${made.get(status) ?? ""}M${x} ${HEIGHT}v${(-height).toFixed(1)}h${(step - 0.9).toFixed(1)}V${HEIGHT}z`);
  };
  for (let index = 0; index < missing; index += 1) bar(index, "unknown", 2);
  shown.forEach(({ outcome, ms }, index) => {
    const status = statusOf(outcome);
    const height = status === "down" ? HEIGHT : status === "unknown" ? 3 : Math.max(3, (ms / top) * HEIGHT * 0.86);
    bar(index + missing, status, height);
  });
  return [...made];
}

/** A strip of the last checks. */
export function Strip({ bars, label }: { bars: readonly Bar[]; label: string }) {
  return (
    <svg class="strip" width={WIDTH} height={HEIGHT} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
      {paths(bars).map(([status, d]) => (
        <path d={d} fill={`var(--${status}-fill)`} opacity={status === "up" ? 0.82 : 1} />
      ))}
    </svg>
  );
}
