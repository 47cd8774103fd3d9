// What needs somebody: one line for each open incident, worst first, in a sentence.

import { computed } from "@preact/signals";
import type { Delivery, Incident } from "../api/types";
import { Glyph } from "../parts/glyph";
import { acknowledging } from "../state/acknowledging";
import { byId, deliveries, incidents, monitors } from "../state/fleet";
import { duration, exact, sentence, visible } from "../state/format";
import { type Monitor, rank, type Status } from "../state/model";
import { mayWrite } from "../state/me";
import { now } from "../state/now";
import { to } from "../state/route";
import { t } from "../texts";

/** Lines that are shown; the rest is counted. */
const LINES = 8;

/** One line. */
interface Line {
  status: Status;
  monitor: number;
  name: string;
  cause: string;
  since: number | null;
  incident: Incident | null;
}

/** What needs somebody, worst first, then newest first. */
export const attention = computed<Line[]>(() => {
  const told = new Set(incidents.value.map((incident) => incident.monitor_id));
  const silent = (monitors.value ?? []).filter((monitor) => (monitor.status === "down" || monitor.status === "degraded") && !told.has(monitor.id));
  const lines = [...incidents.value.map(ofIncident), ...silent.map(ofMonitor)];
  return lines.sort((a, b) => rank(a.status) - rank(b.status) || (b.since ?? 0) - (a.since ?? 0));
});

function ofIncident(incident: Incident): Line {
  const now = byId.value.get(incident.monitor_id)?.status;
  const status: Status = incident.kind === "down" ? (now === "degraded" ? "degraded" : "down") : "degraded";
  return { status, monitor: incident.monitor_id, name: incident.monitor, cause: incident.cause, since: Date.parse(incident.began), incident };
}

function ofMonitor(monitor: Monitor): Line {
  return { status: monitor.status, monitor: monitor.id, name: monitor.name, cause: monitor.said, since: monitor.since, incident: null };
}

/** `told: mail; not yet hook`: each channel as its newest message stands. */
export function told(all: readonly Delivery[], incident: string): string {
  const newest = new Map<string, Delivery>();
  for (const delivery of all) {
    if (delivery.incident === incident && !newest.has(delivery.channel)) newest.set(delivery.channel, delivery);
  }
  const of = (fits: (state: string) => boolean) =>
    [...newest.values()]
      .filter((one) => fits(one.state))
      .map((one) => visible(one.channel))
      .join(", ");
  const sent = of((state) => state === "sent");
  const refused = of((state) => state === "refused");
  const waiting = of((state) => state !== "sent" && state !== "refused");
  const parts = [sent, waiting && t.overview.notYet(waiting), refused && t.overview.refused(refused)].filter(Boolean);
  return parts.join("; ") || t.overview.nobody;
}

/** The card; nothing at all when all is well. */
export function Attention() {
  const lines = attention.value;
  if (lines.length === 0) return null;
  const more = lines.length - LINES;
  return (
    <section class="card attention" aria-label={t.overview.attention}>
      <ul>
        {lines.slice(0, LINES).map((line) => (
          <One key={line.incident?.id ?? line.monitor} line={line} />
        ))}
      </ul>
      {more > 0 && (
        <p class="more small">
          <a href={to("/incidents?show=open")}>{t.overview.more(more)}</a>
        </p>
      )}
    </section>
  );
}

/** Who sees to it, or else who was told. */
function saidOf(incident: Incident): string {
  if (incident.acknowledged) return t.overview.seenTo(visible(incident.acknowledged.by));
  return t.overview.told(told(deliveries.value, incident.id));
}

function One({ line }: { line: Line }) {
  const age = line.since === null ? "" : duration(now.value - line.since);
  return (
    <li class={line.status}>
      <Glyph status={line.status} size={18} label={t.status[line.status]} />
      <a class="q strong ell name" href={to(`/m/${line.monitor}`)}>
        {visible(line.name)}
      </a>
      <span class="why">{sentence(visible(line.cause)) || t.overview.noIncident}</span>
      <span class="num muted nowrap time" title={line.since === null ? "" : exact(line.since)}>
        {age}
      </span>
      <span class="muted small told">{line.incident && saidOf(line.incident)}</span>
      <span class="act">
        {mayWrite.value && line.incident && !line.incident.acknowledged && (
          <button type="button" class="btn sm" aria-label={t.acknowledge.title(visible(line.name))} onClick={() => (acknowledging.value = line.incident)}>
            {t.acknowledge.do}
          </button>
        )}
        {line.incident && (
          <a class="btn sm" href={to(`/i/${line.incident.id}`)} aria-label={`${t.overview.incident} ${line.incident.id}`}>
            {t.overview.incident}
          </a>
        )}
      </span>
    </li>
  );
}
