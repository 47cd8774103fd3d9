// What somebody has to say of an incident: a note for those who work on it, an update for those who wait for its end.

import { useSignal } from "@preact/signals";
import { send } from "../api/client";
import type { Incident, IncidentInFull, NoteKind } from "../api/types";
import { Choice, Field, FormFoot, Refusals, useSending } from "../parts/form";
import { t } from "../texts";

const KINDS: readonly NoteKind[] = ["note", "update"];

/** The card to write in. */
export function WriteCard({ incident, done }: { incident: Incident; done: () => void }) {
  const kind = useSignal<NoteKind>("note");
  const text = useSignal("");
  const said = useSignal("");
  const sending = useSending();
  const post = (event: Event) => {
    event.preventDefault();
    if (!text.peek().trim()) return;
    void sending
      .run(() => send<IncidentInFull>("POST", `incidents/${incident.id}/notes`, { kind: kind.peek(), text: text.peek().trim() }))
      .then((well) => {
        if (!well) return;
        text.value = "";
        said.value = t.write.posted[kind.peek()];
        done();
      });
  };
  return (
    <section class="card narrow" aria-labelledby="write">
      <header>
        <h2 id="write">{t.write.title}</h2>
        <span class="end">
          <Choice
            label={t.write.forWhom}
            of={KINDS.map((one) => [one, t.write.kind[one]] as const)}
            chosen={kind.value}
            choose={(one) => {
              kind.value = one;
              said.value = "";
            }}
          />
        </span>
      </header>
      <form onSubmit={post}>
        <Field label={t.write.text} hint={t.write.reader[kind.value]}>
          {(control) => (
            <textarea {...control} class="input" maxLength={2_000} placeholder={t.write.placeholder[kind.value]} value={text.value} onInput={(event) => (text.value = event.currentTarget.value)} />
          )}
        </Field>
        <Refusals refusal={sending.refusal.value} />
        <FormFoot act={t.write.post} main off={sending.busy.value || !text.value.trim()} said={said.value} />
      </form>
    </section>
  );
}
