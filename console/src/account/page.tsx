// `/settings/me`: one's own account: name, password, second factor, where one is signed in.

import "../styles/settings.css";
import { useSignal } from "@preact/signals";
import { send } from "../api/client";
import type { MeInFull, Oneself } from "../api/types";
import { errorsAt, Field, FormFoot, Refusals, useSending } from "../parts/form";
import { Empty } from "../parts/notice";
import { SettingsFrame } from "../settings/tabs";
import { visible } from "../state/format";
import { know, mayOwn, signOut, who } from "../state/me";
import { to } from "../state/route";
import { t } from "../texts";
import { FactorCard } from "./factor";
import { PasswordCard } from "./password";
import { PlanCard } from "./plan";
import { SessionsCard } from "./sessions";

/** The page. */
export function AccountPage() {
  const user = who.value?.user;
  return (
    <SettingsFrame part="me">
      {user ? (
        <div class="two">
          <div class="col">
            <ProfileCard user={user} />
            <PlanCard />
            <PasswordCard email={user.email} />
          </div>
          <div class="col">
            <FactorCard />
            <SessionsCard />
          </div>
        </div>
      ) : (
        <div class="stack">
          <Nobody />
          <PlanCard />
        </div>
      )}
    </SettingsFrame>
  );
}

/** Where nobody signs in there is no account. */
function Nobody() {
  return (
    <Empty title={t.account.nobodyTitle} text={t.account.nobodyText}>
      {mayOwn.value && (
        <a class="btn pri" href={to("/settings/people")}>
          {t.account.makeOwner}
        </a>
      )}
    </Empty>
  );
}

function ProfileCard({ user }: { user: Oneself }) {
  const name = useSignal(user.name);
  const said = useSignal("");
  const sending = useSending();
  const save = (event: Event) => {
    event.preventDefault();
    said.value = "";
    void sending.run(async () => {
      await send<MeInFull>("PATCH", "me", { name: name.peek().trim() });
      await know();
      said.value = t.account.saved;
    });
  };
  return (
    <section class="card" aria-labelledby="profile">
      <header>
        <h2 id="profile">{t.account.you}</h2>
        <button type="button" class="btn sm end" onClick={() => void sending.run(signOut)}>
          {t.account.signOut}
        </button>
      </header>
      <form onSubmit={save}>
        <dl class="kv body">
          <dt>{t.account.email}</dt>
          <dd>{visible(user.email)}</dd>
          <dt>{t.account.role}</dt>
          <dd title={t.roleAbout[user.role]}>{t.role[user.role]}</dd>
        </dl>
        <Field label={t.account.name} hint={t.account.nameHint} errors={errorsAt(sending.refusal.value, "/name")}>
          {(control) => <input {...control} class="input" autocomplete="name" maxLength={100} value={name.value} onInput={(event) => (name.value = event.currentTarget.value)} />}
        </Field>
        <Refusals refusal={sending.refusal.value} at={["/name"]} />
        <FormFoot act={t.account.save} off={sending.busy.value || !name.value.trim() || name.value.trim() === user.name} said={said.value} />
      </form>
    </section>
  );
}
