// What must hold of an answer: one line for each condition, beside it what was really there when it was tried.

import { useLayoutEffect, useRef } from "preact/hooks";
import type { Trial } from "../api/types";
import type { Refusal } from "../api/client";
import { errorsAt } from "../parts/form";
import { Glyph } from "../parts/glyph";
import { Icon } from "../parts/icon";
import { sentence, visible } from "../state/format";
import type { Status } from "../state/model";
import { t } from "../texts";

interface Props {
  conditions: readonly string[];
  change: (conditions: string[]) => void;
  trial: Trial | null;
  refusal: Refusal | null;
}

/** The editor of conditions. */
export function Conditions({ conditions, change, trial, refusal }: Props) {
  const list = useRef<HTMLUListElement>(null);
  const set = (index: number, text: string) => change(conditions.map((one, at) => (at === index ? text : one)));
  const wantsFocus = useRef(false);
  const add = (text: string) => {
    wantsFocus.current = true;
    change([...conditions, text]);
  };
  // Before it is painted: who types on at once types into it.
  useLayoutEffect(() => {
    if (wantsFocus.current) list.current?.querySelector<HTMLInputElement>("li:last-child input")?.focus();
    wantsFocus.current = false;
  }, [conditions.length]);
  const offered = t.add.offered.filter(([text]) => !conditions.includes(text));
  return (
    <div class="conditions">
      <ul ref={list}>
        {conditions.map((text, index) => (
          <li>
            <input
              class="input mono"
              aria-label={t.add.condition(index + 1)}
              aria-describedby={`condition-${index}`}
              aria-invalid={errorsAt(refusal, `/conditions/${index}`).length > 0 || undefined}
              spellcheck={false}
              autocomplete="off"
              value={text}
              onInput={(event) => set(index, event.currentTarget.value)}
            />
            <button type="button" class="btn icon ghost" aria-label={t.add.removeCondition(text)} onClick={() => change(conditions.filter((_, at) => at !== index))}>
              <Icon name="x" />
            </button>
            <p id={`condition-${index}`} class="small was">
              <Was text={text} index={index} trial={trial} refusal={refusal} />
            </p>
          </li>
        ))}
      </ul>
      <div class="row wrap">
        <button type="button" class="btn sm" onClick={() => add("")}>
          <Icon name="plus" size={14} /> {t.add.addCondition}
        </button>
        {offered.slice(0, 3).map(([text, name]) => (
          <button type="button" class="btn sm ghost mono" title={name} onClick={() => add(text)}>
            {text}
          </button>
        ))}
      </div>
    </div>
  );
}

/** What was really there. */
function Was({ text, index, trial, refusal }: { text: string; index: number; trial: Trial | null; refusal: Refusal | null }) {
  const wrong = errorsAt(refusal, `/conditions/${index}`)[0];
  const said = (status: Status, what: string) => (
    <span class={status === "up" ? "muted" : `bad ${status}`}>
      <Glyph status={status} size={13} label={t.status[status]} /> {what}
    </span>
  );
  if (wrong) return said("down", sentence(visible(wrong.detail)));
  const held = trial?.conditions.find((one) => one.condition === text);
  if (!text.trim() || !held) return <span class="muted">{t.add.untried}</span>;
  const was = visible(held.seen ?? held.why ?? "");
  if (held.held == null) return said("unknown", t.add.noAnswer);
  return held.held ? said("up", was || t.add.holds) : said("down", was || t.add.holdsNot);
}
