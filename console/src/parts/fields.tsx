// Fields for the keys of a configuration, made of what the server says of them.

import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import type { Refusal } from "../api/client";
import { t } from "../texts";
import { type Control, errorsAt, Field } from "./form";
import { labelOf, meaningOf, type Schema, type Shape, shapeOf } from "./schema";

type Values = Record<string, unknown>;

interface Props {
  schema: Schema;
  all: Record<string, Schema>;
  value: Values;
  change: (value: Values) => void;
  refusal: Refusal | null;
  /** Where the block stands in what is sent. */
  pointer: string;
  /** Keys that have their field elsewhere. */
  without?: readonly string[];
  /** Only these, in this order. */
  only?: readonly string[];
  /** Whether the block is there at all: what it needs is not asked for in one that may be left out. */
  isThere?: boolean;
}

/** `value` with `key` set; what is empty is taken out. */
export function withKey(value: Values, key: string, to: unknown): Values {
  const { [key]: _, ...rest } = value;
  const isEmpty = to === undefined || to === "" || (Array.isArray(to) && to.length === 0) || (typeof to === "object" && to !== null && !Array.isArray(to) && Object.keys(to).length === 0);
  return isEmpty ? rest : { ...rest, [key]: to };
}

/** The names of the keys, what must be said first. */
export function keysOf(schema: Schema, without: readonly string[] = []): string[] {
  const keys = Object.keys(schema.properties ?? {}).filter((key) => !without.includes(key));
  const needed = schema.required ?? [];
  return [...needed.filter((key) => keys.includes(key)), ...keys.filter((key) => !needed.includes(key))];
}

/** A field for each key. */
export function Fields({ schema, all, value, change, refusal, pointer, without = [], only, isThere = true }: Props) {
  const keys = only ?? keysOf(schema, without);
  return (
    <>
      {keys.map((key) => {
        const of = schema.properties?.[key];
        if (!of) return null;
        const shape = shapeOf(key, of, all);
        const set = (to: unknown) => change(withKey(value, key, to));
        const at = `${pointer}/${key}`;
        if (shape.is === "block") {
          const block = (value[key] ?? {}) as Values;
          return (
            <Folded key={key} title={labelOf(key)} about={meaningOf(of)} open={Object.keys(block).length > 0}>
              <Fields schema={shape.schema} all={all} value={block} change={set} refusal={refusal} pointer={at} isThere={Object.keys(block).length > 0} />
            </Folded>
          );
        }
        const label = labelOf(key) + (schema.required?.includes(key) ? "" : ` ${t.form.optional}`);
        return (
          <Field key={key} label={label} hint={<Meaning text={meaningOf(of)} />} errors={errorsAt(refusal, at)}>
            {(control) => <Input control={{ ...control, required: isThere && (schema.required?.includes(key) ?? false) }} shape={shape} value={value[key]} set={set} />}
          </Field>
        );
      })}
    </>
  );
}

/** A text with what stands between backticks as code. */
export function Meaning({ text }: { text: string }) {
  return <>{text.split("`").map((part, index) => (index % 2 === 1 ? <span class="mono">{part}</span> : part))}</>;
}

/** A part of a form that is folded away until it is wanted. */
export function Folded({ title, about, open = false, children }: { title: string; about?: ComponentChildren; open?: boolean; children: ComponentChildren }) {
  return (
    <details class="folded" open={open}>
      <summary>
        <span>{title}</span> <span class="muted small grow">{typeof about === "string" ? <Meaning text={about} /> : about}</span>
      </summary>
      {children}
    </details>
  );
}

interface InputProps {
  control: Control & { required: boolean };
  shape: Exclude<Shape, { is: "block" }>;
  value: unknown;
  set: (to: unknown) => void;
}

function Input({ control, shape, value, set }: InputProps) {
  const text = value === undefined || value === null ? "" : String(value);
  switch (shape.is) {
    case "switch":
      return (
        <input {...control} type="checkbox" class="check" checked={value === true || value === "true"} onChange={(event) => set(event.currentTarget.checked || undefined)} />
      );
    case "words":
      return (
        <select {...control} class="input" value={text} onChange={(event) => set(event.currentTarget.value)}>
          <option value="">{t.form.usual}</option>
          {shape.words.map((word) => (
            <option value={word}>{word}</option>
          ))}
        </select>
      );
    case "list":
      return <Lines control={control} value={value} write={(list) => (list as string[]).join("\n")} read={(lines) => lines} set={set} hint={t.form.perLine} />;
    case "pairs":
      return <Lines control={control} value={value} write={pairs} read={ofPairs} set={set} hint={t.form.pairs} />;
    case "number":
      return <input {...control} class="input num" inputMode="numeric" value={text} onInput={(event) => set(number(event.currentTarget.value))} />;
    case "long":
      return <textarea {...control} class="input mono" value={text} onInput={(event) => set(event.currentTarget.value)} />;
    case "secret":
      return <input {...control} class="input mono" type="password" autocomplete="new-password" value={text} onInput={(event) => set(event.currentTarget.value)} />;
    case "text":
      return <input {...control} class="input" autocomplete="off" spellcheck={false} value={text} onInput={(event) => set(event.currentTarget.value)} />;
  }
}

/** A whole number as one; anything else as it is written, for the server to judge. */
const number = (text: string) => (/^\d+$/.test(text.trim()) ? Number(text) : text.trim());

const pairs = (value: unknown) =>
  Object.entries(value as Record<string, unknown>)
    .map(([name, said]) => `${name}: ${String(said)}`)
    .join("\n");

function ofPairs(lines: string[]): Record<string, string> {
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf(":");
      return at < 0 ? [line, ""] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    }),
  );
}

interface LinesProps {
  control: Control;
  value: unknown;
  write: (value: unknown) => string;
  read: (lines: string[]) => unknown;
  set: (to: unknown) => void;
  hint: string;
}

/** Several values, a line for each. What is written stays as it is while it is written. */
function Lines({ control, value, write, read, set, hint }: LinesProps) {
  const text = useSignal(value ? write(value) : "");
  const linesOf = (all: string) =>
    all
      .split("\n")
      .map((line) => line.trim())
      .filter(Boolean);
  const shown = value ? write(value) : "";
  // Changed by somebody else than the one who writes here.
  if (linesOf(text.peek()).join("\n") !== linesOf(shown).join("\n") && JSON.stringify(read(linesOf(text.peek()))) !== JSON.stringify(value ?? read([]))) text.value = shown;
  return (
    <textarea
      {...control}
      class="input mono"
      rows={Math.min(8, Math.max(2, text.value.split("\n").length))}
      placeholder={hint}
      spellcheck={false}
      value={text.value}
      onInput={(event) => {
        text.value = event.currentTarget.value;
        set(read(linesOf(event.currentTarget.value)));
      }}
    />
  );
}
