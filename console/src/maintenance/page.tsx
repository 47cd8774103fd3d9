// `/maintenance`: planned work in a calendar, what is open now, and silence for a while.

import "../styles/maintenance.css";
import { useSignal } from "@preact/signals";
import { read, send } from "../api/client";
import type { Incident, Incidents, Maintenance, MaintenanceList, Mark, Marks } from "../api/types";
import { Choice, refused, saidBy } from "../parts/form";
import { Glyph, State } from "../parts/glyph";
import { Icon } from "../parts/icon";
import { Empty, Loading, Refused } from "../parts/notice";
import { Page } from "../parts/shell";
import { Sure } from "../parts/sure";
import { refresh } from "../state/fleet";
import { duration, exact, minute, moment, visible } from "../state/format";
import { useLive } from "../state/live";
import { mayWrite } from "../state/me";
import { now } from "../state/now";
import { query, to } from "../state/route";
import { language, t } from "../texts";
import { Calendar } from "./calendar";
import { covers } from "./covers";
import { MaintenanceForm } from "./form";
import { entries, monthStart, openings } from "./month";
import { SilenceCard } from "./silence";

const AGAIN_MS = 10_000;
/** Outages that a calendar looks through. */
const INCIDENTS = 1_000;

interface Facts {
  maintenance: Maintenance[];
  incidents: Incident[];
  marks: Mark[];
}

async function readFacts(month: Date, end: Date, signal: AbortSignal): Promise<Facts> {
  const [from, to] = [month.toISOString(), end.toISOString()];
  const until = end.getTime() > Date.now() ? `?until=${encodeURIComponent(to)}` : "";
  const [list, incidents, marks] = await Promise.all([
    read<MaintenanceList>(`maintenance${until}`, signal),
    read<Incidents>(`incidents?limit=${INCIDENTS}`, signal),
    read<Marks>(`events?${new URLSearchParams({ from, to, limit: "500" })}`, signal),
  ]);
  return { maintenance: list.maintenance, incidents: incidents.incidents, marks: marks.events };
}

const monthName = new Intl.DateTimeFormat(language, { month: "long", year: "numeric" });

/** The page. `?add` and `?edit=NAME` show a window's form. */
export function MaintenancePage() {
  const by = useSignal(0);
  const view = useSignal<"month" | "list">("month");
  const month = monthStart(by.value);
  const end = monthStart(by.value + 1);
  const facts = useLive<Facts>((_, signal) => readFacts(monthStart(by.peek()), monthStart(by.peek() + 1), signal), `${by.value}`, Math.floor(now.value / AGAIN_MS));
  const parameters = new URLSearchParams(query.value);
  if (facts.value.value === null) return facts.error.value ? <Refused error={facts.error.value} retry={facts.again} /> : <Loading title={t.maintenance.title} />;
  const { maintenance, incidents, marks } = facts.value.value;
  const edited = maintenance.find((one) => one.name === parameters.get("edit")) ?? null;
  const changed = () => {
    facts.again();
    void refresh();
  };
  if (mayWrite.value && (parameters.has("add") || edited)) return <MaintenanceForm key={edited?.name ?? ""} maintenance={edited} saved={changed} />;
  const open = maintenance.filter((one) => one.state === "open");
  return (
    <Page title={t.maintenance.title} crumbs={<b>{t.maintenance.title}</b>} actions={<PlanButton />}>
      <div class="row between wrap head">
        <div>
          <h1>{view.value === "month" ? monthName.format(month) : t.maintenance.title}</h1>
          <p class="muted">{t.maintenance.zone(Intl.DateTimeFormat().resolvedOptions().timeZone)}</p>
        </div>
        <div class="row">
          <Choice label={t.maintenance.view} of={(["month", "list"] as const).map((one) => [one, t.maintenance.views[one]] as const)} chosen={view.value} choose={(one) => (view.value = one)} />
          {view.value === "month" && (
            <>
              <button type="button" class="btn icon" aria-label={t.maintenance.before} onClick={() => (by.value -= 1)}>
                <Icon name="left" />
              </button>
              <button type="button" class="btn icon" aria-label={t.maintenance.after} onClick={() => (by.value += 1)}>
                <Icon name="right" />
              </button>
            </>
          )}
        </div>
      </div>
      <div class="two">
        {view.value === "month" ? (
          <Calendar month={month} entries={entries(maintenance, incidents, marks).filter((one) => one.at < end.getTime())} />
        ) : maintenance.length === 0 ? (
          <Empty title={t.maintenance.empty} text={t.maintenance.emptyText}>
            <PlanButton />
          </Empty>
        ) : (
          <List maintenance={maintenance} changed={changed} />
        )}
        <div class="col">
          {open.map((one) => (
            <Now key={one.name} one={one} changed={changed} />
          ))}
          {mayWrite.value && <SilenceCard changed={changed} />}
        </div>
      </div>
    </Page>
  );
}

function PlanButton() {
  if (!mayWrite.value) return null;
  return (
    <a class="btn pri add" href={to("/maintenance?add")}>
      <Icon name="plus" />
      <span>{t.maintenance.plan}</span>
    </a>
  );
}

/** Whether a window is open once: what comes again has no one end. */
const isOnce = (one: Maintenance) => (one.spec as { from?: unknown }).from !== undefined;

/** A window that is open now. */
function Now({ one, changed }: { one: Maintenance; changed: () => void }) {
  const problem = useSignal("");
  const until = openings(one)[0]?.until ?? null;
  const end = async () => {
    try {
      await send("POST", `maintenance/${encodeURIComponent(one.name)}/end`);
      changed();
    } catch (error) {
      problem.value = saidBy(refused(error));
    }
  };
  return (
    <section class="card" aria-label={t.maintenance.now(visible(one.name))}>
      <header>
        <Glyph status="maintenance" size={18} />
        <h2 class="ell">{t.maintenance.now(visible(one.name))}</h2>
      </header>
      <div class="body stack">
        <dl class="kv">
          <dt>{t.maintenance.until}</dt>
          <dd class="num">{until === null ? t.maintenance.openEnded : t.maintenance.left(moment(until), duration(Math.max(0, until - now.value)))}</dd>
          <dt>{t.maintenance.covers}</dt>
          <dd>{t.maintenance.covered(covers(one.spec))}</dd>
          <dt>{t.maintenance.still}</dt>
          <dd>{t.maintenance.stillText}</dd>
        </dl>
        {problem.value && <p class="bad down">{problem.value}</p>}
        <div class="row wrap">
          {one.owner === "file" ? (
            <span class="muted small">{t.maintenance.inFile(visible(one.file ?? ""))}</span>
          ) : (
            mayWrite.value && (
              <>
                {isOnce(one) && (
                  <button type="button" class="btn sm" aria-label={`${t.maintenance.end} ${one.name}`} onClick={() => void end()}>
                    {t.maintenance.end}
                  </button>
                )}
                <a class="btn sm" aria-label={`${t.monitor.edit} ${one.name}`} href={to(`/maintenance?edit=${encodeURIComponent(one.name)}`)}>
                  {t.monitor.edit}
                </a>
              </>
            )
          )}
        </div>
      </div>
    </section>
  );
}

/** All windows, those that are open first. */
function List({ maintenance, changed }: { maintenance: readonly Maintenance[]; changed: () => void }) {
  const order = { open: 0, planned: 1, over: 2 } as Record<string, number>;
  const sorted = [...maintenance].sort((a, b) => (order[a.state ?? ""] ?? 3) - (order[b.state ?? ""] ?? 3) || a.name.localeCompare(b.name));
  return (
    <section class="card" aria-label={t.maintenance.title}>
      <ul class="windows">
        {sorted.map((one) => (
          <Line key={one.name} one={one} changed={changed} />
        ))}
      </ul>
    </section>
  );
}

function Line({ one, changed }: { one: Maintenance; changed: () => void }) {
  const problem = useSignal("");
  const remove = async () => {
    try {
      await send("DELETE", `maintenance/${encodeURIComponent(one.name)}`);
      changed();
    } catch (error) {
      problem.value = saidBy(refused(error));
    }
  };
  const next = openings(one)[0];
  const state = one.state ?? "problem";
  return (
    <li>
      <State status={one.state === "open" ? "maintenance" : one.problem ? "down" : "unknown"}>{t.maintenance.state[state]}</State>
      <span>
        <span class="strong">{visible(one.name)}</span> <span class="muted small">{t.maintenance.when(one.spec)}</span>
        <br />
        <span class="muted small">
          {t.maintenance.covered(covers(one.spec))}
          {next && one.state !== "over" && (
            <span class="num" title={exact(next.from)}>
              {" · "}
              {moment(next.from)}
              {next.until !== null && `–${minute(next.until)}`}
            </span>
          )}
        </span>
        {(problem.value || one.problem) && <p class="bad down small">{problem.value || visible(one.problem ?? "")}</p>}
      </span>
      {one.owner === "file" ? (
        <span class="tag">{t.alerting.inFile}</span>
      ) : (
        mayWrite.value && (
          <span class="row">
            <a class="btn sm" aria-label={`${t.monitor.edit} ${one.name}`} href={to(`/maintenance?edit=${encodeURIComponent(one.name)}`)}>
              {t.monitor.edit}
            </a>
            <Sure small label={t.monitor.delete} name={one.name} act={() => void remove()} />
          </span>
        )
      )}
    </li>
  );
}
