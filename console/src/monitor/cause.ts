// What an incident is about.

import type { IncidentInFull } from "../api/types";

/** What the incident is or was last about: it may have turned since it was opened. */
export function causeNow(incident: IncidentInFull): string {
  const told = incident.timeline.findLast((line) => line.what === "opened" || line.what === "turned");
  return told?.text ?? incident.cause;
}
