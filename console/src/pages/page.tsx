// `/pages`: the status pages, with the way to each and to its editor.

import "../styles/pages.css";
import { useSignal } from "@preact/signals";
import { read, send } from "../api/client";
import type { StatusPage, StatusPages } from "../api/types";
import { refused, saidBy } from "../parts/form";
import { State } from "../parts/glyph";
import { Icon } from "../parts/icon";
import { Empty, Loading, Refused } from "../parts/notice";
import { Page } from "../parts/shell";
import { Sure } from "../parts/sure";
import { sentence, visible } from "../state/format";
import { useLive } from "../state/live";
import { mayWrite } from "../state/me";
import { now } from "../state/now";
import { query, to } from "../state/route";
import { t } from "../texts";
import { PageEditor } from "./editor";

const AGAIN_MS = 10_000;

/** The page. `?add` and `?edit=SLUG` show the editor. */
export function PagesPage() {
  const live = useLive<StatusPages>((_, signal) => read<StatusPages>("status-pages", signal), "pages", Math.floor(now.value / AGAIN_MS));
  const parameters = new URLSearchParams(query.value);
  if (live.value.value === null) return live.error.value ? <Refused error={live.error.value} retry={live.again} /> : <Loading title={t.pages.title} />;
  const all = live.value.value.status_pages;
  const edited = all.find((one) => one.slug === parameters.get("edit")) ?? null;
  if (mayWrite.value && (parameters.has("add") || edited)) return <PageEditor key={edited?.slug ?? ""} page={edited} saved={live.again} />;
  return (
    <Page title={t.pages.title} crumbs={<b>{t.pages.title}</b>} actions={all.length > 0 && <AddButton />}>
      <div class="head">
        <h1>{t.pages.title}</h1>
        <p class="muted">{t.pages.about}</p>
      </div>
      {all.length === 0 ? (
        <Empty title={t.pages.empty} text={t.pages.emptyText}>
          <AddButton />
        </Empty>
      ) : (
        <section class="card" aria-label={t.pages.title}>
          <ul class="keylist">
            {all.map((one) => (
              <Line key={one.slug} one={one} again={live.again} />
            ))}
          </ul>
        </section>
      )}
    </Page>
  );
}

function AddButton() {
  if (!mayWrite.value) return null;
  return (
    <a class="btn pri add" href={to("/pages?add")}>
      <Icon name="plus" />
      <span>{t.pages.add}</span>
    </a>
  );
}

/** The address as a link: without a public one the server knows only the way behind its root. */
const reach = (address: string) => (address.startsWith("/") ? to(address) : address);

function Line({ one, again }: { one: StatusPage; again: () => void }) {
  const problem = useSignal("");
  const title = visible(one.title || one.slug);
  const remove = async () => {
    try {
      await send("DELETE", `status-pages/${encodeURIComponent(one.slug)}`);
      again();
    } catch (error) {
      problem.value = saidBy(refused(error));
    }
  };
  return (
    <li>
      <span class="grow">
        <span class="strong">{title}</span> {one.access && one.access !== "public" && <span class="tag">{t.pages.access[one.access]}</span>}
        <br />
        <span class="muted small">
          {visible(one.address ?? `/s/${one.slug}/`)} · {t.pages.subscribers(one.subscribers)}
        </span>
      </span>
      <span class="row wrap">
        {one.address && (
          <a class="btn sm" href={reach(one.address)} target="_blank" rel="noopener" aria-label={`${t.pages.open} ${title}`}>
            {t.pages.open}
          </a>
        )}
        {one.owner === "file" ? (
          <span class="tag" title={visible(one.file ?? "")}>
            {t.alerting.inFile}
          </span>
        ) : (
          mayWrite.value && (
            <>
              <a class="btn sm" aria-label={`${t.monitor.edit} ${title}`} href={to(`/pages?edit=${encodeURIComponent(one.slug)}`)}>
                {t.monitor.edit}
              </a>
              <Sure small label={t.monitor.delete} name={title} act={() => void remove()} />
            </>
          )
        )}
      </span>
      {one.missing.length > 0 && (
        <p class="small whole">
          <State status="degraded">{t.pages.missing(one.missing.map(visible).join(", "))}</State>
        </p>
      )}
      {(problem.value || one.problem) && (
        <p class="small bad down whole" role="alert">
          {problem.value || sentence(visible(one.problem ?? ""))}
        </p>
      )}
    </li>
  );
}
