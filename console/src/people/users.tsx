// Who may sign in, and what each may do.

import { useSignal } from "@preact/signals";
import { send } from "../api/client";
import type { Role, User } from "../api/types";
import { Dialog } from "../parts/dialog";
import { errorsAt, Field, FormFoot, Refusals, refused, saidBy, useSending } from "../parts/form";
import { Sure } from "../parts/sure";
import { brief, visible } from "../state/format";
import { know, who } from "../state/me";
import { now } from "../state/now";
import { t } from "../texts";
import { FirstUser } from "./first";

/** The roles, as an order of how much they may. */
export const ROLES: readonly Role[] = ["viewer", "editor", "owner"];

/** The card. */
export function UsersCard({ users, again }: { users: readonly User[]; again: () => void }) {
  return (
    <section class="card" aria-labelledby="users">
      <header>
        <h2 id="users">{t.people.users}</h2>
        <span class="end muted small">{t.people.usersNumber(users.length)}</span>
      </header>
      <ul class="keylist people">
        {users.map((user) => (
          <One key={user.id} user={user} again={again} />
        ))}
      </ul>
    </section>
  );
}

/** Stands in its place while there is nobody. */
export function FirstUserCard({ done }: { done: () => void }) {
  return (
    <section class="card" aria-labelledby="users">
      <header>
        <h2 id="users">{t.people.users}</h2>
      </header>
      <p class="body muted">{t.people.none}</p>
      <FirstUser
        done={() => {
          void know();
          done();
        }}
      />
    </section>
  );
}

function One({ user, again }: { user: User; again: () => void }) {
  const said = useSignal("");
  const problem = useSignal("");
  const giving = useSignal(false);
  const open = useSignal(false);
  const name = visible(user.name);
  const isSelf = who.value?.user?.id === user.id;
  const act = async (what: string, action: () => Promise<unknown>) => {
    try {
      await action();
      problem.value = "";
      said.value = what;
    } catch (error) {
      said.value = "";
      problem.value = saidBy(refused(error));
    }
    again();
  };
  const path = `users/${user.id}`;
  return (
    <li>
      <span class="grow">
        <span class="strong">{name}</span> {isSelf && <span class="tag">{t.people.youTag}</span>} {user.second_factor && <span class="tag">{t.people.factorTag}</span>}
        <br />
        <span class="muted small num">
          {visible(user.email)} · {user.last_seen ? t.people.seen(brief(now.value - Date.parse(user.last_seen)), user.sessions) : t.people.never}
        </span>
      </span>
      <RoleSelect label={t.people.roleOf(name)} value={user.role} set={(role) => void act("", () => send("PATCH", path, { role }).then(() => (isSelf ? know() : undefined)))} />
      {!isSelf && (
        <button type="button" class="btn sm" aria-label={t.people.more(name)} aria-expanded={open.value} onClick={() => (open.value = !open.peek())}>
          {t.people.moreText}
        </button>
      )}
      {!isSelf && open.value && (
        <div class="row wrap whole">
          <button type="button" class="btn sm" aria-label={`${t.people.givePassword} ${name}`} onClick={() => (giving.value = true)}>
            {t.people.givePassword}
          </button>
          {user.sessions > 0 && (
            <button type="button" class="btn sm" aria-label={`${t.people.signOut} ${name}`} onClick={() => void act(t.people.signedOut(name), () => send("DELETE", `${path}/sessions`))}>
              {t.people.signOut}
            </button>
          )}
          {user.second_factor && <Sure small label={t.people.dropFactor} name={name} act={() => void act(t.people.dropped(name), () => send("DELETE", `${path}/second-factor`))} />}
          <Sure small label={t.people.remove} name={name} act={() => void act("", () => send("DELETE", path))} />
        </div>
      )}
      {(said.value || problem.value) && (
        <p class={problem.value ? "small bad down whole" : "small muted whole"} role={problem.value ? "alert" : "status"}>
          {problem.value || said.value}
        </p>
      )}
      {giving.value && <GivePassword name={name} path={path} close={() => (giving.value = false)} done={() => void act(t.people.given(name), () => Promise.resolve())} />}
    </li>
  );
}

/** One of the roles. */
export function RoleSelect({ label, value, set }: { label: string; value: Role; set: (role: Role) => void }) {
  return (
    <select
      class="input short"
      aria-label={label}
      title={t.roleAbout[value]}
      value={value}
      onChange={(event) => {
        set(event.currentTarget.value as Role);
        // Until the server has said yes it is what it was.
        event.currentTarget.value = value;
      }}
    >
      {ROLES.map((role) => (
        <option value={role}>{t.role[role]}</option>
      ))}
    </select>
  );
}

function GivePassword({ name, path, close, done }: { name: string; path: string; close: () => void; done: () => void }) {
  const password = useSignal("");
  const sending = useSending();
  const give = (event: Event) => {
    event.preventDefault();
    void sending
      .run(() => send("PATCH", path, { password: password.peek() }))
      .then((well) => {
        if (!well) return;
        close();
        done();
      });
  };
  return (
    <Dialog title={`${t.people.givePassword}: ${name}`} close={close}>
      <form onSubmit={give}>
        <Field label={t.account.next} hint={t.people.passwordHint} errors={errorsAt(sending.refusal.value, "/password")}>
          {(control) => (
            <input {...control} class="input" type="password" autocomplete="new-password" autofocus value={password.value} onInput={(event) => (password.value = event.currentTarget.value)} />
          )}
        </Field>
        <Refusals refusal={sending.refusal.value} at={["/password"]} />
        <FormFoot act={t.people.give} main off={sending.busy.value || !password.value} />
      </form>
    </Dialog>
  );
}
