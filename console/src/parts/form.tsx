// What forms are made of: a field with its label, its hint and what the server has against it; sending, and what came of it.

import "../styles/form.css";
import { type Signal, useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { Refusal } from "../api/client";
import type { FieldError } from "../api/types";
import { sentence, visible } from "../state/format";
import { t } from "../texts";

/** What is being sent, and what the server had against it. */
export interface Sending {
  busy: Signal<boolean>;
  refusal: Signal<Refusal | null>;
  /** Does it once; whether it went well. What is under way is not begun again. */
  run: (action: () => Promise<unknown>) => Promise<boolean>;
}

/** Sends, one thing at a time. */
export function useSending(): Sending {
  const busy = useSignal(false);
  const refusal = useSignal<Refusal | null>(null);
  const run = async (action: () => Promise<unknown>): Promise<boolean> => {
    if (busy.peek()) return false;
    busy.value = true;
    try {
      await action();
      refusal.value = null;
      return true;
    } catch (error) {
      refusal.value = refused(error);
      return false;
    } finally {
      busy.value = false;
    }
  };
  return { busy, refusal, run };
}

/** What was thrown, as a refusal; what is none is a mistake of ours and goes on. */
export function refused(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  throw error;
}

/** What was refused, in sentences. */
export function saidBy(refusal: Refusal): string {
  const detail = refusal.message || (refusal.status ? t.problem.code(refusal.status) : t.live.unreachable);
  return [detail, refusal.problem.hint].filter(Boolean).map((text) => sentence(visible(text ?? ""))).join(" ");
}

/** All that the server has against single fields. */
function errorsOf(refusal: Refusal | null): FieldError[] {
  const { errors = [], field, detail = "", hint = null } = refusal?.problem ?? {};
  return errors.length === 0 && field ? [{ pointer: field.startsWith("/") ? field : `/${field}`, code: "", detail, hint }] : errors;
}

const isAt = (error: FieldError, pointer: string) => error.pointer === pointer || error.pointer.startsWith(`${pointer}/`);

/** What the server has against the field at this JSON pointer, or against what is inside of it. */
export const errorsAt = (refusal: Refusal | null, pointer: string): FieldError[] => errorsOf(refusal).filter((error) => isAt(error, pointer));

/** All that was refused but for what stands at its field already. */
export function Refusals({ refusal, at = [] }: { refusal: Refusal | null; at?: readonly string[] }) {
  if (!refusal) return null;
  const all = errorsOf(refusal);
  const elsewhere = all.filter((error) => !at.some((pointer) => isAt(error, pointer)));
  if (all.length > 0 && elsewhere.length === 0) return null;
  return (
    <div class="notice refusal" role="alert">
      {elsewhere.length === 0 ? (
        <p>{saidBy(refusal)}</p>
      ) : (
        <ul>
          {elsewhere.map((error) => (
            <li>
              <span class="mono">{visible(error.pointer.slice(1).replaceAll("/", "."))}</span> {sentence(visible(error.detail))}{" "}
              {error.hint && sentence(visible(error.hint))}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** What a field hands to its control. */
export interface Control {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": true | undefined;
}

interface FieldProps {
  label: string;
  hint?: ComponentChildren;
  errors?: readonly FieldError[];
  children: (control: Control) => ComponentChildren;
}

/** A label, a control, and below it what helps or what is wrong. */
export function Field({ label, hint, errors = [], children }: FieldProps) {
  const id = useId();
  const about = `${id}-about`;
  const wrong = errors.length > 0;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div>
        {children({ id, "aria-describedby": hint || wrong ? about : undefined, "aria-invalid": wrong ? true : undefined })}
        {(hint || wrong) && (
          <div id={about} class={wrong ? "small bad down about" : "small muted about"}>
            {wrong ? errors.map((error) => <p>{[error.detail, error.hint].filter(Boolean).map((text) => sentence(visible(text ?? ""))).join(" ")}</p>) : hint}
          </div>
        )}
      </div>
    </div>
  );
}

interface FootProps {
  /** What the button says. */
  act: ComponentChildren;
  /** Whether it is what the page or the dialog is there for. */
  main?: boolean;
  /** Whether pressing it would do nothing now. */
  off?: boolean;
  /** What it does instead of sending the form. */
  press?: () => void;
  /** What became of it; there from the beginning, so that it is read out when it changes. */
  said?: ComponentChildren;
  /** What stands beside the button. */
  children?: ComponentChildren;
}

/** The foot of a form: its button, and what became of it. */
export function FormFoot({ act, main = false, off = false, press, said, children }: FootProps) {
  return (
    <div class="form-foot">
      <button type={press ? "button" : "submit"} class={main ? "btn pri" : "btn"} aria-disabled={off} onClick={press}>
        {act}
      </button>
      {children}
      {said !== undefined && (
        <span class="muted small grow" role="status">
          {said}
        </span>
      )}
    </div>
  );
}

/** Some words of which one is chosen. */
export function Choice<T extends string>({ label, of, chosen, choose }: { label: string; of: readonly (readonly [T, ComponentChildren])[]; chosen: T; choose: (one: T) => void }) {
  return (
    <span class="seg" role="group" aria-label={label}>
      {of.map(([one, text]) => (
        <button type="button" aria-pressed={one === chosen} onClick={() => choose(one)}>
          {text}
        </button>
      ))}
    </span>
  );
}
