// Which page a path leads to. All but the overview are fetched when they are wanted.

import type { ComponentType } from "preact";
import { signal } from "@preact/signals";
import { Overview } from "./overview/page";
import { KeysDialog } from "./parts/keys_dialog";
import { later } from "./parts/later";
import { Undo } from "./parts/undo";
import { Empty, Loading } from "./parts/notice";
import { Page } from "./parts/shell";
import { acknowledging } from "./state/acknowledging";
import { asked, mayWrite } from "./state/me";
import { paletteShown } from "./state/palette";
import { path, to } from "./state/route";
import { t } from "./texts";

type PageOf = ComponentType<{ id: string }>;

interface Route {
  pattern: RegExp;
  load: () => Promise<PageOf>;
  /** Whether it is there for those who may change something only. */
  writes?: boolean;
}

const ROUTES: Route[] = [
  { pattern: /^\/add$/, load: () => import("./add/page").then((module) => module.AddPage), writes: true },
  { pattern: /^\/m\/([^/]+)\/edit$/, load: () => import("./add/edit").then((module) => module.EditPage), writes: true },
  { pattern: /^\/m\/([^/]+)$/, load: () => import("./monitor/page").then((module) => module.MonitorPage) },
  { pattern: /^\/i\/([^/]+)$/, load: () => import("./incident/page").then((module) => module.IncidentPage) },
  { pattern: /^\/incidents$/, load: () => import("./incident/list").then((module) => module.IncidentsPage) },
  { pattern: /^\/pages$/, load: () => import("./pages/page").then((module) => module.PagesPage) },
  { pattern: /^\/alerting$/, load: () => import("./alerting/page").then((module) => module.AlertingPage) },
  { pattern: /^\/maintenance$/, load: () => import("./maintenance/page").then((module) => module.MaintenancePage) },
  { pattern: /^\/settings$/, load: () => import("./settings/page").then((module) => module.SettingsPage) },
  { pattern: /^\/settings\/me$/, load: () => import("./account/page").then((module) => module.AccountPage) },
  { pattern: /^\/settings\/backup$/, load: () => import("./settings/backup").then((module) => module.BackupPage) },
  { pattern: /^\/settings\/people$/, load: () => import("./people/page").then((module) => module.PeoplePage) },
  { pattern: /^\/welcome$/, load: () => import("./welcome/page").then((module) => module.WelcomePage), writes: true },
  { pattern: /^\/k8s$/, load: () => import("./kubernetes/page").then((module) => module.RehearsalPage) },
];

/** What was fetched so far; `null` when fetching failed. */
const loaded = signal(new Map<Route, PageOf | null>());

function pageOf(route: Route): PageOf | null | undefined {
  const known = loaded.value.get(route);
  if (known === undefined) {
    const keep = (page: PageOf | null) => {
      loaded.value = new Map(loaded.value).set(route, page);
    };
    route.load().then(keep, () => keep(null));
  }
  return known;
}

function Nothing() {
  return (
    <Page title={t.problem.nothingHere} crumbs={<b>{t.problem.nothingHere}</b>}>
      <Empty title={t.problem.nothingHere} text={t.problem.nothingHereText}>
        <a class="btn" href={to("/")}>
          {t.problem.back}
        </a>
      </Empty>
    </Page>
  );
}

/** Where one may look and not change. */
function Closed() {
  return (
    <Page title={t.problem.closed} crumbs={<b>{t.problem.closed}</b>}>
      <Empty title={t.problem.closed} text={t.problem.closedText}>
        <a class="btn" href={to("/")}>
          {t.problem.back}
        </a>
      </Empty>
    </Page>
  );
}

function Current() {
  if (!asked.value) return <Loading />;
  if (path.value === "/") return <Overview />;
  for (const route of ROUTES) {
    const match = route.pattern.exec(path.value);
    if (!match) continue;
    if (route.writes && !mayWrite.value) return <Closed />;
    const Shown = pageOf(route);
    if (Shown === undefined) return <Loading />;
    // After an update the old files are gone; the new page names the new ones.
    if (Shown === null) return <Outdated />;
    const id = decodeURIComponent(match[1] ?? "");
    return <Shown key={path.value} id={id} />;
  }
  return <Nothing />;
}

function Outdated() {
  return (
    <Page title={t.problem.title} crumbs={<b>{t.problem.title}</b>}>
      <Empty title={t.problem.title} text={t.problem.outdated}>
        <button type="button" class="btn" onClick={() => location.reload()}>
          {t.problem.reload}
        </button>
      </Empty>
    </Page>
  );
}

const AcknowledgeDialog = later(() => import("./incident/acknowledge").then((module) => module.AcknowledgeDialog));

const Palette = later(() => import("./palette/palette").then((module) => module.Palette));

/** What lies over every page while it is wanted. */
function Over() {
  const incident = acknowledging.value;
  return (
    <>
      {incident && <AcknowledgeDialog key={incident.id} incident={incident} />}
      {paletteShown.value && <Palette />}
    </>
  );
}

/** The whole console. */
export function App() {
  return (
    <>
      <Current />
      <KeysDialog />
      <Undo />
      <Over />
    </>
  );
}
