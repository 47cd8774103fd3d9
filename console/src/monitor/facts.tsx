// What stands beside the chart: uptime with its coverage, the certificate, past incidents, who was told.

import type { Delivery, Incident, Monitor } from "../api/types";
import { Glyph, State } from "../parts/glyph";
import { brief, day, duration, exact, moment, sentence, visible } from "../state/format";
import type { Status } from "../state/model";
import { to } from "../state/route";
import { t } from "../texts";
import type { Certificate } from "./data";

const DAY_MS = 86_400_000;
const WINDOWS = [
  ["24h", 1],
  ["7d", 7],
  ["30d", 30],
  ["90d", 90],
] as const;

/** Nothing is given as a number over a time that was not watched. */
export function UptimeCard({ monitor }: { monitor: Monitor }) {
  let before: number | null = null;
  const cells = WINDOWS.map(([name, days]) => {
    const number = monitor.uptime[name];
    const known = ((number?.coverage_percent ?? 0) / 100) * days * DAY_MS;
    // Half a per cent: what is missing between two writes of "I am watching" is no gap.
    const whole = (number?.coverage_percent ?? 0) >= 99.5;
    const repeats = before !== null && known <= before * 1.01;
    before = known;
    if (!number || number.percent == null) return { name, text: t.none, known: "" };
    if (!whole && repeats) return { name, text: "", known: t.list.only(brief(known)) };
    return { name, text: number.text, known: whole ? "" : t.monitor.coverage(brief(known)) };
  });
  return (
    <section class="card" aria-labelledby="uptime">
      <header>
        <h2 id="uptime">{t.monitor.uptime}</h2>
        <span class="end muted small">{t.monitor.countedSince(day(Date.parse(monitor.created)))}</span>
      </header>
      <dl class="stat">
        {cells.map((cell) => (
          <div>
            <dt class="muted small">{t.monitor.windows[cell.name]}</dt>
            <dd>
              {cell.text && <b>{cell.text}</b>}
              {cell.known && <span class="muted small">{cell.known}</span>}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

const NAMES = 4;
const SOON = 14;

/** The chain, leaf first. Days are counted anew: the facts are stored only when they change. */
export function CertificateCard({ certificate, now }: { certificate: Certificate; now: number }) {
  const ends = Math.min(certificate.not_after_ms, ...certificate.chain.map((link) => link.not_after_ms));
  const left = Math.floor((ends - now) / DAY_MS);
  const all = Math.round((certificate.not_after_ms - certificate.not_before_ms) / DAY_MS);
  const status: Status = !certificate.trusted || left < 0 ? "down" : left < SOON ? "degraded" : "up";
  const names = certificate.names.slice(0, NAMES).map(visible).join(", ");
  const more = certificate.names.length - NAMES;
  return (
    <section class="card" aria-labelledby="certificate">
      <header>
        <h2 id="certificate">{t.monitor.certificate}</h2>
        <span class="end">
          <State status={status}>{t.monitor.daysLeft(left)}</State>
        </span>
      </header>
      <p class="small muted facts">
        {[certificate.trusted ? t.monitor.trusted : t.monitor.notTrusted, certificate.protocol].filter(Boolean).join(", ")}
        {names && ` · ${more > 0 ? t.monitor.moreNames(names, more) : names}`}
      </p>
      <ol class="chain">
        {certificate.chain.map((link, index) => (
          <li>
            <Glyph status={link.not_after_ms < now ? "down" : status} size={16} />
            <div>
              <span class="strong">{visible(commonName(link.subject))}</span>
              <div class="muted small">{t.monitor.issuedBy(visible(commonName(link.issuer)))}</div>
              {index === 0 && all > 0 && (
                <div class="meter" role="img" aria-label={t.monitor.daysOf(left, all)}>
                  <i class={status} style={{ width: `${Math.min(100, Math.max(0, (left / all) * 100))}%` }} />
                </div>
              )}
            </div>
            <span class="num muted small nowrap" title={exact(link.not_after_ms)}>
              {day(link.not_after_ms, now)}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** The common name out of a subject like `CN=example.com,O=Example`; the whole when there is none. */
function commonName(subject: string): string {
  const part = subject.split(/[,+]/).find((one) => one.trim().startsWith("CN="));
  return part?.trim().slice(3) ?? subject;
}

/** The outages of a monitor, newest first. */
export function IncidentsCard({
  incidents,
  title = t.monitor.incidents,
  none = t.monitor.noIncidents,
}: {
  incidents: readonly Incident[];
  title?: string;
  none?: string;
}) {
  return (
    <section class="card" aria-label={title}>
      <header>
        <h2>{title}</h2>
      </header>
      {incidents.length === 0 ? (
        <p class="body muted">{none}</p>
      ) : (
        <ol class="tl">
          {incidents.map((incident) => (
            <li>
              <Glyph status={incident.kind === "down" ? "down" : "degraded"} size={15} label={t.incidentKind[incident.kind] ?? incident.kind} />
              <a class="q" href={to(`/i/${incident.id}`)}>
                {sentence(visible(incident.cause))}
              </a>
              <span class="num muted small nowrap">
                {incident.open ? t.incidents.ongoing : duration(incident.lasted_ms)}
                <br />
                {moment(Date.parse(incident.began))}
              </span>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

/** What a delivery came to, in one line. */
export function deliveryLine(delivery: Delivery): { status: Status; text: string } {
  const channel = visible(delivery.channel);
  const answer = visible(delivery.last_answer ?? "");
  if (delivery.state === "sent") return { status: "up", text: t.monitor.sent(channel, answer) };
  if (delivery.state === "refused") return { status: "down", text: t.monitor.refused(channel, answer) };
  return { status: "unknown", text: t.monitor.waiting(channel, delivery.attempts) };
}

/** Who was told, newest first. */
export function ToldCard({ deliveries }: { deliveries: readonly Delivery[] }) {
  return (
    <section class="card" aria-labelledby="told">
      <header>
        <h2 id="told">{t.monitor.told}</h2>
      </header>
      {deliveries.length === 0 ? (
        <p class="body muted">{t.monitor.toldNobody}</p>
      ) : (
        <ol class="tl">
          {deliveries.map((delivery) => {
            const { status, text } = deliveryLine(delivery);
            return (
              <li>
                <Glyph status={status} size={15} />
                <span class="answer">
                  <span class="strong">{delivery.kind}</span> {text}
                </span>
                <span class="num muted small nowrap">{moment(Date.parse(delivery.sent ?? delivery.created))}</span>
              </li>
            );
          })}
        </ol>
      )}
    </section>
  );
}
