// `/add`: one field that takes whatever somebody has at hand, tried while one types. `?clone=12` begins with another monitor.

import "../styles/add.css";
import { useEffect } from "preact/hooks";
import { read, send } from "../api/client";
import type { MonitorInFull } from "../api/types";
import { Crumbs } from "../parts/crumbs";
import { Refusals, useSending } from "../parts/form";
import { Page } from "../parts/shell";
import { refresh } from "../state/fleet";
import { go, query } from "../state/route";
import { t } from "../texts";
import { MonitorForm } from "./form";
import { ManyForm } from "./many";
import { free } from "./names";
import { asKind, blockOf, type Kind, KINDS, kindOf, place, type Spec } from "./pasted";
import { Room } from "./room";
import { TargetField, useTarget } from "./target";
import { TriedCard } from "./tried";
import { canBeAsked, useTrial } from "./trial";

/** Kinds that have a button of their own; the rest are in a list. */
const COMMON = 6;

/** The page where monitors are added. */
export function AddPage() {
  const target = useTarget();
  const { text, readings, spec, began } = target;
  const sending = useSending();
  const parameters = new URLSearchParams(query.value);
  const clone = parameters.get("clone");
  useEffect(() => {
    if (clone) void cloned(clone).then((copy) => {
      spec.value = copy;
      began.value = true;
      text.value = String(place(copy));
      readings.value = [{ line: text.value, spec: copy, problem: "" }];
    }, () => undefined);
    else target.paste(parameters.get("target") ?? "");
  }, [clone]);
  const one = readings.value.length <= 1;
  const wanted = readings.value.filter((reading) => reading.spec).length;
  const tried = useTrial(one && began.value ? spec.value : null, null);
  const save = (paused: boolean) => {
    void sending.run(async () => {
      const made = await send<MonitorInFull>("POST", "monitors", { ...spec.peek(), ...(paused && { paused: true }) });
      await refresh();
      go(`/m/${made.id}`);
    });
  };
  return (
    <Page title={t.add.title} crumbs={<Crumbs name={t.add.title} />}>
      <div class="head">
        <h1>{t.add.question}</h1>
        <p class="muted">{t.add.paste}</p>
        <Room wanted={wanted} />
      </div>
      <div class="two wide">
        <div class="stack">
          <div>
            <TargetField target={target} save={() => began.peek() && save(false)} />
            {one && began.value && <ReadAs spec={spec.value} choose={(kind) => (spec.value = asKind(spec.peek(), kind))} />}
          </div>
          {one ? (
            began.value && (
              <>
                <MonitorForm spec={spec} refusal={sending.refusal.value} tried={tried} />
                <Refusals refusal={sending.refusal.value} at={shownAt(spec.value)} />
                <div class="row wrap">
                  <button type="button" class="btn pri lg" aria-disabled={sending.busy.value} onClick={() => save(false)}>
                    {t.add.start} <kbd class="hide-m">{t.keys.mod}↵</kbd>
                  </button>
                  <button type="button" class="btn lg ghost" aria-disabled={sending.busy.value} onClick={() => save(true)}>
                    {t.add.savePaused}
                  </button>
                </div>
              </>
            )
          ) : (
            <ManyForm readings={readings.value} />
          )}
        </div>
        {one && <TriedCard spec={canBeAsked(spec.value) || kindOf(spec.value) === "heartbeat" ? spec.value : null} tried={tried} />}
      </div>
    </Page>
  );
}

/** Where errors stand beside their field. */
export const shownAt = (spec: Spec) => ["/name", "/interval", "/group", "/tags", "/conditions", `/${kindOf(spec)}`];

/** Another monitor's keys, under a name of its own. What it keeps secret must be said again. */
async function cloned(id: string): Promise<Spec> {
  const monitor = await read<MonitorInFull>(`monitors/${encodeURIComponent(id)}`);
  const { renamed_from: _, ...spec } = monitor.spec as Spec;
  const copy: Spec = { ...spec, name: free(t.add.copyOf(monitor.name)) };
  return kindOf(copy) === "heartbeat" ? { ...copy, heartbeat: { ...blockOf(copy), token: (asKind(copy, "heartbeat").heartbeat as Spec).token } } : copy;
}

/** As what the target was read, and as what else it could be. */
function ReadAs({ spec, choose }: { spec: Spec; choose: (kind: Kind) => void }) {
  const kind = kindOf(spec);
  const others = KINDS.slice(COMMON);
  return (
    <div class="row wrap read-as">
      <span class="muted small">{t.add.readAs}</span>
      <span class="seg" role="group" aria-label={t.add.readAs}>
        {KINDS.slice(0, COMMON).map((one) => (
          <button type="button" aria-pressed={one === kind} onClick={() => choose(one)}>
            {t.add.kind[one]}
          </button>
        ))}
      </span>
      <select class="input short" aria-label={t.add.more} value={others.includes(kind) ? kind : ""} onChange={(event) => event.currentTarget.value && choose(event.currentTarget.value as Kind)}>
        <option value="">{t.add.more}</option>
        {others.map((one) => (
          <option value={one}>{t.add.kind[one]}</option>
        ))}
      </select>
    </div>
  );
}
