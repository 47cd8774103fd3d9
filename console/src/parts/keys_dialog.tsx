// `?`: which keys there are, and the switch for them.

import { useEffect, useRef } from "preact/hooks";
import { keysOn, keysShown, switchKeys } from "../state/keys";
import { t } from "../texts";
import { Icon } from "./icon";

/** The list of keys, while it is wanted. */
export function KeysDialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  const shown = keysShown.value;
  useEffect(() => {
    if (shown) dialog.current?.showModal();
    else dialog.current?.close();
  }, [shown]);
  const close = () => {
    keysShown.value = false;
  };
  return (
    <dialog ref={dialog} class="card" aria-labelledby="keys-title" onClose={close}>
      <header>
        <h2 id="keys-title">{t.keys.title}</h2>
        <span class="small muted">{t.keys.hint}</span>
        <button type="button" class="btn icon ghost end" aria-label={t.keys.close} onClick={close}>
          <Icon name="x" />
        </button>
      </header>
      <dl class="keys">
        {t.keys.list.map(([key, what]) => (
          <>
            <dt>
              {key.split(" ").map((one) => (
                <kbd>{one}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </>
        ))}
      </dl>
      <div class="keys-part">
        <h2>{t.keys.filterTitle}</h2>
        <span class="small muted">{t.keys.filterHint}</span>
      </div>
      <dl class="keys">
        {t.keys.filter.map(([words, what]) => (
          <>
            <dt>
              {words.split(" ").map((one) => (
                <code>{one}</code>
              ))}
            </dt>
            <dd>{what}</dd>
          </>
        ))}
      </dl>
      <label class="row keys-switch">
        <input type="checkbox" checked={keysOn.value} onChange={(event) => switchKeys(event.currentTarget.checked)} />
        {t.keys.off}
      </label>
    </dialog>
  );
}
