// `/`: what is wrong now in sentences, the fleet as a map, the list.

import { useEffect } from "preact/hooks";
import { Empty, Loading, Refused } from "../parts/notice";
import { Glyph } from "../parts/glyph";
import { Icon } from "../parts/icon";
import { Page } from "../parts/shell";
import { counts, monitors, newest, refresh, trouble } from "../state/fleet";
import { brief } from "../state/format";
import { LEGEND } from "../state/model";
import { mayWrite } from "../state/me";
import { now } from "../state/now";
import { to } from "../state/route";
import { leadToWelcome } from "../state/welcome";
import { t } from "../texts";
import { Refusal } from "../api/client";
import { Attention, attention } from "./attention";
import { FleetMap } from "./map";
import { List } from "./list";

/** How long ago: tenths of seconds while it is fresh. */
function ago(ms: number): string {
  const age = Math.max(0, ms);
  return age < 10_000 ? `${(age / 1_000).toFixed(1)} ${t.unit.second}` : brief(age);
}

/** What is true of the whole fleet, in one sentence and one line. */
function Head() {
  const all = monitors.value?.length ?? 0;
  const { down, up } = counts.value;
  const look = attention.value.filter((one) => one.status === "degraded").length;
  return (
    <div class="row between wrap head">
      <div>
        <h1>{t.overview.headline(down, look, all)}</h1>
        <p class="muted num">
          {t.overview.standing(up, all)} {newest.value !== null && t.overview.lastResult(ago(now.value - newest.value))}
        </p>
      </div>
      <ul class="legend" aria-label={t.overview.legend}>
        {LEGEND.map((status) => (
          <li>
            <span>
              <Glyph status={status} size={13} />
              {t.status[status]}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function AddButton() {
  if (!mayWrite.value) return null;
  return (
    <a class="btn pri add" href={to("/add")}>
      <Icon name="plus" />
      <span>{t.add.button}</span> <kbd class="hide-m">N</kbd>
    </a>
  );
}

/** The overview. */
export function Overview() {
  const title = t.overview.tabTitle(counts.value.down);
  const isEmpty = monitors.value?.length === 0;
  useEffect(() => {
    if (isEmpty) void leadToWelcome();
  }, [isEmpty]);
  if (monitors.value === null) {
    return trouble.value ? (
      <Refused error={new Refusal(0, { detail: trouble.value.why })} retry={() => void refresh()} />
    ) : (
      <Loading title={t.overview.title} />
    );
  }
  return (
    <Page title={title} crumbs={<b>{t.overview.title}</b>} actions={<AddButton />}>
      {monitors.value.length === 0 ? (
        <>
          <h1 class="head">{t.overview.emptyTitle}</h1>
          <Empty title={t.overview.emptyHow} text={t.overview.emptyText}>
            {mayWrite.value && (
              <div class="row wrap">
                <a class="btn pri" href={to("/welcome")}>
                  {t.overview.begin}
                </a>
                <a class="btn" href={to("/add")}>
                  {t.add.button}
                </a>
              </div>
            )}
            <pre class="code" tabIndex={0}>
              {t.overview.emptyExample}
            </pre>
          </Empty>
        </>
      ) : (
        <>
          <Head />
          <Attention />
          <FleetMap />
          <List />
        </>
      )}
    </Page>
  );
}
