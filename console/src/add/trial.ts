// Asks what the form says, half a second after the last key, and never two at once.

import { type Signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { type Refusal, send } from "../api/client";
import type { Trial } from "../api/types";
import { refused } from "../parts/form";
import { blockOf, kindOf, MAIN, type Spec } from "./pasted";

/** How long after the last key. */
const QUIET_MS = 500;

/** What came of the last asking. */
export interface Tried {
  trial: Signal<Trial | null>;
  refusal: Signal<Refusal | null>;
  busy: Signal<boolean>;
  at: Signal<number>;
  again: () => void;
}

/** Whether there is anything to ask. */
export function canBeAsked(spec: Spec | null): spec is Spec {
  if (!spec || kindOf(spec) === "heartbeat") return false;
  return String(blockOf(spec)[MAIN[kindOf(spec)]] ?? "").trim() !== "";
}

/** The keys that decide what is asked and how it is judged; the rest would ask again for nothing. */
function asked(spec: Spec): Spec {
  const kind = kindOf(spec);
  const { conditions, timeout, interval, degraded_above, certificate_days } = spec;
  return JSON.parse(JSON.stringify({ [kind]: spec[kind], conditions, timeout, interval, degraded_above, certificate_days })) as Spec;
}

/** Tries `spec` whenever it changes. `like` is the monitor whose secrets `***` stands for. */
export function useTrial(spec: Spec | null, like: number | null): Tried {
  const trial = useSignal<Trial | null>(null);
  const refusal = useSignal<Refusal | null>(null);
  const busy = useSignal(false);
  const at = useSignal(0);
  const round = useSignal(0);
  const wanted = canBeAsked(spec) ? JSON.stringify(asked(spec)) : "";
  useEffect(() => {
    if (!wanted) {
      trial.value = null;
      refusal.value = null;
      return;
    }
    const running = new AbortController();
    const ask = async () => {
      busy.value = true;
      try {
        trial.value = await send<Trial>("POST", like === null ? "try" : `try?monitor=${like}`, JSON.parse(wanted), { signal: running.signal });
        refusal.value = null;
      } catch (error) {
        if (running.signal.aborted) return;
        refusal.value = refused(error);
        trial.value = null;
      } finally {
        if (!running.signal.aborted) {
          busy.value = false;
          at.value = Date.now();
        }
      }
    };
    const timer = setTimeout(() => void ask(), QUIET_MS);
    return () => {
      clearTimeout(timer);
      running.abort();
      busy.value = false;
    };
  }, [wanted, like, round.value]);
  return { trial, refusal, busy, at, again: () => (round.value += 1) };
}
