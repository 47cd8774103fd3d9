// What one page reads, kept fresh: read at the beginning and again whenever the fleet says that something happened.

import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

/** What was read last; `error` instead while nothing could be read yet. */
export interface Live<T> {
  value: Signal<T | null>;
  error: Signal<unknown>;
  /** Reads again now. */
  again: () => void;
}

/** Reads with `load`; anew from nothing when `what` changes, again when `when` does. One reading at a time. */
export function useLive<T>(load: (before: T | null, signal: AbortSignal) => Promise<T>, what: string, when: unknown): Live<T> {
  const value = useSignal<T | null>(null);
  const error = useSignal<unknown>(null);
  const state = useRef({ what: "", running: null as AbortController | null, wanted: false });
  const start = () => {
    const { current } = state;
    if (current.running) {
      current.wanted = true;
      return;
    }
    const running = new AbortController();
    current.running = running;
    load(value.peek(), running.signal)
      .then(
        (read) => {
          if (running.signal.aborted) return;
          value.value = read;
          error.value = null;
        },
        (refusal) => {
          if (!running.signal.aborted) error.value = refusal;
        },
      )
      .finally(() => {
        if (current.running !== running) return;
        current.running = null;
        if (current.wanted) {
          current.wanted = false;
          start();
        }
      });
  };
  useEffect(() => {
    if (state.current.what !== what) {
      state.current.running?.abort();
      state.current = { what, running: null, wanted: false };
      value.value = null;
      error.value = null;
    }
    start();
  }, [what, when]);
  useEffect(() => () => state.current.running?.abort(), []);
  return { value, error, again: start };
}
