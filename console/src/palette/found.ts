// What the palette finds: monitors, things to do with them, places to go.

import { send } from "../api/client";
import { readAll } from "../add/pasted";
import type { IconName } from "../parts/icon";
import { acknowledging } from "../state/acknowledging";
import { counts, incidents, monitors, refresh } from "../state/fleet";
import { word } from "../state/filter";
import { visible } from "../state/format";
import { keysShown } from "../state/keys";
import { type Monitor, rank, type Status } from "../state/model";
import { mayWrite, signOut, who } from "../state/me";
import { go } from "../state/route";
import { switchTheme } from "../state/theme";
import { t } from "../texts";

/** One line. */
export interface Found {
  id: string;
  section: "monitors" | "do" | "go";
  mark: Status | IconName;
  text: string;
  about: string;
  act: () => void;
}

type Fixed = [id: string, mark: IconName, text: string, act: () => void];

const MONITORS = 8;
const LABELS = 5;

/** How well a text fits: smaller is better, `null` when it does not. */
export function fit(text: string, wanted: string): number | null {
  const at = text.toLowerCase().indexOf(wanted);
  if (at < 0) return null;
  if (at === 0) return 0;
  return /[\s\-_./:@]/.test(text.charAt(at - 1)) ? 1 : 2;
}

/** The monitors that fit best, those in trouble first among equals. */
export function fitting(all: readonly Monitor[], wanted: string): { shown: Monitor[]; number: number } {
  const found = all.flatMap((monitor) => {
    const by = fit(monitor.name, wanted) ?? (monitor.text.includes(wanted) ? 3 : null);
    return by === null ? [] : [{ monitor, by }];
  });
  found.sort((a, b) => a.by - b.by || rank(a.monitor.status) - rank(b.monitor.status) || a.monitor.place - b.monitor.place);
  return { shown: found.slice(0, MONITORS).map((one) => one.monitor), number: found.length };
}

/** Everything that fits what is written. */
export function find(text: string, said: (what: string) => void): { found: Found[]; number: number } {
  const wanted = text.trim().toLowerCase();
  const all = monitors.value ?? [];
  const { shown, number } = wanted ? fitting(all, wanted) : { shown: [], number: 0 };
  const found: Found[] = shown.map((monitor) => ({
    id: `m${monitor.id}`,
    section: "monitors",
    mark: monitor.status,
    text: visible(monitor.name),
    about: visible(monitor.target),
    act: () => go(`/m/${monitor.id}`),
  }));
  const act = mayWrite.value ? todo(text.trim(), wanted, shown[0], said) : [];
  return { found: [...found, ...act, ...own(wanted), ...places(wanted, all)], number };
}

function todo(text: string, wanted: string, first: Monitor | undefined, said: (what: string) => void): Found[] {
  const line = (id: string, mark: IconName, what: string, act: () => void, about = ""): Found => ({ id, section: "do", mark, text: what, about, act });
  const found: Found[] = [];
  if (first && first.status !== "paused") {
    found.push(
      line("check", "play", t.palette.check(visible(first.name)), () => {
        void send("POST", `monitors/${first.id}/check`).then(
          () => void refresh(),
          () => said(t.palette.failed),
        );
        go(`/m/${first.id}`);
      }),
    );
  }
  if (first) found.push(line("edit", "write", t.palette.edit(visible(first.name)), () => go(`/m/${first.id}/edit`)));
  for (const incident of incidents.value.filter((one) => !one.acknowledged && (wanted ? fit(one.monitor, wanted) !== null : true)).slice(0, 3)) {
    found.push(
      line(`a${incident.id}`, "check", t.palette.acknowledge(visible(incident.monitor)), () => (acknowledging.value = incident), t.incidents.number(incident.id)),
    );
  }
  const target = readAll(text);
  if (text && target.some((one) => one.spec)) found.push(line("add", "plus", t.palette.add(visible(text)), () => go(`/add?target=${encodeURIComponent(text)}`)));
  const fixed: Fixed[] = [
    ["new", "plus", t.add.button, () => go("/add")],
    ["plan", "calendar", t.maintenance.plan, () => go("/maintenance?add")],
    ["page", "page", t.pages.add, () => go("/pages?add")],
    ["channel", "bell", t.alerting.add, () => go("/alerting?add")],
  ];
  return [...found, ...fitted(fixed, wanted)];
}

/** What everybody may do: it changes how the console looks, or who looks. */
function own(wanted: string): Found[] {
  const fixed: Fixed[] = [
    ["theme", "sun", t.nav.theme, switchTheme],
    ["keys", "keys", t.keys.title, () => (keysShown.value = true)],
  ];
  if (who.value?.user) fixed.push(["out", "person", t.account.signOut, () => void signOut()]);
  return fitted(fixed, wanted);
}

const fitted = (fixed: readonly Fixed[], wanted: string): Found[] =>
  fixed.filter(([, , what]) => !wanted || fit(what, wanted) !== null).map(([id, mark, text, act]) => ({ id, section: "do", mark, text, about: "", act }));

function places(wanted: string, all: readonly Monitor[]): Found[] {
  const line = (id: string, mark: IconName, text: string, path: string, about = ""): Found => ({ id, section: "go", mark, text, about, act: () => go(path) });
  const pages: [IconName, string, string][] = [
    ["home", t.nav.overview, "/"],
    ["bolt", t.nav.incidents, "/incidents"],
    ["page", t.nav.pages, "/pages"],
    ["calendar", t.nav.maintenance, "/maintenance"],
    ["bell", t.nav.alerting, "/alerting"],
    ["gear", t.nav.settings, "/settings"],
    ["ship", t.nav.rehearsal, "/k8s"],
  ];
  const found = pages.filter(([, name]) => !wanted || fit(name, wanted) !== null).map(([icon, name, path]) => line(`p${path}`, icon, name, path));
  if (counts.value.down > 0 && (!wanted || fit(t.palette.down, wanted) !== null)) found.push(line("down", "find", t.palette.down, "/?q=status%3Adown", t.monitors(counts.value.down)));
  if (!wanted) return found;
  const labels = (key: "tag" | "group", of: (monitor: Monitor) => readonly string[]) => {
    const numbers = new Map<string, number>();
    for (const monitor of all) for (const label of of(monitor)) if (label && fit(label, wanted) !== null) numbers.set(label, (numbers.get(label) ?? 0) + 1);
    return [...numbers].slice(0, LABELS).map(([label, number]) => line(`${key}${label}`, "tag", t.palette.label[key](visible(label)), `/?q=${encodeURIComponent(word(key, label))}`, t.monitors(number)));
  };
  return [...found, ...labels("group", (monitor) => [monitor.group]), ...labels("tag", (monitor) => monitor.tags)];
}
