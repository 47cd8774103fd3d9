// The checks one by one, newest first.

import { useSignal } from "@preact/signals";
import { read } from "../api/client";
import type { Result, Results } from "../api/types";
import { State } from "../parts/glyph";
import { statusOf } from "../parts/strip";
import { clock, day, exact, interval, latency, visible } from "../state/format";
import { t } from "../texts";
import { detailOf, PHASES } from "./data";

type Which = "all" | "failures" | "changes";
const ROWS = 20;
/** The longest bar in pixels. */
const BAR = 120;

/** The table. `newest` are those that the page has anyway; older ones are read when they are wanted. */
export function ResultsCard({ id, newest, seconds }: { id: number; newest: readonly Result[]; seconds: number }) {
  const which = useSignal<Which>("all");
  const shown = useSignal(ROWS);
  const older = useSignal<Result[]>([]);
  const ended = useSignal(false);
  const all = [...newest, ...older.value.filter((result) => !newest.some((one) => one.time === result.time))];
  const kept = all.filter((result, index) => fits(which.value, result, all[index + 1]));
  const rows = kept.slice(0, shown.value);
  const slowest = Math.max(...rows.map((result) => result.phases_ms.total), 1);
  const more = async () => {
    shown.value += ROWS;
    const last = all.at(-1);
    if (kept.length >= shown.value || !last) return;
    const list = await read<Results>(`monitors/${id}/results?${new URLSearchParams({ to: last.time, limit: "200" })}`);
    ended.value = list.next == null;
    older.value = [...older.value, ...list.results];
  };
  return (
    <section class="card" aria-labelledby="checks">
      <header>
        <h2 id="checks">{t.monitor.checks}</h2>
        <span class="muted small hide-m">{t.monitor.every(interval(seconds))}</span>
        <span class="end seg" role="group" aria-label={t.monitor.filter}>
          {(["all", "failures", "changes"] as const).map((one) => (
            <button type="button" aria-pressed={which.value === one} onClick={() => (which.value = one)}>
              {t.monitor[one]}
            </button>
          ))}
        </span>
      </header>
      {rows.length === 0 && which.value !== "all" ? (
        <p class="body muted">{t.monitor.noneOf[which.value]}</p>
      ) : (
        <div class="scroll" role="group" aria-labelledby="checks" tabIndex={0}>
          <table class="results">
            <thead>
              <tr>
                <th>{t.monitor.column.time}</th>
                <th>{t.monitor.column.result}</th>
                <th class="o">{t.monitor.column.phases}</th>
                <th class="right">{t.monitor.column.total}</th>
                <th class="o">{t.monitor.column.version}</th>
                <th class="o">{t.monitor.column.detail}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((result) => (
                <Row key={result.time} result={result} slowest={slowest} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {!ended.value && all.length > 0 && (
        <div class="foot">
          <button type="button" class="btn sm" onClick={() => void more()}>
            {t.monitor.older}
          </button>
        </div>
      )}
    </section>
  );
}

function fits(which: Which, result: Result, before: Result | undefined): boolean {
  if (which === "failures") return result.outcome !== "pass";
  if (which === "all") return true;
  const same = before && before.outcome === result.outcome && before.status === result.status && before.reason === result.reason;
  return !same || detailOf(before).health?.version !== detailOf(result).health?.version;
}

function Row({ result, slowest }: { result: Result; slowest: number }) {
  const time = Date.parse(result.time);
  const today = new Date(time).toDateString() === new Date().toDateString();
  const detail = detailOf(result);
  return (
    <tr>
      <td class="mono num nowrap" title={exact(time)}>
        {today ? "" : `${day(time)} `}
        {clock(time)}
      </td>
      <td class="nowrap">
        <State status={statusOf(result.outcome)}>{word(result)}</State>
      </td>
      <td class="o">
        <Phases result={result} slowest={slowest} />
      </td>
      <td class="right num nowrap">{latency(result.phases_ms.total)}</td>
      <td class="mono o nowrap">{visible(detail.health?.version ?? "")}</td>
      <td class="o muted detail">{says(result)}</td>
    </tr>
  );
}

/** `200`, `503`, `connect refused`. */
function word(result: Result): string {
  if (result.status && (!result.reason || result.reason === "status")) return String(result.status);
  return result.reason ? t.reason(result.reason) : (t.outcome[result.outcome] ?? result.outcome);
}

function says(result: Result): string {
  const detail = detailOf(result);
  if (detail.message) return visible(detail.message);
  const checks = detail.health?.checks ?? [];
  return checks.length > 0 && checks.every((check) => check.status === "ok") ? t.monitor.appOk(checks.length) : "";
}

function Phases({ result, slowest }: { result: Result; slowest: number }) {
  const phases = PHASES.map((phase) => [phase, result.phases_ms[phase] ?? 0] as const).filter(([, ms]) => ms > 0);
  const sum = phases.reduce((all, [, ms]) => all + ms, 0);
  if (sum === 0) return null;
  const label = phases.map(([phase, ms]) => `${t.phase[phase]} ${latency(ms)}`).join(", ");
  return (
    <span class="phases" role="img" aria-label={label} title={label} style={{ width: `${Math.max(18, (result.phases_ms.total / slowest) * BAR)}px` }}>
      {phases.map(([phase, ms]) => (
        <i style={{ width: `${(ms / sum) * 100}%`, background: `var(--p-${phase.replace("_", "-")})` }} />
      ))}
    </span>
  );
}
