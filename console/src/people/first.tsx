// The first user, an owner: made from the machine that the server runs on, or with a key that may write.

import { useSignal } from "@preact/signals";
import { read, send } from "../api/client";
import type { Setup } from "../api/types";
import { errorsAt, Field, FormFoot, Refusals, useSending } from "../parts/form";
import { t } from "../texts";

/** The form: an address and a password. While the server is open, whoever makes the first user is signed in by it. */
export function FirstUser({ done, label = t.people.first }: { done: () => void; label?: string }) {
  const email = useSignal("");
  const password = useSignal("");
  const sending = useSending();
  const make = (event: Event) => {
    event.preventDefault();
    const body = { email: email.peek().trim(), password: password.peek() };
    void sending
      .run(async () => {
        const { open } = await read<Setup>("setup");
        await (open ? send("POST", "setup", body) : send("POST", "users", { ...body, role: "owner" }));
      })
      .then((well) => well && done());
  };
  const refusal = sending.refusal.value;
  return (
    <form onSubmit={make} class="narrow">
      <Field label={t.account.email} hint={t.people.firstHint} errors={errorsAt(refusal, "/email")}>
        {(control) => <input {...control} class="input" type="email" autocomplete="username" placeholder="ada@example.com" value={email.value} onInput={(event) => (email.value = event.currentTarget.value)} />}
      </Field>
      <Field label={t.account.password} hint={t.people.firstPassword} errors={errorsAt(refusal, "/password")}>
        {(control) => <input {...control} class="input" type="password" autocomplete="new-password" value={password.value} onInput={(event) => (password.value = event.currentTarget.value)} />}
      </Field>
      <Refusals refusal={refusal} at={["/email", "/password"]} />
      <FormFoot act={label} main off={sending.busy.value || !email.value.trim() || !password.value} />
    </form>
  );
}
