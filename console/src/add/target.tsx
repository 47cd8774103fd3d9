// The one field that takes whatever somebody has at hand, and what it was read as.

import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { usualInterval } from "../state/plan";
import { t } from "../texts";
import { free } from "./names";
import { type Kind, KINDS, kindOf, place, type Reading, readAll, type Spec } from "./pasted";

/** What is written is judged this long after the last key. */
const QUIET_MS = 800;

/** What is written, and the monitor it means. */
export interface Target {
  text: Signal<string>;
  readings: Signal<Reading[]>;
  /** The keys of the one monitor, kept while the target is written. */
  spec: Signal<Spec>;
  /** Whether one monitor was read so far. */
  began: Signal<boolean>;
  /** Whether the writer has paused. */
  quiet: Signal<boolean>;
  /** Reads what is written now. */
  paste: (text: string) => void;
}

const withoutKinds = (spec: Spec): Spec => Object.fromEntries(Object.entries(spec).filter(([key]) => !KINDS.some((kind: Kind) => kind === key) && key !== "name"));

/** Reads a target while it is written. */
export function useTarget(): Target {
  const text = useSignal("");
  const readings = useSignal<Reading[]>([]);
  const spec = useSignal<Spec>({});
  const began = useSignal(false);
  const proposed = useSignal("");
  const quiet = useSignal(false);
  const paste = (pasted: string) => {
    text.value = pasted;
    readings.value = readAll(pasted);
    quiet.value = false;
    const only = readings.value.length === 1 ? readings.value[0]?.spec : null;
    if (!only) return;
    began.value = true;
    // What was said of the monitor beside its target stays while the target is written.
    const kept = kindOf(only) === "heartbeat" ? withoutKinds(spec.peek()) : { interval: usualInterval(), ...withoutKinds(spec.peek()) };
    const own = String(spec.peek().name ?? "");
    const isOwn = own !== "" && own !== proposed.peek();
    proposed.value = free(String(only.name ?? place(only)));
    spec.value = { ...kept, ...only, name: isOwn ? own : proposed.peek() };
  };
  useEffect(() => {
    const timer = setTimeout(() => (quiet.value = true), QUIET_MS);
    return () => clearTimeout(timer);
  }, [text.value]);
  return { text, readings, spec, began, quiet, paste };
}

/** The field. `save` is called by ⌘↵. */
export function TargetField({ target, save }: { target: Target; save: () => void }) {
  const { text, readings, quiet } = target;
  const one = readings.value.length <= 1;
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => field.current?.focus({ preventScroll: true }), []);
  const problem = one && quiet.value ? (readings.value[0]?.problem ?? "") : "";
  return (
    <>
      <label class="vh" for="target">
        {t.add.target}
      </label>
      <textarea
        id="target"
        class={`input big mono ${one ? "" : "many"}`}
        rows={one ? 1 : Math.min(12, readings.value.length + 1)}
        ref={field}
        spellcheck={false}
        autocomplete="off"
        placeholder="https://api.example.com/ready"
        aria-invalid={problem ? true : undefined}
        aria-describedby="target-problem"
        value={text.value}
        onInput={(event) => target.paste(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) save();
        }}
      />
      <p id="target-problem" class={problem ? "small bad degraded" : "vh"} role="status">
        {problem}
      </p>
    </>
  );
}
