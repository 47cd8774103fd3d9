// `/settings/backup`: copies of everything that the server has, for who runs it.

import "../styles/settings.css";
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { read, Refusal, send } from "../api/client";
import type { Backup, BackupMaking, Backups } from "../api/types";
import { Field, FormFoot, Refusals, saidBy, useSending } from "../parts/form";
import { Empty, Skeleton } from "../parts/notice";
import { Sure } from "../parts/sure";
import { exact, moment, sentence, visible } from "../state/format";
import { useLive } from "../state/live";
import { isGuest, mayOwn } from "../state/me";
import { now } from "../state/now";
import { to } from "../state/route";
import { t } from "../texts";
import { SettingsFrame } from "./tabs";

/** The page. */
export function BackupPage() {
  const isOpen = mayOwn.value && !isGuest.value;
  return <SettingsFrame part="backup">{isOpen ? <Cards /> : <Empty title={t.backup.closed} text={t.backup.closedText} />}</SettingsFrame>;
}

function Cards() {
  return (
    <div class="two">
      <div class="col">
        <BackupsCard />
      </div>
      <div class="col">
        <section class="card" aria-labelledby="in-it">
          <header>
            <h2 id="in-it">{t.backup.inIt}</h2>
          </header>
          <div class="body stack">
            {[t.backup.inItAll, t.backup.notInIt, t.backup.elsewhere].map((text) => (
              <p>{text}</p>
            ))}
          </div>
        </section>
        <RestoreCard />
      </div>
    </div>
  );
}

function BackupsCard() {
  const isMaking = useSignal(false);
  const load = async (_: Backups | null, signal: AbortSignal) => {
    const all = await read<Backups>("backups", signal);
    isMaking.value = Boolean(all.making);
    return all;
  };
  const live = useLive<Backups>(load, "backups", isMaking.value ? now.value : 0);
  const said = useSignal("");
  const deleting = useSending();
  const heading = useRef<HTMLHeadingElement>(null);
  const all = live.value.value;
  const awaited = useRef("");
  useEffect(() => {
    const isMade = all?.backups.some((backup) => backup.name === awaited.current);
    if (isMade) said.value = t.backup.made;
    if (isMade || all?.failed?.name === awaited.current) awaited.current = "";
  }, [all]);
  const remove = async (backup: Backup) => {
    if (await deleting.run(() => send("DELETE", `backups/${backup.name}`))) {
      said.value = t.backup.deleted;
      // The button goes with its row.
      heading.current?.focus();
    }
    // Refused or not: whoever is refused has seen an old list.
    live.again();
  };
  return (
    <section class="card" aria-labelledby="backups">
      <header>
        <h2 id="backups" ref={heading} tabIndex={-1}>
          {t.backup.title}
        </h2>
        <span class="end muted small num">{all && t.backup.room(all.backups.length, all.bytes, all.free_bytes)}</span>
      </header>
      {Boolean(live.error.value) && (
        <p class="body bad down" role="alert">
          {live.error.value instanceof Refusal ? saidBy(live.error.value) : t.live.unreachable}
        </p>
      )}
      {!all ? (
        !live.error.value && <Skeleton height={80} />
      ) : (
        <>
          {all.failed && (
            <p class="body bad down" role="alert">
              {t.backup.failed(moment(Date.parse(all.failed.taken)), sentence(visible(all.failed.detail)))}
            </p>
          )}
          {all.making && <Making making={all.making} />}
          {all.backups.length === 0 && !all.making && <p class="body muted">{t.backup.none}</p>}
          <ul class="keylist">
            {all.backups.map((backup) => (
              <One key={backup.name} backup={backup} remove={() => void remove(backup)} />
            ))}
          </ul>
          <Refusals refusal={deleting.refusal.value} />
          <TakeForm
            off={Boolean(all.making)}
            said={said.value}
            begun={({ name }) => {
              awaited.current = name;
              said.value = t.backup.begun;
            }}
            tried={live.again}
          />
        </>
      )}
    </section>
  );
}

function Making({ making }: { making: BackupMaking }) {
  // Until it is known how much there is, nobody knows how far it is.
  const far = making.bytes_max > 0 ? { max: making.bytes_max, value: Math.min(making.bytes, making.bytes_max) } : {};
  return (
    <div class="body stack tight making">
      <span class="num">{t.backup.making(making.bytes, making.bytes_max)}</span>
      <progress aria-label={t.backup.makingLabel} {...far} />
    </div>
  );
}

function One({ backup, remove }: { backup: Backup; remove: () => void }) {
  const taken = Date.parse(backup.taken);
  return (
    <li>
      <span class="grow">
        <span class="strong num" title={exact(taken)}>
          {moment(taken)}
        </span>{" "}
        {backup.results && <span class="tag">{t.backup.results}</span>}
        <br />
        <span class="muted small num">
          {t.backup.size(backup.bytes)} · <span class="mono">{visible(backup.name)}</span>
        </span>
      </span>
      <span class="row">
        <a class="btn sm" href={to(`/api/v1/backups/${backup.name}`)} download={`allswell-${backup.name}.tar`} aria-label={t.backup.downloadOf(backup.name)} data-out>
          {t.backup.download}
        </a>
        <Sure small label={t.backup.delete} name={backup.name} act={remove} />
      </span>
    </li>
  );
}

interface TakeProps {
  off: boolean;
  said: string;
  begun: (making: BackupMaking) => void;
  /** After each try, whatever came of it. */
  tried: () => void;
}

function TakeForm({ off, said, begun, tried }: TakeProps) {
  const results = useSignal(false);
  const sending = useSending();
  const take = (event: Event) => {
    event.preventDefault();
    if (off) return;
    void sending.run(async () => begun(await send<BackupMaking>("POST", "backups", { results: results.peek() }))).then(tried);
  };
  return (
    <form onSubmit={take} class="new-key">
      <Field label={t.backup.withResults} hint={t.backup.withResultsHint}>
        {(control) => (
          <label class="row tick">
            <input {...control} type="checkbox" checked={results.value} onChange={(event) => (results.value = event.currentTarget.checked)} />
            {t.backup.withResultsTick}
          </label>
        )}
      </Field>
      <Refusals refusal={sending.refusal.value} />
      <FormFoot act={t.backup.take} main off={off || sending.busy.value} said={said} />
    </form>
  );
}

function RestoreCard() {
  return (
    <section class="card" aria-labelledby="restore">
      <header>
        <h2 id="restore">{t.backup.restore}</h2>
      </header>
      <div class="body stack">
        <ol class="restoring">
          {t.backup.restoreSteps.map((step) => (
            <li>{step}</li>
          ))}
        </ol>
        <code class="secret">tar -xf allswell-….tar -C /var/lib/allswell</code>
        <p>{t.backup.restored}</p>
        <p class="muted small">
          {t.backup.program}: <code class="mono">allswell backup take</code>, <code class="mono">allswell backup fetch</code>
        </p>
      </div>
    </section>
  );
}
