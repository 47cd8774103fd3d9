// The results of a monitor over a range, and the columns that chart and lanes are drawn of.

import { read } from "../api/client";
import type { PhasesMs, Result, Results, Series } from "../api/types";

/** A health document inside a result's detail. */
export interface Health {
  status?: string;
  version?: string | null;
  checks: HealthCheck[];
}

/** One of the app's own checks. */
export interface HealthCheck {
  name: string;
  status: "ok" | "warn" | "error" | "unknown";
  message?: string | null;
  response_time_ms?: number | null;
}

/** A certificate chain as it was seen. */
export interface Certificate {
  subject: string;
  issuer: string;
  names: string[];
  not_before_ms: number;
  not_after_ms: number;
  protocol?: string | null;
  trusted: boolean;
  chain: { subject: string; issuer: string; not_after_ms: number }[];
}

/** What else a result says. */
export interface Detail {
  message?: string;
  address?: string;
  health?: Health;
  certificate?: Certificate;
  failed_conditions?: { condition: string; why: string }[];
}

/** The detail of a result; empty when it says nothing else. */
export const detailOf = (result: { detail?: unknown } | null | undefined): Detail => (result?.detail ?? {}) as Detail;

export const PHASES = ["dns", "connect", "tls", "first_byte", "transfer"] as const satisfies readonly (keyof PhasesMs)[];
export type PhaseName = (typeof PHASES)[number];

/** The results of a range, newest first. */
export interface Range {
  from: number;
  to: number;
  results: Result[];
  /** Whether the whole range was read; otherwise the oldest of it are missing. */
  whole: boolean;
  /** The range in few numbers, where it is too long to be read result by result. */
  series: Series | null;
}

/** Longer ranges are read as a series. */
const BY_RESULT_MS = 86_400_000;
/** Stretches of a series. */
const STRETCHES = 120;

const PAGE = 1_000;
const PAGES = 4;
const FIRST = 100;

/** Reads the results of the last `length` milliseconds; of those that `before` has only what is newer. */
export async function readRange(id: number, length: number, before: Range | null, signal: AbortSignal): Promise<Range> {
  if (length > BY_RESULT_MS) return readSeries(id, length, signal);
  const to = Date.now();
  const from = to - length;
  const newest = before?.results[0];
  if (before && newest) {
    const list = await page(id, Date.parse(newest.time) + 1, undefined, FIRST, signal);
    if (list.results.length < FIRST) {
      const kept = before.results.filter((result) => Date.parse(result.time) >= from);
      return { from, to, results: [...list.results, ...kept], whole: before.whole, series: null };
    }
  }
  const results: Result[] = [];
  for (let index = 0; index < PAGES; index += 1) {
    const list = await page(id, from, results.at(-1)?.time, PAGE, signal);
    results.push(...list.results);
    if (list.results.length < PAGE) return { from, to, results, whole: true, series: null };
  }
  return { from, to, results, whole: false, series: null };
}

/** A long range in stretches that begin at whole multiples of their length, so that they stay the same while time goes on. */
async function readSeries(id: number, length: number, signal: AbortSignal): Promise<Range> {
  const step = length / STRETCHES;
  const to = Math.ceil(Date.now() / step) * step;
  const from = to - length;
  const query = new URLSearchParams({ from: new Date(from).toISOString(), to: new Date(to).toISOString(), step: `${Math.round(step / 1_000)}s` });
  const [series, newest] = await Promise.all([read<Series>(`monitors/${id}/series?${query}`, signal), read<Results>(`monitors/${id}/results?limit=${FIRST}`, signal)]);
  return { from, to, results: newest.results, whole: false, series };
}

function page(id: number, from: number, to: string | undefined, limit: number, signal: AbortSignal): Promise<Results> {
  const query = new URLSearchParams({ from: new Date(from).toISOString(), limit: String(limit) });
  if (to) query.set("to", to);
  return read<Results>(`monitors/${id}/results?${query}`, signal);
}

/** How the checks of a moment went, worst last. */
export type Mood = "none" | "ok" | "unknown" | "warn" | "error";
const MOODS: readonly Mood[] = ["none", "ok", "unknown", "warn", "error"];
const worse = (a: Mood, b: Mood): Mood => (MOODS.indexOf(b) > MOODS.indexOf(a) ? b : a);

/** What happened in one column of the chart. */
export interface Column {
  from: number;
  count: number;
  failed: number;
  /** The mean of the good answers by phase; `null` without one. */
  phases: Record<PhaseName, number> | null;
  total: number | null;
  slowest: number | null;
  /** The 95th percentile, where the server counted it. */
  p95: number | null;
  /** By the names of the app's own checks. */
  checks: Map<string, { mood: Mood; ms: number | null }>;
}

/** A version that was seen for the first time. */
export interface Release {
  version: string;
  at: number;
}

/** What is drawn. */
export interface Picture {
  columns: Column[];
  width: number;
  releases: Release[];
  /** Whether the columns know their phases. */
  byPhase: boolean;
  /** Deploys and other events. */
  marks: Release[];
  /** When planned work went on; `until` is the end of the picture where it still does. */
  works: { from: number; until: number }[];
}

const COLUMNS = 120;

/** Divides a range into columns, at most one for each interval. */
export function picture(range: Range, interval: number): Picture {
  if (range.series) return ofSeries(range.series);
  const length = range.to - range.from;
  const number = Math.max(12, Math.min(COLUMNS, Math.floor(length / interval)));
  const width = length / number;
  const parts: Result[][] = Array.from({ length: number }, () => []);
  for (const result of range.results) {
    const index = Math.floor((Date.parse(result.time) - range.from) / width);
    parts[Math.min(number - 1, Math.max(0, index))]?.push(result);
  }
  const columns = parts.map((results, index) => column(range.from + index * width, results));
  return { columns, width, releases: releases(range.results), byPhase: true, marks: [], works: [] };
}

function ofSeries(series: Series): Picture {
  const [from, width] = [Date.parse(series.from), series.step_s * 1_000];
  const columns = series.count.map(
    (count, index): Column => ({
      from: from + index * width,
      count,
      failed: Math.round(count * (series.failed_share[index] ?? 0)),
      phases: null,
      total: series.avg_ms[index] ?? null,
      slowest: series.max_ms[index] ?? null,
      p95: series.p95_ms[index] ?? null,
      checks: new Map(),
    }),
  );
  return { columns, width, releases: [], byPhase: false, marks: [], works: [] };
}

function column(from: number, results: Result[]): Column {
  const good = results.filter((result) => result.outcome === "pass" || result.outcome === "warn");
  const mean = (of: (phases: PhasesMs) => number | null | undefined) => good.reduce((sum, result) => sum + (of(result.phases_ms) ?? 0), 0) / good.length;
  const phases = good.length === 0 ? null : (Object.fromEntries(PHASES.map((phase) => [phase, mean((all) => all[phase])])) as Record<PhaseName, number>);
  const checks = new Map<string, { mood: Mood; ms: number | null }>();
  for (const result of results) {
    for (const check of detailOf(result).health?.checks ?? []) {
      const known = checks.get(check.name);
      checks.set(check.name, { mood: worse(known?.mood ?? "none", check.status), ms: check.response_time_ms ?? known?.ms ?? null });
    }
  }
  return {
    from,
    count: results.length,
    failed: results.filter((result) => result.outcome === "fail").length,
    phases,
    total: good.length === 0 ? null : mean((all) => all.total),
    slowest: good.length === 0 ? null : Math.max(...good.map((result) => result.phases_ms.total)),
    p95: null,
    checks,
  };
}

/** When a version was seen that was not the one before it. The first of a range is no release: it may be older. */
function releases(results: readonly Result[]): Release[] {
  const found: Release[] = [];
  let before: string | null = null;
  for (const result of results.toReversed()) {
    const version = detailOf(result).health?.version;
    if (!version) continue;
    if (before !== null && version !== before) found.push({ version, at: Date.parse(result.time) });
    before = version;
  }
  return found;
}

/** The median of the totals of good answers; `null` without one. */
export function typical(results: readonly Result[]): number | null {
  const totals = results.filter((result) => result.outcome === "pass").map((result) => result.phases_ms.total);
  totals.sort((a, b) => a - b);
  return totals[Math.floor(totals.length / 2)] ?? null;
}
