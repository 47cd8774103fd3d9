// What an incident is about.

import type { IncidentInFull } from "../api/types";

/** The same for a heading: what was wrong, without what stood around it. */
export const causeBrief = (incident: IncidentInFull) => causeNow(incident).split(";", 1)[0] ?? "";

/** What the incident is or was last about: it may have turned since it was opened. */
export function causeNow(incident: IncidentInFull): string {
  const told = incident.timeline.findLast((line) => line.what === "opened" || line.what === "turned");
  return told?.text ?? incident.cause;
}
