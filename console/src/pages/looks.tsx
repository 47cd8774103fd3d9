// How a status page looks: a logo out of a file, a colour out of a picker or as it is written.

import type { FieldError } from "../api/types";
import { Field } from "../parts/form";
import { Icon } from "../parts/icon";
import { t } from "../texts";

interface Props {
  label: string;
  value: string | undefined;
  set: (to: string | undefined) => void;
  errors: FieldError[];
}

/** A picture as the address that it is itself: `data:image/png;base64,...`. */
function addressOf(file: File): Promise<string> {
  return new Promise((read, failed) => {
    const reader = new FileReader();
    reader.onload = () => read(String(reader.result));
    reader.onerror = () => failed(reader.error);
    reader.readAsDataURL(file);
  });
}

/** A logo. */
export function Logo({ label, value, set, errors }: Props) {
  return (
    <Field label={label} hint={t.pages.hint.logo} errors={errors}>
      {(control) => (
        <>
          <input
            {...control}
            type="file"
            class="input"
            accept=".svg,.png,.jpg,.jpeg,.webp"
            onChange={(event) => {
              const file = event.currentTarget.files?.[0];
              if (file) void addressOf(file).then(set, () => undefined);
            }}
          />
          {value && (
            <p class="row small muted">
              {/* Three bytes are four letters. */}
              {t.pages.picture(Math.ceil((value.length * 3) / 4 / 1_024))}
              <button type="button" class="btn sm icon ghost" aria-label={t.form.remove(label)} onClick={() => set(undefined)}>
                <Icon name="x" />
              </button>
            </p>
          )}
        </>
      )}
    </Field>
  );
}

/** A colour. */
export function Colour({ label, value, set, errors }: Props) {
  const picked = /^#[0-9a-f]{6}$/i.test(value ?? "") ? value : "#000000";
  return (
    <Field label={label} hint={t.pages.hint.colour} errors={errors}>
      {(control) => (
        <span class="row">
          <input {...control} class="input mono" placeholder="#0f62fe" value={value ?? ""} onInput={(event) => set(event.currentTarget.value)} />
          <input type="color" aria-label={t.pages.pick(label)} value={picked} onInput={(event) => set(event.currentTarget.value)} />
        </span>
      )}
    </Field>
  );
}
