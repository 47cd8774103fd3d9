// The keys of the API: made, shown once, ended.

import { useSignal } from "@preact/signals";
import { read, Refusal, send } from "../api/client";
import type { CreatedKey, Key, Keys, Scope } from "../api/types";
import { Copy } from "../parts/copy";
import { Choice, errorsAt, Field, FormFoot, Refusals, refused, saidBy, useSending } from "../parts/form";
import { Skeleton } from "../parts/notice";
import { Sure } from "../parts/sure";
import { brief, day, exact, visible } from "../state/format";
import { useLive } from "../state/live";
import { who } from "../state/me";
import { now } from "../state/now";
import { t } from "../texts";

const DAY_MS = 86_400_000;
const SCOPES: readonly Scope[] = ["read", "write", "heartbeat"];
const ENDS = ["never", "30", "90", "365"] as const;
type End = (typeof ENDS)[number];

/** The card. */
export function KeysCard() {
  const keys = useLive<Keys>((_, signal) => read<Keys>("keys", signal), "keys", 0);
  const made = useSignal<CreatedKey | null>(null);
  const problem = useSignal("");
  const list = keys.value.value?.keys;
  // Where people sign in, the server is locked without any key.
  const isFirst = list?.length === 0 && !who.value?.user;
  const revoke = async (key: Key) => {
    try {
      await send("DELETE", `keys/${key.id}`);
      problem.value = "";
      keys.again();
    } catch (error) {
      problem.value = saidBy(refused(error));
    }
  };
  return (
    <section class="card" aria-labelledby="keys">
      <header>
        <h2 id="keys">{t.settings.keys}</h2>
        <span class="end muted small">{list && t.settings.keysNumber(list.length)}</span>
      </header>
      {made.value && <Made made={made.value} isFirst={isFirst} />}
      {!list ? (
        keys.error.value ? (
          <p class="body bad down">{keys.error.value instanceof Refusal ? saidBy(keys.error.value) : ""}</p>
        ) : (
          <Skeleton height={80} />
        )
      ) : list.length === 0 && !made.value ? (
        <p class="body muted">{isFirst ? t.settings.noKeys : t.settings.noKeysYet}</p>
      ) : (
        <ul class="keylist">
          {list.map((key) => (
            <li key={key.id}>
              <span>
                <span class="strong">{visible(key.name)}</span>{" "}
                {key.scopes.map((scope) => (
                  <span class="tag">{scope}</span>
                ))}
                <br />
                <span class={`small num ${key.expired ? "bad down" : "muted"}`} title={key.expires ? exact(Date.parse(key.expires)) : ""}>
                  {key.expires ? (key.expired ? t.settings.ended(day(Date.parse(key.expires))) : t.settings.ends(day(Date.parse(key.expires)))) : t.settings.endsNever}
                </span>{" "}
                <span class="muted small num">· {key.last_used ? t.settings.used(brief(now.value - Date.parse(key.last_used))) : t.settings.unused}</span>
              </span>
              <Sure small label={t.settings.revoke} name={key.name} act={() => void revoke(key)} />
            </li>
          ))}
        </ul>
      )}
      {problem.value && (
        <p class="body bad down" role="alert">
          {problem.value}
        </p>
      )}
      <NewKeyForm
        isFirst={isFirst}
        done={(key) => {
          made.value = key;
          keys.again();
        }}
      />
    </section>
  );
}

/** The secret, which is never shown again. */
function Made({ made, isFirst }: { made: CreatedKey; isFirst: boolean }) {
  return (
    <div class="made" role="status">
      <p class="strong">{t.settings.made(visible(made.name))}</p>
      <div class="row wrap">
        <code class="secret">{made.key}</code>
        <Copy text={made.key} quiet={false} />
      </div>
      {isFirst && (
        <p>
          {t.settings.firstMade}{" "}
          <button type="button" class="linkish" onClick={() => location.reload()}>
            {t.problem.reload}
          </button>
        </p>
      )}
    </div>
  );
}

function NewKeyForm({ isFirst, done }: { isFirst: boolean; done: (key: CreatedKey) => void }) {
  const name = useSignal("");
  const chosen = useSignal<Scope | null>(null);
  const end = useSignal<End>("never");
  const sending = useSending();
  // The first key locks the server: it must be able to make the next one.
  const scope = chosen.value ?? (isFirst ? "write" : "read");
  const make = (event: Event) => {
    event.preventDefault();
    void sending.run(async () => {
      const expires = end.peek() === "never" ? {} : { expires: new Date(Date.now() + Number(end.peek()) * DAY_MS).toISOString() };
      done(await send<CreatedKey>("POST", "keys", { name: name.peek().trim(), scopes: [scope], ...expires }));
      name.value = "";
    });
  };
  const refusal = sending.refusal.value;
  return (
    <form onSubmit={make} class="new-key">
      <Field label={t.settings.newKey} hint={isFirst ? t.settings.firstKey : t.settings.newKeyHint} errors={[...errorsAt(refusal, "/name")]}>
        {(control) => <input {...control} class="input" maxLength={100} placeholder="grafana" value={name.value} onInput={(event) => (name.value = event.currentTarget.value)} />}
      </Field>
      <div class="field">
        <span class="label">{t.settings.mayDo}</span>
        <div class="stack tight">
          <span>
            <Choice label={t.settings.mayDo} of={SCOPES.map((one) => [one, t.settings.scope[one]] as const)} chosen={scope} choose={(one) => (chosen.value = one)} />
          </span>
          <span class="muted small">{t.settings.scopeAbout[scope]}</span>
        </div>
      </div>
      <div class="field">
        <span class="label">{t.settings.until}</span>
        <span>
          <Choice label={t.settings.until} of={ENDS.map((one) => [one, t.settings.end[one]] as const)} chosen={end.value} choose={(one) => (end.value = one)} />
        </span>
      </div>
      <Refusals refusal={refusal} at={["/name"]} />
      <FormFoot act={t.settings.make} main off={sending.busy.value || !name.value.trim()} />
    </form>
  );
}
