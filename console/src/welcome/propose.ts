// What a first answer lets one propose: beyond which time the next ones are too slow, and which relay sends an address's mail.

import type { Trial } from "../api/types";

/** Times that people would say, in milliseconds. */
const ROUND = [500, 1_000, 2_000, 3_000, 5_000];
/** So much slower than the first answer may be usual. */
const SLACK = 10;

/** Conditions for what answered like this; none where it did not answer well. */
export function conditionsFor(trial: Trial): string[] {
  if (trial.outcome !== "pass") return [];
  const limit = ROUND.find((ms) => ms >= trial.phases_ms.total * SLACK);
  return limit ? [`time.total < duration('${limit < 1_000 ? `${limit}ms` : `${limit / 1_000}s`}')`] : [];
}

/** The relays of those who keep many people's mail. */
const RELAYS: Record<string, string> = {
  "gmail.com": "smtp.gmail.com:587",
  "googlemail.com": "smtp.gmail.com:587",
  "icloud.com": "smtp.mail.me.com:587",
  "fastmail.com": "smtp.fastmail.com:587",
  "gmx.de": "mail.gmx.net:587",
  "gmx.net": "mail.gmx.net:587",
  "web.de": "smtp.web.de:587",
  "posteo.de": "posteo.de:587",
  "mailbox.org": "smtp.mailbox.org:587",
};

/** The relay of an address's domain, where it is known. */
export function relayOf(address: string): string {
  const host = RELAYS[address.split("@")[1]?.toLowerCase() ?? ""];
  return host ? `smtp+starttls://${host}` : "";
}
