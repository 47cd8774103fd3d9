// What happened in an incident, oldest first.

import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import type { IncidentInFull } from "../api/types";
import type { Evidence } from "../monitor/evidence";
import { Glyph } from "../parts/glyph";
import { Icon, type IconName } from "../parts/icon";
import { duration, exact, moment, sentence, visible } from "../state/format";
import type { Status } from "../state/model";
import { t } from "../texts";
import { statusOf } from "./list";

type Kind = "states" | "alerts" | "people";

/** One thing that happened. */
interface Event {
  at: number;
  kind: Kind;
  mark: Status | IconName;
  title: string;
  text: string;
}

/** Everything that happened, oldest first: what the server wrote down, and what follows from the incident itself. */
export function eventsOf(incident: IncidentInFull, evidence: Evidence): Event[] {
  const status = statusOf(incident);
  const first: Event = {
    at: Date.parse(incident.began),
    kind: "states",
    mark: status,
    title: t.incidents.firstFailure,
    text: visible(evidence.answer ?? evidence.detail?.message ?? ""),
  };
  return [first, ...incident.timeline.map((line) => eventOf(line, incident, status))].sort((a, b) => a.at - b.at);
}

function eventOf(line: IncidentInFull["timeline"][number], incident: IncidentInFull, status: Status): Event {
  const text = visible(line.text);
  const event = (kind: Kind, mark: Status | IconName, title: string, what = text): Event => ({ at: Date.parse(line.time), kind, mark, title, text: what });
  switch (line.what) {
    case "opened": {
      const after = duration(Date.parse(incident.opened) - Date.parse(incident.began));
      return event("states", status, t.incidents.confirmed[incident.kind] ?? incident.kind, `${sentence(text)} ${t.incidents.after(after)}`);
    }
    case "turned":
      return event("states", "degraded", t.incidents.turned, sentence(text));
    case "closed":
      return event("states", "up", t.incidents.over);
    case "acknowledged":
      return event("people", "check", t.incidents.acknowledgedEvent);
    case "note":
    case "update":
      return event("people", line.what === "note" ? "write" : "page", t.write.event[line.what]);
    case "silenced":
      return event("alerts", "bell", t.incidents.silenced);
    case "sent":
      return event("alerts", "bell", t.incidents.sent);
    case "retried":
      return event("alerts", "clock", t.incidents.retried);
    case "refused":
      return event("alerts", "x", t.incidents.refused);
    default:
      return event("people", "check", line.what.charAt(0).toUpperCase() + line.what.slice(1));
  }
}

const isStatus = (mark: Status | IconName): mark is Status => mark in t.status;

/** The card. */
export function Timeline({ incident, evidence }: { incident: IncidentInFull; evidence: Evidence }) {
  const which = useSignal<Kind | "all">("all");
  const all = eventsOf(incident, evidence);
  const kinds = (["states", "people", "alerts"] as const).filter((kind) => all.some((event) => event.kind === kind));
  const shown = all.filter((event) => which.value === "all" || event.kind === which.value);
  const choice = (one: Kind | "all", text: ComponentChildren) => (
    <button type="button" aria-pressed={which.value === one} onClick={() => (which.value = one)}>
      {text}
    </button>
  );
  return (
    <section class="card" aria-labelledby="happened">
      <header>
        <h2 id="happened">{t.incidents.happened}</h2>
        <span class="end seg" role="group" aria-label={t.incidents.show}>
          {choice("all", t.incidents.all)}
          {kinds.map((kind) => choice(kind, t.incidents[kind]))}
        </span>
      </header>
      <ol class="ev">
        {shown.map((event) => (
          <li>
            <time dateTime={new Date(event.at).toISOString()} title={exact(event.at)}>
              {moment(event.at)}
            </time>
            <span class={isStatus(event.mark) ? "dot" : "dot n"}>
              {isStatus(event.mark) ? <Glyph status={event.mark} size={20} /> : <Icon name={event.mark} size={13} />}
            </span>
            <div>
              <div class="t">{event.title}</div>
              {event.text && <div class="muted">{event.text}</div>}
            </div>
          </li>
        ))}
      </ol>
    </section>
  );
}
