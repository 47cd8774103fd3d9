// `/add`: one field that takes whatever somebody has at hand, tried while one types. `?clone=12` begins with another monitor.

import "../styles/add.css";
import { useSignal } from "@preact/signals";
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
import { asKind, blockOf, type Kind, KINDS, kindOf, place, type Reading, readAll, type Spec } from "./pasted";
import { TriedCard } from "./tried";
import { canBeAsked, useTrial } from "./trial";

/** Kinds that have a button of their own; the rest are in a list. */
const COMMON = 6;
/** What is written is judged this long after the last key. */
const QUIET_MS = 800;
const PROPOSED = { interval: "30s" };

/** The page where monitors are added. */
export function AddPage() {
  const text = useSignal("");
  const readings = useSignal<Reading[]>([]);
  const spec = useSignal<Spec>({});
  const began = useSignal(false);
  const proposed = useSignal("");
  const quiet = useSignal(false);
  const sending = useSending();
  const parameters = new URLSearchParams(query.value);
  const clone = parameters.get("clone");
  const paste = (pasted: string) => {
    text.value = pasted;
    readings.value = readAll(pasted);
    quiet.value = false;
    const only = readings.value.length === 1 ? readings.value[0]?.spec : null;
    if (!only) return;
    began.value = true;
    // What was said of the monitor beside its target stays while the target is written.
    const kept = kindOf(only) === "heartbeat" ? withoutKinds(spec.peek()) : { ...PROPOSED, ...withoutKinds(spec.peek()) };
    const own = String(spec.peek().name ?? "");
    const isOwn = own !== "" && own !== proposed.peek();
    proposed.value = free(String(only.name ?? place(only)));
    spec.value = { ...kept, ...only, name: isOwn ? own : proposed.peek() };
  };
  useEffect(() => {
    if (clone) void cloned(clone).then((copy) => {
      spec.value = copy;
      began.value = true;
      text.value = String(place(copy));
      readings.value = [{ line: text.value, spec: copy, problem: "" }];
    }, () => undefined);
    else paste(parameters.get("target") ?? "");
  }, [clone]);
  const one = readings.value.length <= 1;
  const tried = useTrial(one && began.value ? spec.value : null, null);
  const save = (paused: boolean) => {
    void sending.run(async () => {
      const made = await send<MonitorInFull>("POST", "monitors", { ...spec.peek(), ...(paused && { paused: true }) });
      await refresh();
      go(`/m/${made.id}`);
    });
  };
  const problem = one && quiet.value ? (readings.value[0]?.problem ?? "") : "";
  useEffect(() => {
    const timer = setTimeout(() => (quiet.value = true), QUIET_MS);
    return () => clearTimeout(timer);
  }, [text.value]);
  return (
    <Page title={t.add.title} crumbs={<Crumbs name={t.add.title} />}>
      <div class="head">
        <h1>{t.add.question}</h1>
        <p class="muted">{t.add.paste}</p>
      </div>
      <div class="two wide">
        <div class="stack">
          <div>
            <label class="vh" for="target">
              {t.add.target}
            </label>
            <textarea
              id="target"
              class={`input big mono ${one ? "" : "many"}`}
              rows={one ? 1 : Math.min(12, readings.value.length + 1)}
              autofocus
              spellcheck={false}
              autocomplete="off"
              placeholder="https://api.example.com/ready"
              aria-invalid={problem ? true : undefined}
              aria-describedby="target-problem"
              value={text.value}
              onInput={(event) => paste(event.currentTarget.value)}
              onKeyDown={(event) => {
                if (event.key === "Enter" && (event.metaKey || event.ctrlKey) && began.peek()) save(false);
              }}
            />
            <p id="target-problem" class={problem ? "small bad degraded" : "vh"} role="status">
              {problem}
            </p>
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

const withoutKinds = (spec: Spec): Spec => Object.fromEntries(Object.entries(spec).filter(([key]) => !KINDS.some((kind) => kind === key) && key !== "name"));

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
