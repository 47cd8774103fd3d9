// Who was asked in: a link that is good once, shown when it is made.

import { useSignal } from "@preact/signals";
import { address, read, send } from "../api/client";
import type { Invitation, Invitations, Role } from "../api/types";
import { Copy } from "../parts/copy";
import { Choice, errorsAt, Field, FormFoot, Refusals, refused, saidBy, useSending } from "../parts/form";
import { Sure } from "../parts/sure";
import { day, visible } from "../state/format";
import { useLive } from "../state/live";
import { t } from "../texts";
import { ROLES } from "./users";

/** An invitation with its link, which is told once. */
type Made = Invitation & { link: string };

/** The link whole: without a public address the server knows only the way behind its root. */
const whole = (link: string) => (link.startsWith("/") ? address(link.slice(1)) : link);

/** The card. */
export function InvitationsCard() {
  const live = useLive<Invitations>((_, signal) => read<Invitations>("invitations", signal), "invitations", 0);
  const made = useSignal<Made | null>(null);
  const problem = useSignal("");
  const takeBack = async (id: number) => {
    try {
      await send("DELETE", `invitations/${id}`);
      problem.value = "";
      if (made.peek()?.id === id) made.value = null;
      live.again();
    } catch (error) {
      problem.value = saidBy(refused(error));
    }
  };
  const list = live.value.value?.invitations ?? [];
  return (
    <section class="card narrow" aria-labelledby="invite">
      <header>
        <h2 id="invite">{t.people.invite}</h2>
      </header>
      <InviteForm
        done={(one) => {
          made.value = one;
          live.again();
        }}
      />
      {made.value && (
        <div class="made" role="status">
          <p>{t.people.made(visible(made.value.email))}</p>
          <div class="row">
            <code class="secret">{whole(made.value.link)}</code>
            <Copy text={whole(made.value.link)} quiet={false} />
          </div>
        </div>
      )}
      {problem.value && (
        <p class="body bad down" role="alert">
          {problem.value}
        </p>
      )}
      {list.length > 0 && (
        <>
          <h3 class="cap-row muted small">{t.people.invited}</h3>
          <ul class="keylist">
            {list.map((one) => (
              <li key={one.id}>
                <span>
                  <span class="strong">{visible(one.email)}</span> <span class="tag">{t.role[one.role]}</span>
                  <br />
                  <span class="muted small">{t.people.until(day(Date.parse(one.expires)))}</span>
                </span>
                <Sure small label={t.people.takeBack} name={one.email} act={() => void takeBack(one.id)} />
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function InviteForm({ done }: { done: (made: Made) => void }) {
  const email = useSignal("");
  const role = useSignal<Role>("editor");
  const sending = useSending();
  const invite = (event: Event) => {
    event.preventDefault();
    void sending.run(async () => {
      done(await send<Made>("POST", "invitations", { email: email.peek().trim(), role: role.peek() }));
      email.value = "";
    });
  };
  return (
    <form onSubmit={invite}>
      <Field label={t.account.email} hint={t.people.inviteHint} errors={errorsAt(sending.refusal.value, "/email")}>
        {(control) => <input {...control} class="input" type="email" autocomplete="off" placeholder="bob@example.com" value={email.value} onInput={(event) => (email.value = event.currentTarget.value)} />}
      </Field>
      <div class="field">
        <span class="label">{t.account.role}</span>
        <div class="stack tight">
          <span>
            <Choice label={t.account.role} of={ROLES.map((one) => [one, t.role[one]] as const)} chosen={role.value} choose={(one) => (role.value = one)} />
          </span>
          <span class="muted small">{t.roleAbout[role.value]}</span>
        </div>
      </div>
      <Refusals refusal={sending.refusal.value} at={["/email"]} />
      <FormFoot act={t.people.link} main off={sending.busy.value || !email.value.trim()} />
    </form>
  );
}
