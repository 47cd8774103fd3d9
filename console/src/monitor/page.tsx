// `/m/:id`: one monitor. What is wrong, how its time divides by phase, what the app says, the checks one by one.

import "../styles/monitor.css";
import { useMemo } from "preact/hooks";
import { read } from "../api/client";
import type { Deliveries, Delivery, Incident, IncidentInFull, Incidents, Monitor, MonitorInFull } from "../api/types";
import { Crumbs } from "../parts/crumbs";
import { Glyph } from "../parts/glyph";
import { Loading, Refused } from "../parts/notice";
import { Page } from "../parts/shell";
import { byId, newsOf } from "../state/fleet";
import { duration, interval, sentence, visible } from "../state/format";
import { useLive } from "../state/live";
import { mayWrite } from "../state/me";
import { now } from "../state/now";
import { to } from "../state/route";
import { t } from "../texts";
import { Actions } from "./actions";
import { causeNow } from "./cause";
import { detailOf } from "./data";
import { type Evidence, EvidenceCard, isEmpty } from "./evidence";
import { CertificateCard, IncidentsCard, ToldCard, UptimeCard } from "./facts";
import { ResponseCard } from "./response";

const INCIDENTS = 8;
const DELIVERIES = 6;

/** What the page reads beside the results. */
interface Facts {
  monitor: MonitorInFull;
  incidents: Incident[];
  deliveries: Delivery[];
  /** The newest incident with what was seen at its first failure. */
  newest: IncidentInFull | null;
}

async function readFacts(id: string, before: Facts | null, signal: AbortSignal): Promise<Facts> {
  const key = encodeURIComponent(id);
  const [monitor, incidents, deliveries] = await Promise.all([
    read<MonitorInFull>(`monitors/${key}`, signal),
    read<Incidents>(`incidents?monitor=${key}&limit=${INCIDENTS}`, signal),
    read<Deliveries>("deliveries?limit=500", signal),
  ]);
  const newest = incidents.incidents[0];
  const same = newest && before?.newest?.id === newest.id && before.newest.open === newest.open && before.newest.cause === newest.cause;
  return {
    monitor,
    incidents: incidents.incidents,
    deliveries: deliveries.deliveries.filter((delivery) => delivery.monitor_id === monitor.id).slice(0, DELIVERIES),
    newest: same ? (before?.newest ?? null) : newest ? await read<IncidentInFull>(`incidents/${newest.id}`, signal) : null,
  };
}

/** The page of one monitor. */
export function MonitorPage({ id }: { id: string }) {
  const known = byId.value.get(Number(id));
  const news = useMemo(() => newsOf(Number(id)), [id]);
  const facts = useLive<Facts>((before, signal) => readFacts(id, before, signal), id, news.value);
  if (facts.value.value === null) {
    if (facts.error.value) return <Refused error={facts.error.value} retry={facts.again} />;
    return <Loading title={known ? visible(known.name) : t.problem.loading} />;
  }
  const { monitor, incidents, deliveries, newest } = facts.value.value;
  const name = visible(monitor.name);
  const certificate = detailOf(monitor.last_result).certificate;
  const evidence = newest?.evidence as Evidence | null | undefined;
  return (
    <Page title={t.monitor.tabTitle(t.status[monitor.status], name)} crumbs={<Crumbs name={name} />}>
      <Head monitor={monitor} again={facts.again} />
      <Why monitor={monitor} incident={newest?.open ? newest : null} />
      <div class="two">
        <ResponseCard monitor={monitor} />
        <div class="col">
          {newest && evidence && !isEmpty(evidence) && <EvidenceCard key={newest.id} evidence={evidence} time={Date.parse(newest.began)} />}
          <UptimeCard monitor={monitor} />
          {certificate && <CertificateCard certificate={certificate} now={now.value} />}
          <IncidentsCard incidents={incidents} />
          <ToldCard deliveries={deliveries} />
        </div>
      </div>
    </Page>
  );
}

function Head({ monitor, again }: { monitor: MonitorInFull; again: () => void }) {
  const since = monitor.since ? duration(now.value - Date.parse(monitor.since)) : "";
  return (
    <div class="row wrap monitor-head">
      <h1>{visible(monitor.name)}</h1>
      <span class={`pill ${monitor.status}`}>
        <Glyph status={monitor.status} size={16} />
        {t.status[monitor.status]} {since}
      </span>
      <span class="muted mono target">{visible(monitor.target)}</span>
      {monitor.tags.map((tag) => (
        <span class="tag">{visible(tag)}</span>
      ))}
      {mayWrite.value && <Actions monitor={monitor} done={again} />}
    </div>
  );
}

/** The sentence that says what is wrong, or that there is no answer yet. */
function Why({ monitor, incident }: { monitor: Monitor; incident: IncidentInFull | null }) {
  if (!monitor.last_result && monitor.status === "unknown") {
    return (
      <section class="why unknown" aria-label={t.monitor.wrong}>
        <Glyph status="unknown" size={26} />
        <p>{t.monitor.noDataTitle}</p>
        <p class="sub">{t.monitor.noDataText(interval(monitor.interval_s))}</p>
      </section>
    );
  }
  if (!incident) return null;
  const status = incident.kind === "down" && monitor.status !== "degraded" ? "down" : "degraded";
  const noticed = duration(Date.parse(incident.opened) - Date.parse(incident.began));
  return (
    <section class={`why ${status}`} aria-label={t.monitor.wrong}>
      <Glyph status={status} size={26} />
      <p>{sentence(visible(causeNow(incident)))}</p>
      <a class="btn" href={to(`/i/${incident.id}`)}>
        {t.monitor.openIncident(incident.id)}
      </a>
      <p class="sub num">{t.monitor.opened(duration(now.value - Date.parse(incident.began)), noticed)}</p>
    </section>
  );
}
