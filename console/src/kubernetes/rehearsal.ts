// What `allswell rehearse --json` wrote, and the lanes that are drawn of it.

import { t } from "../texts";

/** One line of the timeline. */
export interface Line {
  seconds: number;
  replica: number;
  type: "Normal" | "Warning";
  reason: string;
  message: string;
  /** How long a probe took. */
  took_seconds?: number;
}

/** The document. */
export interface Rehearsal {
  workload: string;
  container: string;
  length_seconds: number | null;
  restarts: number;
  ready_after_seconds: number | null;
  unready_seconds: number | null;
  detection_seconds: number | null;
  shutdown_seconds: number | null;
  shutdown_by_sigkill: boolean;
  requests_sent: number | null;
  requests_dropped: number | null;
  failed_on: string[];
  advice: string[];
  timeline: Line[];
}

/** A stretch of time on a lane. */
export interface Span {
  from: number;
  to: number;
  look: "running" | "ending" | "waiting" | "in" | "out" | "fault";
  text: string;
}

/** One asking of a probe. `took` is in seconds. */
export interface Tick {
  at: number;
  passed: boolean;
  took: number;
  text: string;
}

/** What happened to one replica. */
export interface Replica {
  number: number;
  container: Span[];
  endpoint: Span[];
  probes: Map<string, Tick[]>;
}

/** The whole picture. */
export interface Picture {
  length: number;
  replicas: Replica[];
  faults: Span[];
  /** What the kubelet did and why, without single askings. */
  decisions: Line[];
}

const PROBES = ["Startup", "Readiness", "Liveness"];

const isText = (value: unknown) => typeof value === "string";
const isNumber = (value: unknown) => typeof value === "number" && Number.isFinite(value);
const isTexts = (value: unknown) => Array.isArray(value) && value.every(isText);

const isLine = (value: unknown) => {
  const line = value as Partial<Line> | null;
  return isNumber(line?.seconds) && isNumber(line?.replica) && isText(line?.reason) && isText(line?.message) && isNumber(line?.took_seconds ?? 0);
};

/** Those figures that a rehearsal may not have. */
const FIGURES = ["length_seconds", "ready_after_seconds", "unready_seconds", "detection_seconds", "shutdown_seconds", "requests_sent", "requests_dropped"] as const;

/** Whether all is there that the picture is drawn of: a file, or a link, may be of anybody. */
function isRehearsal(value: unknown): value is Rehearsal {
  const found = value as Partial<Rehearsal> | null;
  const isWhole = isText(found?.workload) && isText(found.container) && isNumber(found.restarts) && isTexts(found.failed_on) && isTexts(found.advice);
  return isWhole && Array.isArray(found.timeline) && found.timeline.every(isLine) && FIGURES.every((name) => found[name] == null || isNumber(found[name]));
}

/** Reads a document; says what is wrong with one that is none. */
export function parse(text: string): Rehearsal {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw new Error(t.rehearsal.noJson);
  }
  if (!isRehearsal(document)) throw new Error(t.rehearsal.noRehearsal);
  return document;
}

/** Draws the lanes out of the lines. */
export function picture(rehearsal: Rehearsal): Picture {
  const lines = rehearsal.timeline.toSorted((a, b) => a.seconds - b.seconds);
  const length = Math.max(rehearsal.length_seconds ?? 0, ...lines.map((line) => line.seconds), 1);
  const numbers = [...new Set(lines.map((line) => line.replica))].sort((a, b) => a - b);
  return {
    length,
    replicas: numbers.map((number) =>
      replica(
        number,
        lines.filter((line) => line.replica === number),
        length,
      ),
    ),
    faults: faults(lines, length),
    decisions: lines.filter((line) => line.reason !== "Probe" && line.reason !== "Unhealthy"),
  };
}

function replica(number: number, lines: readonly Line[], length: number): Replica {
  const probes = new Map<string, Tick[]>();
  for (const line of lines) {
    const kind = PROBES.find((probe) => line.message.startsWith(`${probe} probe`));
    if (!kind || (line.reason !== "Probe" && line.reason !== "Unhealthy")) continue;
    const ticks = probes.get(kind) ?? [];
    ticks.push({ at: line.seconds, passed: line.reason === "Probe", took: line.took_seconds ?? 0, text: line.message });
    probes.set(kind, ticks);
  }
  return {
    number,
    container: container(lines, length),
    endpoint: endpoint(lines, length),
    probes: new Map(PROBES.flatMap((kind) => (probes.has(kind) ? [[kind, probes.get(kind) ?? []]] : []))),
  };
}

function container(lines: readonly Line[], length: number): Span[] {
  const spans: Span[] = [];
  const open = (from: number, look: Span["look"], text: string) => {
    close(from);
    spans.push({ from, to: length, look, text });
  };
  const close = (at: number) => {
    const last = spans.at(-1);
    if (last && last.to > at) last.to = at;
  };
  for (const line of lines) {
    if (line.reason === "Started") open(line.seconds, "running", /\((restart \d+)\)/.exec(line.message)?.[1] ?? t.rehearsal.running);
    else if (line.reason === "Killing") open(line.seconds, "ending", t.rehearsal.ending);
    else if (line.reason === "Terminated") open(line.seconds, "waiting", "");
    else if (line.reason === "Deleted") close(line.seconds);
  }
  return spans.filter((span) => span.to > span.from);
}

function endpoint(lines: readonly Line[], length: number): Span[] {
  const spans: Span[] = [];
  for (const line of lines) {
    const ready = line.reason === "Ready";
    const gone = line.reason === "Deleted";
    if (!ready && line.reason !== "NotReady" && !gone) continue;
    const last = spans.at(-1);
    if (last) last.to = Math.min(last.to, line.seconds);
    if (!gone && (ready || last))
      spans.push({ from: line.seconds, to: length, look: ready ? "in" : "out", text: ready ? t.rehearsal.inService : t.rehearsal.outOfService });
  }
  return spans.filter((span) => span.to > span.from);
}

function faults(lines: readonly Line[], length: number): Span[] {
  const spans: Span[] = [];
  for (const line of lines.filter((line) => line.reason === "FAULT")) {
    const [, name, what] = /^(.*?) (begins|is over)/.exec(line.message) ?? [];
    const open = spans.find((span) => span.text === name && span.to === length);
    if (what === "begins" && !open) spans.push({ from: line.seconds, to: length, look: "fault", text: name ?? "" });
    else if (what === "is over" && open) open.to = line.seconds;
    else if (!what) spans.push({ from: line.seconds, to: line.seconds + length / 100, look: "fault", text: line.message });
  }
  return spans;
}

/** Moments for the axis: at most eight, on round numbers. */
export function axis(length: number): number[] {
  const step = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 1_800, 3_600].find((step) => length / step <= 8) ?? length / 4;
  return Array.from({ length: Math.floor(length / step) + 1 }, (_, index) => index * step);
}
