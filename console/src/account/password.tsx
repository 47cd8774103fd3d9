// Another password.

import { useSignal } from "@preact/signals";
import { send } from "../api/client";
import { errorsAt, Field, FormFoot, Refusals, useSending } from "../parts/form";
import { t } from "../texts";

/** The card. */
export function PasswordCard({ email }: { email: string }) {
  const current = useSignal("");
  const next = useSignal("");
  const said = useSignal("");
  const sending = useSending();
  const change = (event: Event) => {
    event.preventDefault();
    said.value = "";
    void sending.run(async () => {
      await send("POST", "me/password", { current: current.peek(), new: next.peek() });
      current.value = "";
      next.value = "";
      said.value = t.account.changed;
    });
  };
  const refusal = sending.refusal.value;
  return (
    <section class="card" aria-labelledby="password">
      <header>
        <h2 id="password">{t.account.password}</h2>
      </header>
      <form onSubmit={change}>
        {/* Whoever keeps passwords for the reader learns by this whose it is. */}
        <input type="text" class="vh" autocomplete="username" value={email} readOnly tabIndex={-1} aria-hidden="true" />
        <Field label={t.account.current} errors={errorsAt(refusal, "/current")}>
          {(control) => <input {...control} class="input" type="password" autocomplete="current-password" value={current.value} onInput={(event) => (current.value = event.currentTarget.value)} />}
        </Field>
        <Field label={t.account.next} hint={t.account.passwordHint} errors={errorsAt(refusal, "/new")}>
          {(control) => <input {...control} class="input" type="password" autocomplete="new-password" value={next.value} onInput={(event) => (next.value = event.currentTarget.value)} />}
        </Field>
        <Refusals refusal={refusal} at={["/current", "/new"]} />
        <FormFoot act={t.account.change} off={sending.busy.value || !current.value || !next.value} said={said.value} />
      </form>
    </section>
  );
}
