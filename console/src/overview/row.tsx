// One row of the list, and the heads of its columns.

import { computed } from "@preact/signals";
import { State } from "../parts/glyph";
import { lastChecks, NO_BARS, Strip } from "../parts/strip";
import { hear, monitors } from "../state/fleet";
import { brief, exact, latency, visible } from "../state/format";
import type { Monitor } from "../state/model";
import { mayWrite } from "../state/me";
import { now } from "../state/now";
import { to } from "../state/route";
import { t } from "../texts";
import { rows } from "./search";
import { selected, toggle, toggleAll } from "./selection";

/** Columns that some monitor has something for. */
export const columns = computed(() => {
  const all = monitors.value ?? [];
  const grouped = all.some((monitor) => monitor.group !== "" || monitor.tags.length > 0);
  return [
    grouped ? "has-tags" : "has-kind",
    all.some((monitor) => monitor.p95 !== null) ? "has-p95" : "",
    all.some((monitor) => monitor.certificate !== null) ? "has-cert" : "",
  ];
});

const MONTH_MS = 30 * 86_400_000;
/** From when on the end of a certificate is near; the monitor's own page says the same. */
const SOON_DAYS = 14;

/** The heads of the columns. */
export function Head() {
  const { column } = t.list;
  const head = (name: string, text: string, right = false) => (
    <span role="columnheader" class={`c-${name}${right ? " right" : ""}`}>
      {text}
    </span>
  );
  return (
    <div role="rowgroup" class="heads">
      <div role="row" aria-rowindex={1}>
        <span role="columnheader" class="c-select">
          {mayWrite.value && <SelectAll />}
        </span>
        {head("status", column.state)}
        {head("name", column.monitor)}
        {head("tags", column.group)}
        {head("kind", column.kind)}
        {head("strip", column.strip)}
        {head("now", column.now, true)}
        {head("p95", column.p95, true)}
        {head("uptime", column.uptime, true)}
        {head("cert", column.certificate, true)}
      </div>
    </div>
  );
}

/** Selects all that the list shows. */
export function SelectAll() {
  const all = rows.value;
  const number = all.reduce((sum, monitor) => sum + (selected.value.has(monitor.id) ? 1 : 0), 0);
  return (
    <input
      type="checkbox"
      aria-label={t.list.selectAll(all.length)}
      checked={all.length > 0 && number === all.length}
      indeterminate={number > 0 && number < all.length}
      onChange={toggleAll}
    />
  );
}

interface Props {
  monitor: Monitor;
  index: number;
  top: number;
  current: boolean;
}

/** One monitor. Drawn again when it has news, not when the list around it is. */
export function Row({ monitor, index, top, current }: Props) {
  hear(monitor);
  const name = visible(monitor.name);
  const isSelected = selected.value.has(monitor.id);
  return (
    <div role="row" class={monitor.status} data-id={monitor.id} aria-rowindex={index + 2} aria-selected={isSelected} style={{ transform: `translateY(${top}px)` }}>
      <span role="gridcell" class="c-select">
        {mayWrite.value && <input type="checkbox" tabIndex={-1} aria-label={t.list.select(name)} checked={isSelected} onClick={(event) => toggle(monitor.id, event.shiftKey)} />}
      </span>
      <span role="gridcell" class="c-status">
        <State status={monitor.status}>
          <span class="txt">{t.status[monitor.status]}</span>
          {monitor.since !== null && <Age since={monitor.since} />}
        </State>
      </span>
      <span role="gridcell" class="c-name">
        <a class="q nm ell" href={to(`/m/${monitor.id}`)} tabIndex={current ? 0 : -1}>
          {name}
        </a>
        <span class="ell tg">{visible(monitor.target)}</span>
      </span>
      <span role="gridcell" class="c-tags">
        <span class="muted small ell">{visible(monitor.group)}</span>
        {monitor.tags.slice(0, 3).map((tag) => (
          <span class="tag">{visible(tag)}</span>
        ))}
      </span>
      <span role="gridcell" class="c-kind muted">
        {monitor.kind}
      </span>
      <span role="gridcell" class="c-strip">
        <RowStrip id={monitor.id} asked={monitor.asked} label={t.list.stripLabel(name, t.status[monitor.status])} />
      </span>
      <span role="gridcell" class="c-now num right nowrap">
        <Now monitor={monitor} />
      </span>
      <span role="gridcell" class="c-p95 num right muted nowrap">
        {monitor.p95 === null ? t.none : latency(monitor.p95)}
      </span>
      <span role="gridcell" class="c-uptime num right nowrap">
        <Uptime monitor={monitor} />
      </span>
      <span role="gridcell" class="c-cert num right nowrap">
        <Certificate days={monitor.certificate} />
      </span>
    </div>
  );
}

/** How long its status has lasted: the one part of a row that changes every second. */
function Age({ since }: { since: number }) {
  return (
    <span class="dur" title={exact(since)}>
      {brief(now.value - since)}
    </span>
  );
}

function RowStrip({ id, asked, label }: { id: number; asked: number | null; label: string }) {
  return <Strip bars={lastChecks(id, asked).value ?? NO_BARS} label={label} />;
}

/** The newest answer: what it said when it was no pass, or else how long it took. */
function Now({ monitor }: { monitor: Monitor }) {
  if (monitor.said && monitor.status !== "paused") return <span class={`bad ${monitor.status === "up" ? "degraded" : monitor.status}`}>{monitor.said}</span>;
  return <>{monitor.latency === null ? <span class="muted">{t.none}</span> : latency(monitor.latency)}</>;
}

function Uptime({ monitor }: { monitor: Monitor }) {
  if (monitor.uptime === null) return <span class="muted">{t.list.tooNew}</span>;
  return (
    <>
      {t.list.uptime(monitor.uptime)}
      {monitor.known < 0.995 * MONTH_MS && <span class="of small muted">{t.monitor.coverage(brief(monitor.known))}</span>}
    </>
  );
}

/** Days left, said loud when they are few. */
function Certificate({ days }: { days: number | null }) {
  if (days === null) return <span class="muted">{t.none}</span>;
  const status = days < 0 ? "down" : days < SOON_DAYS ? "degraded" : null;
  return (
    <span class={status ? `bad ${status}` : "muted"} title={t.list.certificateLong(days)}>
      {t.list.certificate(days)}
    </span>
  );
}
