// The second factor: begun with the password, confirmed with a code of the app, then ten codes on paper, shown once.

import { useSignal } from "@preact/signals";
import { read, send } from "../api/client";
import type { RecoveryCodes, SecondFactor, SecondFactorSecret } from "../api/types";
import { Copy } from "../parts/copy";
import { errorsAt, Field, FormFoot, Refusals, useSending } from "../parts/form";
import { State } from "../parts/glyph";
import { Skeleton } from "../parts/notice";
import { useLive } from "../state/live";
import { t } from "../texts";
import { Qr } from "./qr";

/** The card. */
export function FactorCard() {
  const live = useLive<SecondFactor>((_, signal) => read<SecondFactor>("me/second-factor", signal), "factor", 0);
  const secret = useSignal<SecondFactorSecret | null>(null);
  const papers = useSignal<string[] | null>(null);
  const factor = live.value.value;
  return (
    <section class="card narrow" aria-labelledby="factor">
      <header>
        <h2 id="factor">{t.account.factor}</h2>
        {factor && (
          <span class="end">
            <State status={factor.on ? "up" : "unknown"}>{factor.on ? t.account.factorOn : t.account.factorOff}</State>
          </span>
        )}
      </header>
      {papers.value && <Papers codes={papers.value} kept={() => (papers.value = null)} />}
      {!factor ? (
        <Skeleton height={90} />
      ) : factor.on ? (
        <>
          <p class="body muted">{t.account.factorLeft(factor.recovery_codes_left)}</p>
          <WithPassword key="end" act={t.account.factorEnd} path="me/second-factor/end" done={live.again} />
        </>
      ) : secret.value ? (
        <Confirm
          secret={secret.value}
          done={(codes) => {
            papers.value = codes;
            secret.value = null;
            live.again();
          }}
        />
      ) : (
        <>
          <p class="body muted">{t.account.factorWhy}</p>
          <WithPassword<SecondFactorSecret> key="begin" act={t.account.factorBegin} path="me/second-factor" done={(begun) => (secret.value = begun)} />
        </>
      )}
    </section>
  );
}

/** What is done only for who knows the password. */
function WithPassword<T>({ act, path, done }: { act: string; path: string; done: (answer: T) => void }) {
  const password = useSignal("");
  const sending = useSending();
  const go = (event: Event) => {
    event.preventDefault();
    void sending.run(async () => done(await send<T>("POST", path, { password: password.peek() })));
  };
  return (
    <form onSubmit={go}>
      <Field label={t.account.yourPassword} errors={errorsAt(sending.refusal.value, "/password")}>
        {(control) => <input {...control} class="input" type="password" autocomplete="current-password" value={password.value} onInput={(event) => (password.value = event.currentTarget.value)} />}
      </Field>
      <Refusals refusal={sending.refusal.value} at={["/password"]} />
      <FormFoot act={act} off={sending.busy.value || !password.value} />
    </form>
  );
}

/** The secret for the app, and the code that shows that the app has it. */
function Confirm({ secret, done }: { secret: SecondFactorSecret; done: (codes: string[]) => void }) {
  const code = useSignal("");
  const sending = useSending();
  const confirm = (event: Event) => {
    event.preventDefault();
    void sending.run(async () => done((await send<RecoveryCodes>("POST", "me/second-factor/confirm", { code: code.peek().replaceAll(" ", "") })).recovery_codes));
  };
  return (
    <form onSubmit={confirm}>
      <div class="body stack">
        <p>{t.account.factorScan}</p>
        <Qr text={secret.uri} label={t.account.factorPicture} />
        <div>
          <span class="muted small">{t.account.secret}</span>
          <div class="row">
            <code class="secret">{secret.secret}</code>
            <Copy text={secret.secret} quiet={false} />
          </div>
        </div>
      </div>
      <Field label={t.account.code} hint={t.account.codeHint} errors={errorsAt(sending.refusal.value, "/code")}>
        {(control) => (
          <input {...control} class="input num" inputMode="numeric" autocomplete="one-time-code" autofocus maxLength={10} value={code.value} onInput={(event) => (code.value = event.currentTarget.value)} />
        )}
      </Field>
      <Refusals refusal={sending.refusal.value} at={["/code"]} />
      <FormFoot act={t.account.factorConfirm} main off={sending.busy.value || !code.value.trim()} />
    </form>
  );
}

/** The codes on paper. */
function Papers({ codes, kept }: { codes: readonly string[]; kept: () => void }) {
  return (
    <section class="made" aria-label={t.account.papers}>
      <p>{t.account.papersAbout}</p>
      <ul class="papers">
        {codes.map((code) => (
          <li class="mono">{code}</li>
        ))}
      </ul>
      <div class="row wrap">
        <button type="button" class="btn pri" onClick={kept}>
          {t.account.papersKept}
        </button>
        <Copy text={codes.join("\n")} quiet={false} />
      </div>
    </section>
  );
}
