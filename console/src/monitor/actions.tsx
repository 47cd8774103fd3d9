// What a reader can do with a monitor: have it asked now, pause it, resume it. What is refused is said where it was asked.

import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Refusal, send } from "../api/client";
import type { MonitorInFull, Trial } from "../api/types";
import { Icon } from "../parts/icon";
import { refresh } from "../state/fleet";
import { latency, sentence, visible } from "../state/format";
import { pageKeys } from "../state/keys";
import { remove } from "../state/leaving";
import { go, to } from "../state/route";
import { t } from "../texts";

/** The buttons, and what came of the last one. */
export function Actions({ monitor, done }: { monitor: MonitorInFull; done: () => void }) {
  // What a file says is changed in the file.
  const mayPause = monitor.owner !== "file";
  const busy = useSignal(false);
  const said = useSignal("");
  const act = async (action: () => Promise<string>) => {
    if (busy.peek()) return;
    busy.value = true;
    try {
      said.value = await action();
      done();
      await refresh();
    } catch (error) {
      const why = error instanceof Refusal ? error.message || t.problem.code(error.status) : String(error);
      said.value = sentence([why, error instanceof Refusal ? error.problem.hint : ""].filter(Boolean).join("; "));
    } finally {
      busy.value = false;
    }
  };
  const check = () =>
    act(async () => {
      const trial = await send<Trial>("POST", `monitors/${monitor.id}/check`);
      return t.monitor.checked(t.outcome[trial.outcome] ?? trial.outcome, latency(trial.phases_ms.total), visible(trial.detail ?? ""));
    });
  const pause = () =>
    act(async () => {
      await send<MonitorInFull>("POST", `monitors/${monitor.id}/${monitor.paused ? "resume" : "pause"}`);
      return monitor.paused ? t.monitor.resumed : t.monitor.pausedNow;
    });
  const leave = () => {
    remove(monitor.id, monitor.name);
    go("/");
  };
  const current = useRef({ check, pause });
  current.current = { check, pause };
  useLayoutEffect(
    () =>
      pageKeys({
        r: () => void current.current.check(),
        ...(mayPause && { p: () => void current.current.pause() }),
        e: () => go(`/m/${monitor.id}/edit`),
      }),
    [monitor.id, mayPause],
  );
  return (
    <>
      <div class="row wrap acts">
        {!monitor.paused && (
          <button type="button" class="btn" aria-disabled={busy.value} onClick={() => void check()}>
            {busy.value ? t.monitor.asking : t.monitor.checkNow} <kbd class="hide-m">R</kbd>
          </button>
        )}
        {mayPause && (
          <button type="button" class="btn" aria-disabled={busy.value} onClick={() => void pause()}>
            {monitor.paused ? t.monitor.resume : t.monitor.pause}
          </button>
        )}
        <a class="btn" href={to(`/m/${monitor.id}/edit`)}>
          {t.monitor.edit} <kbd class="hide-m">E</kbd>
        </a>
        <a class="btn" href={to(`/add?clone=${monitor.id}`)}>
          {t.monitor.clone}
        </a>
        {mayPause && (
          <button type="button" class="btn bad-act" onClick={leave}>
            {t.monitor.delete}
          </button>
        )}
      </div>
      {said.value && (
        <div class="notice said" role="status">
          <span class="grow">{said.value}</span>
          <button type="button" class="btn icon ghost" aria-label={t.keys.close} onClick={() => (said.value = "")}>
            <Icon name="x" />
          </button>
        </div>
      )}
    </>
  );
}
