// A button that puts a text into the clipboard and says so.

import { useSignal } from "@preact/signals";
import { t } from "../texts";
import { Icon } from "./icon";

/** Copies `text`. */
export function Copy({ text, label = t.monitor.copy, quiet = true }: { text: string; label?: string; quiet?: boolean }) {
  const done = useSignal(false);
  const copy = () => {
    navigator.clipboard?.writeText(text).then(
      () => {
        done.value = true;
        setTimeout(() => {
          done.value = false;
        }, 2_000);
      },
      () => {
        // The browser refuses outside of https and localhost: the text can still be marked by hand.
      },
    );
  };
  return (
    <button type="button" class={`btn end ${quiet ? "sm ghost" : ""}`} onClick={copy}>
      <Icon name={done.value ? "check" : "copy"} size={14} />
      <span aria-live="polite">{done.value ? t.monitor.copied : label}</span>
    </button>
  );
}
