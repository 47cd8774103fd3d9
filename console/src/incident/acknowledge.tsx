// "I see to it": the name of who does, and a word about it.

import { useSignal } from "@preact/signals";
import { send } from "../api/client";
import type { Incident, IncidentInFull } from "../api/types";
import { Dialog } from "../parts/dialog";
import { Field, FormFoot, Refusals, useSending } from "../parts/form";
import { acknowledging } from "../state/acknowledging";
import { refresh } from "../state/fleet";
import { sentence, visible } from "../state/format";
import { callMe, me, who } from "../state/me";
import { t } from "../texts";

/** The dialog for the incident that somebody is about to acknowledge. */
export function AcknowledgeDialog({ incident }: { incident: Incident }) {
  const name = useSignal(me.value);
  const note = useSignal("");
  const sending = useSending();
  const close = () => {
    acknowledging.value = null;
  };
  const done = (event: Event) => {
    event.preventDefault();
    if (!who.peek()?.user) callMe(name.peek());
    const body = { ...(name.peek().trim() && { by: name.peek().trim() }), ...(note.peek().trim() && { note: note.peek().trim() }) };
    void sending
      .run(async () => {
        await send<IncidentInFull>("POST", `incidents/${incident.id}/acknowledge`, body);
        await refresh();
      })
      .then((well) => well && close());
  };
  return (
    <Dialog title={t.acknowledge.title(visible(incident.monitor))} close={close}>
      <form onSubmit={done}>
        <p class="muted dialog-text">{sentence(visible(incident.cause))}</p>
        {!who.value?.user && (
          <Field label={t.acknowledge.name} hint={t.acknowledge.nameHint}>
            {(control) => (
              <input {...control} class="input" autocomplete="name" maxLength={128} autofocus value={name.value} onInput={(event) => (name.value = event.currentTarget.value)} />
            )}
          </Field>
        )}
        <Field label={t.acknowledge.note}>
          {(control) => (
            <textarea {...control} class="input" maxLength={2_000} placeholder={t.acknowledge.notePlaceholder} value={note.value} onInput={(event) => (note.value = event.currentTarget.value)} />
          )}
        </Field>
        <Refusals refusal={sending.refusal.value} />
        <FormFoot act={t.acknowledge.do} main off={sending.busy.value}>
          <span class="muted small">{t.acknowledge.meaning}</span>
        </FormFoot>
      </form>
    </Dialog>
  );
}
