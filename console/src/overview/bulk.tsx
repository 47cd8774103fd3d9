// What is done to all monitors that are selected, and what became of it.

import "../styles/bulk.css";
import { useSignal } from "@preact/signals";
import { Refusal, send } from "../api/client";
import type { Action, BulkResults, Trial } from "../api/types";
import { silence } from "../maintenance/silence";
import { Dialog } from "../parts/dialog";
import { Choice, Field, FormFoot, refused, saidBy } from "../parts/form";
import { Icon } from "../parts/icon";
import { Sure } from "../parts/sure";
import { byId, refresh } from "../state/fleet";
import { sentence, visible } from "../state/format";
import { t } from "../texts";
import { clear, selected } from "./selection";

/** Checks that are asked for at the same time. */
const AT_ONCE = 4;
const LENGTHS = ["15m", "1h", "8h", "open"] as const;
type Length = (typeof LENGTHS)[number];
type Asked = "edit" | "tag" | "maintenance" | null;

/** The bar. */
export function BulkBar() {
  const busy = useSignal("");
  const said = useSignal("");
  const asked = useSignal<Asked>(null);
  const ids = [...selected.value];
  const act = async (what: string, action: () => Promise<string>) => {
    if (busy.peek()) return;
    busy.value = what;
    asked.value = null;
    try {
      said.value = await action();
    } catch (error) {
      said.value = saidBy(refused(error));
    } finally {
      busy.value = "";
      await refresh();
    }
  };
  const bulk = (action: Action, more: object = {}) =>
    act(t.bulk.doing, async () => outcome(await send<BulkResults>("POST", "monitors/bulk", { action, ids: ids.map(String), all_or_nothing: false, ...more })));
  const check = () =>
    act(t.bulk.asking(0, ids.length), async () => {
      const counts = new Map<string, number>();
      const waiting = [...ids];
      let done = 0;
      const next = async (): Promise<void> => {
        const id = waiting.shift();
        if (id === undefined) return;
        const result = await checked(id);
        counts.set(result, (counts.get(result) ?? 0) + 1);
        done += 1;
        busy.value = t.bulk.asking(done, ids.length);
        return next();
      };
      await Promise.all(Array.from({ length: AT_ONCE }, () => next()));
      return t.bulk.checked([...counts]);
    });
  if (ids.length === 0 && !said.value && !busy.value) return null;
  const button = (text: string, press: () => void) => (
    <button type="button" class="btn sm" aria-disabled={busy.value !== ""} onClick={press}>
      {text}
    </button>
  );
  return (
    <>
      <section class="bulk" aria-label={t.bulk.title}>
        <span class="strong num" role="status">
          {busy.value || said.value || t.bulk.selected(ids.length)}
        </span>
        {ids.length > 0 && !busy.value && (
          <>
            {button(t.bulk.edit, () => (asked.value = "edit"))}
            {button(t.bulk.tag, () => (asked.value = "tag"))}
            {button(t.monitor.pause, () => void bulk("pause"))}
            {button(t.monitor.resume, () => void bulk("resume"))}
            {button(t.bulk.maintenance, () => (asked.value = "maintenance"))}
            {button(t.monitor.checkNow, () => void check())}
            <Sure small label={t.monitor.delete} name={t.monitors(ids.length)} act={() => void bulk("delete")} />
          </>
        )}
        <button
          type="button"
          class="btn icon ghost"
          aria-label={t.bulk.clear}
          onClick={() => {
            clear();
            said.value = "";
          }}
        >
          <Icon name="x" />
        </button>
      </section>
      {asked.value === "edit" && <EditDialog number={ids.length} close={() => (asked.value = null)} change={(patch) => void bulk("change", { patch })} />}
      {asked.value === "tag" && <TagDialog number={ids.length} close={() => (asked.value = null)} change={(action, tags) => void bulk(action, { tags })} />}
      {asked.value === "maintenance" && (
        <MaintenanceDialog
          number={ids.length}
          close={() => (asked.value = null)}
          start={(length) =>
            void act(t.bulk.doing, async () => {
              const names = ids.flatMap((id) => byId.peek().get(id)?.name ?? []);
              const made = await silence(names, length === "open" ? null : length);
              return t.bulk.silenced(names.length, made.name);
            })
          }
        />
      )}
    </>
  );
}

/** Asks one now; what came of it in a word. */
async function checked(id: number): Promise<string> {
  try {
    const trial = await send<Trial>("POST", `monitors/${id}/check`);
    return t.outcome[trial.outcome] ?? trial.outcome;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return t.bulk.refused;
  }
}

/** `498 done; 2 not: ...`. */
function outcome({ results }: BulkResults): string {
  const bad = results.filter((one) => !one.done);
  const first = bad[0];
  if (!first) return t.bulk.done(results.length);
  return t.bulk.partly(results.length - bad.length, bad.length, `${visible(first.name)}: ${sentence(visible(first.problem ?? ""))}`);
}

const KEYS = ["interval", "timeout", "group", "failure_threshold", "degraded_above"] as const;

/** What is different from now on; what is left empty stays as it is. */
function EditDialog({ number, close, change }: { number: number; close: () => void; change: (patch: object) => void }) {
  const values = useSignal<Record<string, string>>({});
  const patch = Object.fromEntries(
    Object.entries(values.value)
      .map(([key, text]) => [key, text.trim()] as const)
      .filter(([, text]) => text !== "")
      .map(([key, text]) => [key, /^\d+$/.test(text) ? Number(text) : text]),
  );
  const isEmpty = Object.keys(patch).length === 0;
  return (
    <Dialog title={t.bulk.editTitle(number)} close={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!isEmpty) change(patch);
        }}
      >
        <p class="muted dialog-text">{t.bulk.editAbout}</p>
        {KEYS.map((key) => (
          <Field key={key} label={t.bulk.key[key]}>
            {(control) => (
              <input
                {...control}
                class="input"
                placeholder={t.bulk.asItIs}
                value={values.value[key] ?? ""}
                onInput={(event) => (values.value = { ...values.peek(), [key]: event.currentTarget.value })}
              />
            )}
          </Field>
        ))}
        <FormFoot act={t.bulk.change(number)} main off={isEmpty} />
      </form>
    </Dialog>
  );
}

function TagDialog({ number, close, change }: { number: number; close: () => void; change: (action: "tag" | "untag", tags: string[]) => void }) {
  const action = useSignal<"tag" | "untag">("tag");
  const text = useSignal("");
  const tags = text.value.split(/[\s,]+/).filter(Boolean);
  return (
    <Dialog title={t.bulk.tagTitle(number)} close={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (tags.length > 0) change(action.peek(), tags);
        }}
      >
        <div class="field">
          <Choice label={t.bulk.tag} of={(["tag", "untag"] as const).map((one) => [one, t.bulk.tagging[one]] as const)} chosen={action.value} choose={(one) => (action.value = one)} />
        </div>
        <Field label={t.add.tags} hint={t.add.tagsHint}>
          {(control) => <input {...control} class="input" autofocus value={text.value} onInput={(event) => (text.value = event.currentTarget.value)} />}
        </Field>
        <FormFoot act={t.bulk.change(number)} main off={tags.length === 0} />
      </form>
    </Dialog>
  );
}

function MaintenanceDialog({ number, close, start }: { number: number; close: () => void; start: (length: Length) => void }) {
  const length = useSignal<Length>("1h");
  return (
    <Dialog title={t.maintenance.silenceNow(number)} close={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          start(length.peek());
        }}
      >
        <p class="muted dialog-text">{t.maintenance.emptyText}</p>
        <div class="field">
          <Choice label={t.maintenance.howLong} of={LENGTHS.map((one) => [one, t.maintenance.lengths[one]] as const)} chosen={length.value} choose={(one) => (length.value = one)} />
        </div>
        <FormFoot act={t.maintenance.silenceNow(number)} main />
      </form>
    </Dialog>
  );
}
