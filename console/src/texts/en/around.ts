// What stands around every page: where one can go, how fresh it is, keys, the palette.

import type { Status } from "../../state/model";
import { status as words } from "./common";
import { count, whole } from "./words";

export const nav = {
  main: "Main",
  skip: "Skip to content",
  overview: "Overview",
  incidents: "Incidents",
  pages: "Status pages",
  pagesShort: "Pages",
  monitors: "Monitors",
  rehearsal: "Probe rehearsal",
  kubernetes: "Kubernetes",
  setup: "Set-up",
  alerting: "Alerting",
  maintenance: "Maintenance",
  settings: "Settings",
  me: "Your account:",
  plain: "Plain overview",
  api: "API description",
  breadcrumb: "Breadcrumb",
  theme: "Switch between light and dark",
  search: "Search or jump to",
  more: "More",
  version: (version: string) => `v${version}`,
};

export const live = {
  live: "Live",
  loading: "Loading",
  stale: (since: string, seconds: number) => `From ${since}, again in ${seconds} s`,
  staleLong: (since: string, why: string) => `What you see is from ${since}: ${why}.`,
  retry: "Try again now",
  unreachable: "the server cannot be reached",
  went: (number: number, status: Status) => `${count(number, "monitor")} ${number === 1 ? "is" : "are"} now ${words[status].toLowerCase()}`,
};

export const keys = {
  title: "Keys",
  close: "Close",
  hint: "Not while you write in a field.",
  mod: /Mac|iPhone|iPad/.test(globalThis.navigator?.platform ?? "") ? "⌘" : "Ctrl ",
  list: [
    ["⌘K", "search or jump to; elsewhere Ctrl K"],
    ["/", "filter"],
    ["J", "next row"],
    ["K", "previous row"],
    ["Enter", "open"],
    ["X", "select, with Shift up to here"],
    ["G O", "overview"],
    ["G I", "incidents"],
    ["G M", "maintenance"],
    ["G P", "status pages"],
    ["G A", "alerting"],
    ["G S", "settings"],
    ["G K", "probe rehearsal"],
    ["N", "add a monitor"],
    ["R", "check now"],
    ["P", "pause or resume"],
    ["E", "edit"],
    ["A", "acknowledge an incident"],
    ["T", "range of the charts"],
    ["D", "light or dark"],
    ["?", "this list"],
  ] as const,
  move: "move",
  select: "select",
  open: "open",
  all: "all keys",
  off: "Single keys do something",
};

export const palette = {
  title: "Search or jump to",
  placeholder: "A monitor, a tag, a page, a target to watch…",
  results: "Results",
  section: { monitors: "Monitors", do: "Do", go: "Go to" },
  monitors: (number: number) => `Monitors, ${whole.format(number)}`,
  check: (name: string) => `Check ${name} now`,
  edit: (name: string) => `Edit ${name}`,
  acknowledge: (name: string) => `Acknowledge ${name}`,
  add: (target: string) => `Watch ${target}`,
  down: "What is down",
  label: { tag: (name: string) => `Tag ${name}`, group: (name: string) => `Group ${name}` },
  failed: "It could not be asked.",
  nothing: "Nothing fits.",
};
