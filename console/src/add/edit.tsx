// `/m/:id/edit`: a monitor's keys, tried while one changes them. What a file says is changed in the file.

import "../styles/add.css";
import { type Signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { read, send, tagOf } from "../api/client";
import type { MonitorInFull } from "../api/types";
import { Crumbs } from "../parts/crumbs";
import { Refusals, useSending } from "../parts/form";
import { Empty, Loading, Refused } from "../parts/notice";
import { Page } from "../parts/shell";
import { refresh } from "../state/fleet";
import { visible } from "../state/format";
import { go, to } from "../state/route";
import { t } from "../texts";
import { MonitorForm } from "./form";
import { shownAt } from "./page";
import type { Spec } from "./pasted";
import { TriedCard } from "./tried";
import { useTrial } from "./trial";

interface Begun {
  monitor: MonitorInFull;
  tag: string | null;
}

/** The page where a monitor is changed. */
export function EditPage({ id }: { id: string }) {
  const begun = useSignal<Begun | null>(null);
  const error = useSignal<unknown>(null);
  const spec = useSignal<Spec>({});
  const path = `monitors/${encodeURIComponent(id)}`;
  const load = () => {
    read<MonitorInFull>(path).then(
      (monitor) => {
        spec.value = structuredClone(monitor.spec) as Spec;
        begun.value = { monitor, tag: tagOf(path) };
      },
      (refusal) => {
        error.value = refusal;
      },
    );
  };
  useEffect(load, [id]);
  if (!begun.value) return error.value ? <Refused error={error.value} retry={load} /> : <Loading title={t.edit.title} />;
  const { monitor } = begun.value;
  return (
    <Page title={t.edit.of(visible(monitor.name))} crumbs={<Crumbs name={t.edit.title} monitor={monitor.id} />}>
      <h1 class="head">{t.edit.of(visible(monitor.name))}</h1>
      {monitor.owner === "file" ? (
        <Empty title={t.edit.inFile} text={t.edit.inFileText(visible(monitor.file ?? ""))}>
          <a class="btn" href={to(`/m/${monitor.id}`)}>
            {t.edit.back}
          </a>
        </Empty>
      ) : (
        <Editor key={begun.value.tag} begun={begun.value} spec={spec} again={load} />
      )}
    </Page>
  );
}

function Editor({ begun: { monitor, tag }, spec, again }: { begun: Begun; spec: Signal<Spec>; again: () => void }) {
  const sending = useSending();
  const tried = useTrial(spec.value, monitor.id);
  const save = (event?: Event) => {
    event?.preventDefault();
    void sending.run(async () => {
      await send<MonitorInFull>("PUT", `monitors/${monitor.id}`, spec.peek(), { tag });
      await refresh();
      go(`/m/${monitor.id}`);
    });
  };
  const overtaken = sending.refusal.value?.status === 412;
  return (
    <form
      class="two wide"
      onSubmit={save}
      onKeyDown={(event) => {
        if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) save(event);
      }}
    >
      <div class="stack">
        {monitor.owner === "apply" && <div class="notice">{t.edit.applied}</div>}
        <MonitorForm spec={spec} refusal={sending.refusal.value} tried={tried} withTarget />
        <Refusals refusal={sending.refusal.value} at={shownAt(spec.value)} />
        <div class="row wrap">
          <button type="submit" class="btn pri lg" aria-disabled={sending.busy.value}>
            {t.edit.save} <kbd class="hide-m">{t.keys.mod}↵</kbd>
          </button>
          <a class="btn lg ghost" href={to(`/m/${monitor.id}`)}>
            {t.form.cancel}
          </a>
          {overtaken && (
            <button type="button" class="btn lg" onClick={again}>
              {t.edit.loadAnew}
            </button>
          )}
        </div>
      </div>
      <TriedCard spec={spec.value} tried={tried} />
    </form>
  );
}
