// The parts of the settings, and the way from one to another.

import type { ComponentChildren } from "preact";
import { Crumbs } from "../parts/crumbs";
import { Page } from "../parts/shell";
import { isGuest, mayOwn } from "../state/me";
import { to } from "../state/route";
import { t } from "../texts";

const PARTS = [
  ["server", "/settings"],
  ["me", "/settings/me"],
  ["people", "/settings/people"],
  ["backup", "/settings/backup"],
] as const;

type Part = (typeof PARTS)[number][0];

/** One part of the settings. */
export function SettingsFrame({ part, children }: { part: Part; children: ComponentChildren }) {
  const isShown = { server: true, me: true, people: mayOwn.value, backup: mayOwn.value && !isGuest.value };
  const shown = PARTS.filter(([name]) => isShown[name]);
  const title = t.settings.part[part];
  return (
    <Page title={`${title} · ${t.settings.title}`} crumbs={<Crumbs under={{ path: "/settings", name: t.settings.title }} name={title} />}>
      <div class="row between wrap head">
        <h1>{t.settings.title}</h1>
        <nav class="seg" aria-label={t.settings.parts}>
          {shown.map(([name, path]) => (
            <a href={to(path)} aria-current={name === part ? "page" : undefined}>
              {t.settings.part[name]}
            </a>
          ))}
        </nav>
      </div>
      {children}
    </Page>
  );
}
