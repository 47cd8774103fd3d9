// A rehearsal of a manifest's probes.

import { count, whole } from "./words";

export const rehearsal = {
  title: "Probe rehearsal",
  startTitle: "Look at a rehearsal",
  startText: "A rehearsal runs an app under its manifest's probes, by the kubelet's rules, with no cluster. `--open` shows it here; `--json` writes a file that can be dropped here.",
  command: "How to write one",
  example: "allswell rehearse deployment.yaml --for 2m --fault hang@30s..60s --open \\\n  -- uvicorn app:app --port {port}",
  choose: "Choose a file…",
  stays: "It stays in this browser; nothing is sent.",
  copyLink: "Copy link",
  noLink: "This link is not whole: what stands behind its # cannot be read. Ask for it again, or for the file.",
  noJson: "This is no JSON. A rehearsal is written by `allswell rehearse … --json`.",
  noRehearsal: "This JSON is no rehearsal: not all is in it that the picture is drawn of. One is written by `allswell rehearse … --json`.",
  headline: (restarts: number, ready: boolean) =>
    !ready
      ? "It never became ready"
      : restarts === 0
        ? "It would run without a restart"
        : `It would be restarted ${restarts === 1 ? "once" : restarts === 2 ? "twice" : `${whole.format(restarts)} times`}`,
  verdict: (bad: number) => (bad === 0 ? "Passed" : count(bad, "rule broken", "rules broken")),
  about: (workload: string, container: string, length: string) =>
    `${workload}, container ${container}: ${length} by the kubelet's probe rules, against the real app. No cluster.`,
  restarts: "Restarts",
  readyAfter: "Ready after",
  unready: "Out of service",
  detection: "Noticed after",
  shutdown: "Ended within",
  sigkill: "killed",
  dropped: "Requests dropped",
  timeline: "Timeline",
  passed: "probe passed",
  failedProbe: "probe failed",
  container: "Container",
  endpoint: "Endpoint",
  fault: "Fault",
  of: (name: string, replica: number) => `${name} ${replica}`,
  running: "running",
  ending: "ending",
  inService: "in service",
  outOfService: "out of service",
  askings: (all: number, failed: number) => `${count(all, "asking")}, ${whole.format(failed)} failed`,
  decisions: "What the kubelet did",
  everyProbe: "Every probe",
  time: "Time",
  replica: "Replica",
  event: "Event",
  why: "Why",
  findings: "Findings",
  failed: "Rule broken",
  advice: "Advice",
  nothingFound: "Nothing was found.",
};
