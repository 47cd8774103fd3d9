// The app's own checks as lanes below the chart, on its time axis.

import { Glyph } from "../parts/glyph";
import { latency, visible } from "../state/format";
import type { Status } from "../state/model";
import { t } from "../texts";
import type { Health, HealthCheck, Mood, Picture } from "./data";

/** The status that a check of the app's is drawn with. */
export const statusOf: Record<Mood, Status> = { none: "unknown", ok: "up", unknown: "unknown", warn: "degraded", error: "down" };

const HEIGHT = 22;

/** One lane for each check that was seen in the picture or newest document. */
export function Lanes({ picture, health }: { picture: Picture; health: Health | undefined }) {
  const names = new Set(picture.columns.flatMap((column) => [...column.checks.keys()]));
  for (const check of health?.checks ?? []) names.add(check.name);
  if (names.size === 0) return null;
  return (
    <>
      <div class="lb ln">
        <h3>{t.monitor.appSays}</h3>
        <div class="muted small ell">{health?.version ? t.monitor.appVersion(visible(health.version)) : t.monitor.appFrom}</div>
      </div>
      <div class="sw ln hint muted small">{t.monitor.appHint(names.size)}</div>
      {[...names].map((name) => (
        <Lane key={name} name={name} picture={picture} newest={health?.checks.find((check) => check.name === name)} />
      ))}
    </>
  );
}

function Lane({ name, picture, newest }: { name: string; picture: Picture; newest: HealthCheck | undefined }) {
  const status = statusOf[newest?.status ?? "none"];
  const trouble = status === "down" || status === "degraded";
  const time = newest?.response_time_ms == null ? "" : latency(newest.response_time_ms);
  const says = trouble
    ? newest?.message || t.status[status].toLowerCase()
    : [time, newest?.message].filter(Boolean).join(" · ") || (status === "up" ? t.monitor.ok : t.none);
  return (
    <>
      <div class="lb ln">
        <div class="row">
          <Glyph status={status} size={14} label={t.monitor.check[newest?.status ?? "unknown"] ?? ""} />
          <span class="lane ell">{visible(name)}</span>
        </div>
        <div class={`small num ell says ${trouble ? `bad ${status}` : "muted"}`} title={visible(says)}>
          {visible(says)}
        </div>
      </div>
      <div class="sw ln">
        <Bars name={name} picture={picture} />
      </div>
    </>
  );
}

function Bars({ name, picture }: { name: string; picture: Picture }) {
  const seen = picture.columns.map((column) => column.checks.get(name));
  const slowest = Math.max(...seen.map((one) => one?.ms ?? 0), 0);
  const number = seen.length;
  const paths = new Map<Status, string>();
  let bad = 0;
  seen.forEach((one, index) => {
    if (!one) return;
    const status = statusOf[one.mood];
    if (one.mood !== "ok") bad += 1;
    const share = slowest > 0 && one.ms !== null ? one.ms / slowest : 0.5;
    const height = status === "up" ? 7 + 6 * share : HEIGHT;
    paths.set(status, `${paths.get(status) ?? ""}M${index + 0.1} ${HEIGHT}v${(-height).toFixed(1)}h.8V${HEIGHT}z`);
  });
  return (
    <svg
      class="bars"
      viewBox={`0 0 ${number} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={t.monitor.lane(visible(name), bad, seen.filter(Boolean).length)}
    >
      {[...paths].map(([status, d]) => (
        <path d={d} fill={`var(--${status}-fill)`} opacity={status === "up" ? 0.6 : 1} />
      ))}
    </svg>
  );
}
