// What stands where there is nothing else: loading, empty, refused.

import type { ComponentChildren } from "preact";
import { Refusal } from "../api/client";
import { to } from "../state/route";
import { sentence } from "../state/format";
import { t } from "../texts";
import { Page } from "./shell";

/** A card that says why it is empty and what to do. */
export function Empty({ title, text, children }: { title: string; text?: string; children?: ComponentChildren }) {
  return (
    <section class="card empty">
      <h2>{title}</h2>
      {text && <p>{text}</p>}
      {children}
    </section>
  );
}

/** Shown late (150 ms), so that what is quick does not flicker. */
export function Skeleton({ height }: { height: number }) {
  return <div class="skeleton" style={{ height: `${height}px` }} />;
}

/** A page that is on its way. */
export function Loading({ title = t.problem.loading }: { title?: string }) {
  return (
    <Page title={title} crumbs={<b>{title}</b>}>
      <div class="stack" aria-busy="true">
        <Skeleton height={40} />
        <Skeleton height={180} />
        <Skeleton height={320} />
      </div>
    </Page>
  );
}

/** A page that cannot be shown, with the server's own words. */
export function Refused({ error, retry }: { error: unknown; retry: () => void }) {
  const refusal = error instanceof Refusal ? error : new Refusal(0, {});
  const detail = refusal.message || (refusal.status ? t.problem.code(refusal.status) : t.live.unreachable);
  return (
    <Page title={t.problem.title} crumbs={<b>{t.problem.title}</b>}>
      <Empty title={t.problem.title} text={[sentence(detail), refusal.status ? t.problem.code(refusal.status) : ""].join(" ")}>
        <div class="row wrap">
          <button type="button" class="btn pri" onClick={retry}>
            {t.live.retry}
          </button>
          <a class="btn" href={to("/")}>
            {t.problem.back}
          </a>
        </div>
      </Empty>
    </Page>
  );
}
