// An incident as Markdown, for a ticket or a review.

import type { Delivery, IncidentInFull } from "../api/types";
import { causeNow } from "../monitor/cause";
import type { Evidence } from "../monitor/evidence";
import { duration, exact, sentence, visible } from "../state/format";
import { t } from "../texts";
import { eventsOf } from "./timeline";

/** The whole incident. Moments are in UTC: whoever reads it may be elsewhere. */
export function markdown(incident: IncidentInFull, deliveries: readonly Delivery[]): string {
  const lines = [
    `# ${t.incidents.title1(visible(incident.monitor), visible(causeNow(incident)))}`,
    "",
    `- ${t.incidents.number(incident.id)}: ${t.incidentKind[incident.kind]}, ${incident.open ? t.incidents.ongoing : t.incidents.resolved.toLowerCase()}`,
    `- ${t.incidents.column.began}: ${exact(Date.parse(incident.began))}`,
    `- ${t.incidents.downFor}: ${duration(incident.lasted_ms)}`,
    `- ${t.incidents.column.cause}: ${sentence(visible(incident.cause))}`,
    `- ${t.incidents.alerts}: ${t.number(deliveries.length)}`,
    "",
    `## ${t.incidents.happened}`,
    "",
    ...eventsOf(incident, (incident.evidence ?? {}) as Evidence).map((event) => `- ${exact(event.at)} **${event.title}** ${event.text}`.trimEnd()),
  ];
  if (incident.link) lines.push("", incident.link);
  return `${lines.join("\n")}\n`;
}
