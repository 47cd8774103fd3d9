// `/incidents`: all outages, newest first; the open ones above.

import "../styles/incident.css";
import { useSignal } from "@preact/signals";
import { read } from "../api/client";
import type { Incident, Incidents } from "../api/types";
import { State } from "../parts/glyph";
import { Empty, Loading, Refused } from "../parts/notice";
import { Page } from "../parts/shell";
import { incidents as open } from "../state/fleet";
import { duration, exact, moment, sentence, visible } from "../state/format";
import { useLive } from "../state/live";
import type { Status } from "../state/model";
import { now } from "../state/now";
import { query, keep, to } from "../state/route";
import { t } from "../texts";

type Which = "all" | "open" | "past";
const WHICH: readonly Which[] = ["all", "open", "past"];
const STEP = 100;

const asked = (): Which => WHICH.find((one) => one === new URLSearchParams(query.value).get("show")) ?? "all";

/** The page of all incidents. */
export function IncidentsPage() {
  const limit = useSignal(STEP);
  const which = asked();
  const list = useLive<Incidents>((_, signal) => read<Incidents>(`incidents?limit=${limit.peek()}`, signal), `${limit.value}`, open.value);
  const choose = (one: Which) => keep(one === "all" ? "" : `?show=${one}`);
  if (list.value.value === null) {
    return list.error.value ? <Refused error={list.error.value} retry={list.again} /> : <Loading title={t.incidents.title} />;
  }
  const all = list.value.value.incidents;
  const shown = all.filter((incident) => which === "all" || incident.open === (which === "open"));
  const number = all.filter((incident) => incident.open).length;
  return (
    <Page title={t.incidents.tabTitle(number)} crumbs={<b>{t.incidents.title}</b>}>
      <div class="row between wrap head">
        <h1>{t.incidents.headline(number)}</h1>
        <div class="seg" role="group" aria-label={t.incidents.which}>
          {WHICH.map((one) => (
            <button type="button" aria-pressed={one === which} onClick={() => choose(one)}>
              {t.incidents[one]}
            </button>
          ))}
        </div>
      </div>
      {shown.length === 0 ? (
        <Empty title={which === "open" ? t.incidents.emptyOpen : t.incidents.empty} text={t.incidents.emptyText} />
      ) : (
        <section class="card" aria-label={t.incidents.title}>
          <ol class="incidents">
            {shown.map((incident) => (
              <Row key={incident.id} incident={incident} />
            ))}
          </ol>
        </section>
      )}
      {all.length >= limit.value && (
        <button type="button" class="btn" onClick={() => (limit.value += STEP)}>
          {t.incidents.more}
        </button>
      )}
    </Page>
  );
}

/** The status that an incident is drawn with: what it was while it lasted. */
export const statusOf = (incident: Incident): Status => (incident.kind === "down" ? "down" : "degraded");

function Row({ incident }: { incident: Incident }) {
  const began = Date.parse(incident.began);
  const status = statusOf(incident);
  return (
    <li class={incident.open ? status : "past"}>
      <State status={status}>
        <span>{t.incidentKind[incident.kind]}</span>
      </State>
      <a class="q strong ell" href={to(`/m/${incident.monitor_id}`)}>
        {visible(incident.monitor)}
      </a>
      <a class="q cause" href={to(`/i/${incident.id}`)}>
        {sentence(visible(incident.cause))}
      </a>
      <span class="num muted nowrap" title={exact(began)}>
        {moment(began)}
      </span>
      <span class="num nowrap lasted">
        {incident.open ? <span class={`bad ${status}`}>{duration(now.value - began)}</span> : <span class="muted">{duration(incident.lasted_ms)}</span>}
      </span>
    </li>
  );
}
