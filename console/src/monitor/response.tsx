// Chart, lanes and table over one range of time.

import { useSignal } from "@preact/signals";
import { useLayoutEffect, useMemo } from "preact/hooks";
import type { Monitor, Series } from "../api/types";
import { Skeleton } from "../parts/notice";
import { newsOf } from "../state/fleet";
import { clock, latency, moment } from "../state/format";
import { pageKeys } from "../state/keys";
import { useLive } from "../state/live";
import { now } from "../state/now";
import { t } from "../texts";
import { Chart, moments, pointed } from "./chart";
import { type Column, detailOf, PHASES, type Picture, picture, type Range, readRange, typical } from "./data";
import { type Happened, readHappened } from "./happened";
import { Lanes } from "./lanes";
import { ResultsCard } from "./results";

const MINUTE = 60_000;
/** In the order of the buttons. */
const RANGES = [
  ["15 m", 15 * MINUTE],
  ["90 m", 90 * MINUTE],
  ["6 h", 360 * MINUTE],
  ["24 h", 1_440 * MINUTE],
  ["7 d", 7 * 1_440 * MINUTE],
  ["90 d", 90 * 1_440 * MINUTE],
] as const;
/** How often events and planned work are read again. */
const AGAIN_MS = 15_000;

/** How the time of the answers divides, and the checks one by one. */
export function ResponseCard({ monitor }: { monitor: Monitor }) {
  const young = Date.now() - Date.parse(monitor.created) < 30 * MINUTE;
  const chosen = useSignal(young ? 0 : 1);
  const asTable = useSignal(false);
  const length = RANGES[chosen.value]?.[1] ?? RANGES[1][1];
  const news = useMemo(() => newsOf(monitor.id), [monitor.id]);
  const range = useLive<Range>((before, signal) => readRange(monitor.id, length, before, signal), `${monitor.id} ${length}`, news.value);
  useLayoutEffect(
    () =>
      pageKeys({
        t: () => {
          chosen.value = (chosen.value + 1) % RANGES.length;
        },
      }),
    [],
  );
  const read = range.value.value;
  const happened = useLive<Happened>((_, signal) => readHappened(monitor, length, signal), `${monitor.id} ${length}`, Math.floor(now.value / AGAIN_MS)).value.value;
  const drawn = useMemo(() => read && { ...picture(read, monitor.interval_s * 1_000), ...happened }, [read, happened, monitor.interval_s]);
  return (
    <div class="col">
      <section class="card" aria-labelledby="response">
        <header>
          <h2 id="response">{drawn?.byPhase === false ? t.monitor.chartLong : t.monitor.chart}</h2>
          <button type="button" class="btn sm ghost" aria-pressed={asTable.value} onClick={() => (asTable.value = !asTable.value)}>
            {asTable.value ? t.monitor.asChart : t.monitor.asTable}
          </button>
          <span class="end seg" role="group" aria-label={t.monitor.range}>
            {RANGES.map(([name], index) => (
              <button type="button" aria-pressed={index === chosen.value} onClick={() => (chosen.value = index)}>
                {name}
              </button>
            ))}
          </span>
        </header>
        {!read || !drawn ? <Skeleton height={320} /> : asTable.value ? <Table drawn={drawn} /> : <Drawn read={read} drawn={drawn} monitor={monitor} />}
      </section>
      <ResultsCard id={monitor.id} newest={read?.results ?? []} seconds={monitor.interval_s} />
    </div>
  );
}

function Drawn({ read, drawn, monitor }: { read: Range; drawn: Picture; monitor: Monitor }) {
  const middle = read.series ? (read.series.whole.p50_ms ?? null) : typical(read.results);
  const failures = read.series ? read.series.whole.failed : read.results.filter((result) => result.outcome === "fail").length;
  const label =
    t.monitor.chartLabel(moment(read.from), moment(read.to), middle === null ? t.none : latency(middle), failures) + t.monitor.chartEvents(drawn.marks.map((mark) => mark.version), drawn.works.length);
  const health = detailOf(monitor.last_result).health ?? read.results.map((result) => detailOf(result).health).find(Boolean);
  return (
    <div class="lanes">
      <div class="lb">
        <Numbers read={read} drawn={drawn} />
      </div>
      <div class="sw">
        <Chart picture={drawn} label={label} />
      </div>
      <Lanes picture={drawn} health={health} />
      <div class="lb ln hide-m" />
      <div class="sw ln xaxis" aria-hidden="true">
        {moments(drawn).map((one) => (
          <span>{one}</span>
        ))}
      </div>
    </div>
  );
}

/** The phases of the column that is pointed at, or of the newest good check. */
function Numbers({ read, drawn }: { read: Range; drawn: Picture }) {
  const column = pointed.value === null ? undefined : drawn.columns[pointed.value];
  if (read.series) return <Long column={column} whole={read.series.whole} />;
  const good = read.results.find((result) => result.outcome === "pass" || result.outcome === "warn");
  const at = column?.phases ? { total: column.total ?? 0, phases: column.phases, text: moment(column.from) } : null;
  const newest = good ? { total: good.phases_ms.total, phases: good.phases_ms, text: t.monitor.latest(clock(Date.parse(good.time))) } : null;
  const shown = at ?? newest;
  if (!shown) return <p class="muted small">{t.monitor.noGood}</p>;
  return (
    <>
      <p class="total num">{latency(shown.total)}</p>
      <p class="muted small num">{shown.text}</p>
      <ul class="ph small">
        {PHASES.toReversed()
          .filter((phase) => shown.phases[phase])
          .map((phase) => (
            <li>
              <i style={{ background: `var(--p-${phase.replace("_", "-")})` }} />
              <span>{t.phase[phase]}</span>
              <b>{latency(shown.phases[phase] ?? 0)}</b>
            </li>
          ))}
      </ul>
    </>
  );
}

/** A stretch of a long range, or all of it, in few numbers. */
function Long({ column, whole }: { column: Column | undefined; whole: Series["whole"] }) {
  const at = column && column.total !== null ? { avg: column.total, p95: column.p95, max: column.slowest, text: moment(column.from) } : null;
  const shown = at ?? { avg: whole.avg_ms ?? null, p95: whole.p95_ms ?? null, max: whole.max_ms ?? null, text: t.monitor.wholeRange };
  if (shown.avg === null) return <p class="muted small">{t.monitor.noGood}</p>;
  return (
    <>
      <p class="total num">{latency(shown.avg)}</p>
      <p class="muted small num">{shown.text}</p>
      <ul class="ph small">
        <li>
          <i style={{ background: "var(--p-first-byte)" }} />
          <span>{t.monitor.average}</span>
          <b>{latency(shown.avg)}</b>
        </li>
        <li>
          <i style={{ background: "var(--p-transfer)" }} />
          <span>{t.list.column.p95}</span>
          <b>{shown.p95 === null ? t.none : latency(shown.p95)}</b>
        </li>
        <li>
          <span>{t.monitor.column.slowest}</span>
          <b>{shown.max === null ? t.none : latency(shown.max)}</b>
        </li>
      </ul>
    </>
  );
}

function Table({ drawn }: { drawn: Picture }) {
  const { column } = t.monitor;
  return (
    <div class="scroll tall" role="group" aria-labelledby="response" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th>{column.time}</th>
            <th class="right">{column.count}</th>
            <th class="right">{column.failed}</th>
            {drawn.byPhase && PHASES.map((phase) => <th class="right">{t.phase[phase]}</th>)}
            <th class="right">{drawn.byPhase ? column.total : t.monitor.average}</th>
            {!drawn.byPhase && <th class="right">{t.list.column.p95}</th>}
            <th class="right">{column.slowest}</th>
          </tr>
        </thead>
        <tbody>
          {drawn.columns
            .filter((one) => one.count > 0)
            .toReversed()
            .map((one) => (
              <tr>
                <td class="num nowrap">{moment(one.from)}</td>
                <td class="right num">{one.count}</td>
                <td class="right num">{one.failed}</td>
                {drawn.byPhase && PHASES.map((phase) => <td class="right num nowrap">{one.phases ? latency(one.phases[phase]) : t.none}</td>)}
                <td class="right num nowrap">{one.total === null ? t.none : latency(one.total)}</td>
                {!drawn.byPhase && <td class="right num nowrap">{one.p95 === null ? t.none : latency(one.p95)}</td>}
                <td class="right num nowrap">{one.slowest === null ? t.none : latency(one.slowest)}</td>
              </tr>
            ))}
        </tbody>
      </table>
    </div>
  );
}
