// What is around every page: where one can go, where one is, whether what one sees is fresh.

import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { counts, incidents, monitors, refresh, trouble, answered, announcement } from "../state/fleet";
import { clock, visible } from "../state/format";
import { keysShown } from "../state/keys";
import { who } from "../state/me";
import { now } from "../state/now";
import { paletteShown } from "../state/palette";
import { path, to } from "../state/route";
import { switchTheme } from "../state/theme";
import { t } from "../texts";
import { Icon, type IconName, Logo } from "./icon";

interface Place {
  icon: IconName;
  name: string;
  path: string;
  /** What it is called where there is little room. */
  short?: string;
}

const PLACES: Place[] = [
  { icon: "home", name: t.nav.overview, path: "/" },
  { icon: "bolt", name: t.nav.incidents, path: "/incidents" },
  { icon: "page", name: t.nav.pages, path: "/pages", short: t.nav.pagesShort },
  { icon: "calendar", name: t.nav.maintenance, path: "/maintenance" },
];

const SETUP: Place[] = [
  { icon: "bell", name: t.nav.alerting, path: "/alerting" },
  { icon: "gear", name: t.nav.settings, path: "/settings" },
];

const KUBERNETES: Place[] = [{ icon: "ship", name: t.nav.rehearsal, path: "/k8s" }];

/** Which place a path belongs to. */
function placeOf(path: string): string {
  if (path.startsWith("/i")) return "/incidents";
  return [...SETUP, ...KUBERNETES, ...PLACES.slice(2)].find((place) => path.startsWith(place.path))?.path ?? "/";
}

/** A page with all that is around it. `crumbs` say where it is; `title` is what the tab shows. */
export function Page({
  title,
  crumbs,
  actions,
  children,
}: {
  title: string;
  crumbs: ComponentChildren;
  actions?: ComponentChildren;
  children: ComponentChildren;
}) {
  useEffect(() => {
    document.title = `${title} · ${t.name}`;
  }, [title]);
  return (
    <div class="app">
      <a class="skip" href="#main" data-out>
        {t.nav.skip}
      </a>
      <Side />
      <div>
        <header class="top">
          <nav class="crumbs" aria-label={t.nav.breadcrumb}>
            {crumbs}
          </nav>
          <span class="grow" />
          {actions}
          <Live />
          <button type="button" class="search" aria-label={`${t.nav.search}… ${t.keys.mod}K`} onClick={() => (paletteShown.value = true)}>
            <Icon name="find" />
            <span class="grow">{t.nav.search}…</span>
            <kbd>{t.keys.mod}K</kbd>
          </button>
          <button type="button" class="btn icon ghost hide-m" aria-label={t.keys.title} onClick={() => (keysShown.value = true)}>
            <Icon name="keys" />
          </button>
          <button type="button" class="btn icon ghost" aria-label={t.nav.theme} onClick={switchTheme}>
            <Icon name="sun" />
          </button>
        </header>
        <main id="main" tabIndex={-1}>
          <Stale />
          {children}
        </main>
      </div>
      <Tabs />
      <div class="vh" role="status" aria-live="polite">
        {announcement.value}
      </div>
    </div>
  );
}

function Side() {
  const current = placeOf(path.value);
  const link = (place: Place, count?: ComponentChildren) => (
    <a href={to(place.path)} aria-current={place.path === current ? "page" : undefined}>
      <Icon name={place.icon} />
      <span>{place.name}</span>
      {count}
    </a>
  );
  const all = monitors.value?.length ?? 0;
  const open = incidents.value.length;
  return (
    <nav class="side" aria-label={t.nav.main}>
      <div>
        <div class="brand">
          <Logo />
          <span>{t.name}</span>
        </div>
        {PLACES.slice(0, 1).map((place) => link(place, <span class="ct">{all > 0 ? t.number(all) : ""}</span>))}
        {PLACES.slice(1, 2).map((place) => link(place, open > 0 && <span class="ct bad down">{t.number(open)}</span>))}
        {PLACES.slice(2).map((place) => link(place))}
        <div class="cap">{t.nav.kubernetes}</div>
        {KUBERNETES.map((place) => link(place))}
        <div class="cap">{t.nav.setup}</div>
        {SETUP.map((place) => link(place))}
        <Me />
        <div class="foot small muted">
          <a href={to("/plain/")} data-out>
            <Icon name="page" />
            <span>{t.nav.plain}</span>
          </a>
        </div>
      </div>
    </nav>
  );
}

/** Who is signed in; nobody where nobody signs in. */
function Me() {
  const user = who.value?.user;
  if (!user) return null;
  const name = visible(user.name);
  return (
    <a class="me" href={to("/settings/me")}>
      <Icon name="person" />
      <span class="vh">{t.nav.me} </span>
      <span class="ell">{name} </span>
      <span class="tag">{t.role[user.role]}</span>
    </a>
  );
}

function Tabs() {
  const current = placeOf(path.value);
  return (
    <nav class="tabbar" aria-label={`${t.nav.main} `}>
      {/* Five have room; channels are found in the settings too. */}
      {[...PLACES, ...SETUP.slice(1)].map((place) => (
        <a href={to(place.path)} aria-current={place.path === current ? "page" : undefined}>
          <Icon name={place.icon} size={20} />
          <span>{place.short ?? place.name}</span>
        </a>
      ))}
    </nav>
  );
}

function Live() {
  if (trouble.value && answered.value) {
    const seconds = Math.max(0, Math.round((trouble.value.again - now.value) / 1_000));
    return (
      <span class="live stale hide-m">
        <i />
        {t.live.stale(clock(answered.value), seconds)}
      </span>
    );
  }
  return (
    <span class="live hide-m">
      <i />
      {answered.value ? t.live.live : t.live.loading}
    </span>
  );
}

/** Says when what is shown is old, and why. */
function Stale() {
  const why = trouble.value?.why;
  if (!why || !answered.value) return null;
  return (
    <div class="notice" role="status">
      <span class="grow">{t.live.staleLong(clock(answered.value), why)}</span>
      <button type="button" class="btn sm" onClick={() => void refresh()}>
        {t.live.retry}
      </button>
    </div>
  );
}

/** How many are down: what the tab's title begins with. */
export const downCount = () => counts.value.down;
