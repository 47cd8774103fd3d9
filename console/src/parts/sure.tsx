// A button for what cannot be taken back: the first press asks, the second does.

import { useSignal } from "@preact/signals";
import { t } from "../texts";

/** Calls `act` when it was meant. */
export function Sure({ label, name, act, small = false }: { label: string; name: string; act: () => void; small?: boolean }) {
  const asked = useSignal(false);
  return (
    <button
      type="button"
      class={`btn bad-act ${small ? "sm" : ""}`}
      aria-label={`${asked.value ? t.form.sure : label} ${name}`}
      onBlur={() => (asked.value = false)}
      onClick={() => {
        if (asked.peek()) act();
        asked.value = !asked.peek();
      }}
    >
      {asked.value ? t.form.sure : label}
    </button>
  );
}
