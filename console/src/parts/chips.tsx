// Several words, each with a button to take it away, and a field that adds one.

import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { visible } from "../state/format";
import { t } from "../texts";
import type { Control } from "./form";
import { Icon } from "./icon";

interface Props {
  control: Control;
  value: readonly string[];
  set: (value: string[]) => void;
  /** What there is to choose from; anything else can be written too. */
  offered: readonly string[];
}

/** The words and the field. */
export function Chips({ control, value, set, offered }: Props) {
  const text = useSignal("");
  const list = useId();
  const add = () => {
    const words = text.peek().trim();
    text.value = "";
    if (words && !value.includes(words)) set([...value, words]);
  };
  return (
    <div class="chips">
      {value.map((word) => (
        <span class="tag">
          {visible(word)}
          <button type="button" aria-label={t.form.remove(word)} onClick={() => set(value.filter((one) => one !== word))}>
            <Icon name="x" size={12} />
          </button>
        </span>
      ))}
      <input
        {...control}
        class="input"
        list={list}
        autocomplete="off"
        placeholder={t.form.addOne}
        value={text.value}
        onInput={(event) => {
          text.value = event.currentTarget.value;
          // Chosen from the list and not written key by key.
          if (offered.includes(event.currentTarget.value)) add();
        }}
        onBlur={add}
        onKeyDown={(event) => {
          // What was chosen from the list is added already: a second Enter must not send the form.
          if (event.key === "Enter") {
            event.preventDefault();
            add();
          }
          if (event.key === "Backspace" && !text.peek()) set(value.slice(0, -1));
        }}
      />
      <datalist id={list}>
        {offered
          .filter((word) => !value.includes(word))
          .slice(0, 500)
          .map((word) => (
            <option value={word} />
          ))}
      </datalist>
    </div>
  );
}
