// Channels, and what became of every message.

import { count } from "./words";

export const alerting = {
  title: "Alerting",
  about: "Where messages go, and what became of each of them.",
  channels: "Channels",
  add: "Add channel",
  addTitle: "Where should messages go?",
  kindOf: "Kind of channel",
  kind: (kind: string) =>
    (({ email: "E-mail", pagerduty: "PagerDuty", ntfy: "ntfy" }) as Record<string, string>)[kind] ?? kind.charAt(0).toUpperCase() + kind.slice(1),
  nameHint: "Monitors name it when it is to be told.",
  more: "More",
  saveAndTest: "Save and send a test",
  test: "Send a test",
  testing: "Sending…",
  taken: (answer: string) => `The test was taken: ${answer}`,
  notTaken: (answer: string) => `The test was not taken: ${answer}`,
  inFile: "in a file",
  never: "nothing was sent yet",
  ago: (age: string) => `${age} ago`,
  empty: "Nobody is told yet",
  emptyText: "Add a channel: e-mail, a webhook, or one of the usual services. A test really sends.",
  log: "Messages",
  ofChannel: "Messages of which channel",
  allChannels: "all channels",
  state: { waiting: "Waiting", sent: "Taken", refused: "Refused" } as Record<string, string>,
  isNow: { down: "is down", up: "is up again", degraded: "is degraded", certificate: "has a certificate that ends", test: "is tested" } as Record<string, string>,
  attempts: (number: number) => (number === 0 ? "not tried yet" : `tried ${count(number, "time")}`),
  result: { sent: "taken", retried: "not yet", refused: "refused" } as Record<string, string>,
  underWay: "not known",
  next: (time: string) => `Next attempt in ${time}.`,
  noMessages: "No message was sent yet. One is, as soon as a monitor with a channel is confirmed down.",
  noneOf: "No message fits.",
  older: "Show older messages",
};
