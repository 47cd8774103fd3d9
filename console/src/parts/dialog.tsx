// A dialog that is there as long as it is drawn.

import "../styles/form.css";
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { t } from "../texts";
import { Icon } from "./icon";

/** A dialog; `close` is called when the reader leaves it. */
export function Dialog({ title, close, children }: { title: string; close: () => void; children: ComponentChildren }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby={id} onClose={close}>
      <header>
        <h2 id={id} class="ell">
          {title}
        </h2>
        <button type="button" class="btn icon ghost end" aria-label={t.keys.close} onClick={close}>
          <Icon name="x" />
        </button>
      </header>
      {children}
    </dialog>
  );
}
