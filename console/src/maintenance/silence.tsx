// Silence for a while: what a filter finds is under maintenance from now on, for so long or until somebody ends it.

import { useSignal } from "@preact/signals";
import { send } from "../api/client";
import type { Maintenance } from "../api/types";
import { Choice, Field, FormFoot, Refusals, useSending } from "../parts/form";
import { monitors } from "../state/fleet";
import { read } from "../state/filter";
import { clock } from "../state/format";
import { t } from "../texts";

const LENGTHS = ["15m", "1h", "8h", "open"] as const;
type Length = (typeof LENGTHS)[number];

/** Plans maintenance of these monitors from now on; `null` lasts until somebody ends it. */
export async function silence(names: readonly string[], length: string | null): Promise<Maintenance> {
  const now = new Date();
  const name = t.maintenance.silenceName(`${now.toISOString().slice(0, 10)} ${clock(now.getTime())}`);
  // A minute is the unit of a beginning; one that lies a little back is open at once.
  const from = `${new Date(Math.floor(now.getTime() / 60_000) * 60_000).toISOString().slice(0, 16)}Z`;
  return send<Maintenance>("POST", "maintenance", { name, monitors: names, from, ...(length && { duration: length }) });
}

/** The card. */
export function SilenceCard({ changed }: { changed: () => void }) {
  const text = useSignal("");
  const length = useSignal<Length>("1h");
  const sending = useSending();
  const filter = read(text.value);
  const found = text.value.trim() ? (monitors.value ?? []).filter(filter.test) : [];
  const start = (event: Event) => {
    event.preventDefault();
    if (found.length === 0) return;
    void sending.run(() => silence(found.map((one) => one.name), length.peek() === "open" ? null : length.peek())).then((well) => {
      if (!well) return;
      text.value = "";
      changed();
    });
  };
  return (
    <section class="card narrow" aria-labelledby="silence">
      <header>
        <h2 id="silence">{t.maintenance.silence}</h2>
      </header>
      <form onSubmit={start}>
        <Field label={t.maintenance.which} hint={filter.problem ?? (text.value.trim() ? t.maintenance.match(found.length) : t.maintenance.whichHint)}>
          {(control) => <input {...control} class="input" placeholder="tag:payments" spellcheck={false} value={text.value} onInput={(event) => (text.value = event.currentTarget.value)} />}
        </Field>
        <div class="field">
          <span class="label">{t.maintenance.howLong}</span>
          <span>
            <Choice label={t.maintenance.howLong} of={LENGTHS.map((one) => [one, t.maintenance.lengths[one]] as const)} chosen={length.value} choose={(one) => (length.value = one)} />
          </span>
        </div>
        <Refusals refusal={sending.refusal.value} />
        <FormFoot act={t.maintenance.silenceNow(found.length)} off={sending.busy.value || found.length === 0} />
      </form>
    </section>
  );
}
