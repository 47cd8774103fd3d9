// `/i/:id`: one outage. How long, what happened in order, what the other side said, who was told.

import "../styles/incident.css";
import "../styles/monitor.css";
import { useLayoutEffect } from "preact/hooks";
import { read } from "../api/client";
import type { Delivery, Deliveries, Incident, IncidentInFull, Incidents } from "../api/types";
import { type Detail } from "../monitor/data";
import { type Evidence, EvidenceCard, isEmpty } from "../monitor/evidence";
import { IncidentsCard, ToldCard } from "../monitor/facts";
import { statusOf as statusOfCheck } from "../monitor/lanes";
import { causeBrief } from "../monitor/cause";
import { Copy } from "../parts/copy";
import { Crumbs } from "../parts/crumbs";
import { Glyph, State } from "../parts/glyph";
import { Loading, Refused } from "../parts/notice";
import { Page } from "../parts/shell";
import { acknowledging } from "../state/acknowledging";
import { byId, incidents as open } from "../state/fleet";
import { duration, exact, latency, moment, visible } from "../state/format";
import { pageKeys } from "../state/keys";
import { useLive } from "../state/live";
import { mayWrite } from "../state/me";
import { now } from "../state/now";
import { to } from "../state/route";
import { t } from "../texts";
import { statusOf } from "./list";
import { markdown } from "./markdown";
import { Timeline } from "./timeline";
import { WriteCard } from "./write";

const BEFORE = 6;
/** What others write is read again so often while the incident is open. */
const AGAIN_MS = 10_000;

interface Facts {
  incident: IncidentInFull;
  deliveries: Delivery[];
  before: Incident[];
}

async function readFacts(id: string, signal: AbortSignal): Promise<Facts> {
  const [incident, deliveries] = await Promise.all([
    read<IncidentInFull>(`incidents/${encodeURIComponent(id)}`, signal),
    read<Deliveries>("deliveries?limit=2000", signal),
  ]);
  // A monitor that is watched no more has no list of its own.
  const list = await read<Incidents>(`incidents?monitor=${incident.monitor_id}&limit=${BEFORE * 4}`, signal).catch(() => ({ incidents: [] }));
  const before = list.incidents.filter((one) => one.id !== incident.id && one.began < incident.began);
  return { incident, deliveries: deliveries.deliveries.filter((one) => one.incident === incident.id), before: before.slice(0, BEFORE) };
}

/** The page of one incident. */
export function IncidentPage({ id }: { id: string }) {
  const mine = open.value.find((incident) => incident.id === id);
  const beat = mine ? Math.floor(now.value / AGAIN_MS) : 0;
  const facts = useLive<Facts>((_, signal) => readFacts(id, signal), id, `${mine?.id} ${mine?.cause} ${mine?.acknowledged?.time} ${beat}`);
  const waits = facts.value.value?.incident;
  useLayoutEffect(() => {
    if (mayWrite.peek() && waits?.open && !waits.acknowledged) return pageKeys({ a: () => void (acknowledging.value = waits) });
  }, [waits]);
  if (facts.value.value === null) {
    return facts.error.value ? <Refused error={facts.error.value} retry={facts.again} /> : <Loading title={t.incidents.number(id)} />;
  }
  const { incident, deliveries, before } = facts.value.value;
  const evidence = (incident.evidence ?? {}) as Evidence;
  const title = t.incidents.title1(visible(incident.monitor), visible(causeBrief(incident)));
  return (
    <Page title={title} crumbs={<Crumbs under={{ path: "/incidents", name: t.incidents.title }} name={t.incidents.number(id)} />}>
      <div class="row between wrap monitor-head">
        <div class="row wrap titles">
          <h1>{title}</h1>
          <Pill incident={incident} />
          <span class="muted num">{t.incidents.number(incident.id)}</span>
        </div>
        <div class="row wrap">
          <Copy quiet={false} label={t.incidents.copy} text={markdown(incident, deliveries)} />
          {mayWrite.value && incident.open && !incident.acknowledged && (
            <button type="button" class="btn pri" onClick={() => (acknowledging.value = incident)}>
              {t.acknowledge.do} <kbd class="hide-m">A</kbd>
            </button>
          )}
        </div>
      </div>
      <Numbers incident={incident} deliveries={deliveries} version={evidence.detail?.health?.version ?? ""} />
      <div class="two">
        <Timeline incident={incident} evidence={evidence} />
        <div class="col">
          {mayWrite.value && <WriteCard incident={incident} done={facts.again} />}
          <MonitorCard incident={incident} detail={evidence.detail} />
          {!isEmpty(evidence) && <EvidenceCard evidence={evidence} time={Date.parse(incident.began)} />}
          <ToldCard deliveries={deliveries} />
          <IncidentsCard incidents={before} title={t.incidents.before} none={t.incidents.seenNever} />
        </div>
      </div>
    </Page>
  );
}

function Pill({ incident }: { incident: Incident }) {
  const status = incident.open ? statusOf(incident) : "up";
  return (
    <span class={`pill ${status}`}>
      <Glyph status={status} size={16} />
      {incident.open ? `${t.incidentKind[incident.kind]} ${duration(now.value - Date.parse(incident.began))}` : t.incidents.resolved}
    </span>
  );
}

function Numbers({ incident, deliveries, version }: { incident: Incident; deliveries: readonly Delivery[]; version: string }) {
  const [began, opened] = [Date.parse(incident.began), Date.parse(incident.opened)];
  const sent = deliveries.flatMap((delivery) => (delivery.sent ? [Date.parse(delivery.sent)] : []));
  const lasted = incident.open ? now.value - began : incident.lasted_ms;
  const cells: [string, string][] = [
    [t.incidents.downFor, duration(lasted)],
    [t.incidents.noticed, duration(opened - began)],
    [t.incidents.told, sent.length > 0 ? duration(Math.min(...sent) - began) : t.overview.nobody],
    ...(incident.acknowledged
      ? ([
          [t.incidents.acknowledged, t.incidents.acknowledgedBy(duration(Date.parse(incident.acknowledged.time) - began), visible(incident.acknowledged.by))],
        ] as [string, string][])
      : []),
    [t.incidents.column.began, moment(began)],
    ...(version ? ([[t.incidents.version, visible(version)]] as [string, string][]) : []),
  ];
  return (
    <dl class="card facts-strip">
      {cells.map(([name, value]) => (
        <div>
          <dt class="muted small">{name}</dt>
          <dd class="num" title={name === t.incidents.column.began ? exact(began) : undefined}>
            {value}
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** Whose incident it is, and what the app said of its own parts at the first failure. */
function MonitorCard({ incident, detail }: { incident: Incident; detail: Detail | undefined }) {
  const known = byId.value.get(incident.monitor_id);
  const checks = detail?.health?.checks ?? [];
  return (
    <section class="card" aria-labelledby="monitor">
      <header>
        <h2 id="monitor">{t.incidents.monitor}</h2>
        {known && (
          <span class="end">
            <State status={known.status} />
          </span>
        )}
      </header>
      <div class="body stack">
        {known ? (
          <a class="strong" href={to(`/m/${incident.monitor_id}`)}>
            {visible(incident.monitor)}
          </a>
        ) : (
          <span class="strong">{visible(incident.monitor)}</span>
        )}
        {checks.length > 0 && (
          <div>
            <h3 class="muted small">{t.incidents.appThen}</h3>
            <ul class="then">
              {checks.map((check) => (
                <li>
                  <Glyph status={statusOfCheck[check.status]} size={14} label={t.monitor.check[check.status] ?? ""} />
                  <span class="grow">
                    {visible(check.name)} {check.message && <span class="muted">{visible(check.message)}</span>}
                  </span>
                  {check.response_time_ms != null && <span class="num muted small nowrap">{latency(check.response_time_ms)}</span>}
                </li>
              ))}
            </ul>
          </div>
        )}
      </div>
    </section>
  );
}
