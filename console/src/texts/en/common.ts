// What is said on more than one page: states, units, problems, forms.

import type { Role } from "../../api/types";
import type { Status } from "../../state/model";
import { count, whole } from "./words";

export { count };

export const name = "Allswell";

export const number = (number: number) => whole.format(number);

export const none = "–";

export const status = {
  up: "Up",
  degraded: "Degraded",
  down: "Down",
  maintenance: "Maintenance",
  paused: "Paused",
  unknown: "No data",
} satisfies Record<Status, string>;

export const statusShort = { maintenance: "Maint." };

export const incidentKind = { down: "Down", degraded: "Degraded", certificate: "Certificate" } as Record<string, string>;

export const outcome = { pass: "pass", warn: "warn", fail: "fail", unknown: "could not ask" } as Record<string, string>;

export const phase = { dns: "DNS", connect: "Connect", tls: "TLS", first_byte: "First byte", transfer: "Transfer" } as Record<string, string>;

export const reason = (reason: string) => reason.replaceAll("_", " ");

export const unit = { day: "d", hour: "h", minute: "m", second: "s", millisecond: "ms" };

export const monitors = (number: number) => count(number, "monitor");

export const days = (number: number) => count(number, "day");

export const problem = {
  title: "This cannot be shown",
  code: (status: number) => `Code ${status}.`,
  back: "Back to the overview",
  closed: "This is not yours to change",
  closedText: "Your role lets you see everything here and change nothing. An owner can give you another one.",
  nothingHere: "There is nothing here",
  nothingHereText: "The address leads nowhere.",
  loading: "Loading",
  outdated: "A part of this page could not be fetched. After an update of the server the page must be loaded anew.",
  reload: "Load the page anew",
};

export const form = {
  optional: "(optional)",
  usual: "as usual",
  perLine: "one per line",
  pairs: "Name: value",
  cancel: "Cancel",
  sure: "Really?",
  addOne: "Add…",
  remove: (word: string) => `Remove ${word}`,
};

export const undo = {
  deleted: (name: string) => `${name} is deleted.`,
  undo: "Undo",
  now: "Delete it now, without waiting",
  refused: (name: string, why: string) => `${name} was not deleted. ${why}`,
};

export const role = { owner: "Owner", editor: "Editor", viewer: "Viewer" } as Record<Role, string>;
export const roleAbout = {
  owner: "Sees and changes everything, keys and users too.",
  editor: "Sees and changes everything but keys and users.",
  viewer: "Sees everything but keys and users, and changes nothing.",
} as Record<Role, string>;
