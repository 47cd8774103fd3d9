// What was just deleted, with the way back, at the foot of every page.

import { Refusal } from "../api/client";
import { sentence, visible } from "../state/format";
import { keep, leaving, now as atOnce } from "../state/leaving";
import { now } from "../state/now";
import { t } from "../texts";
import { Icon } from "./icon";

/** One line for each; nothing when nothing goes. */
export function Undo() {
  if (leaving.value.length === 0) return null;
  return (
    <div class="undo" role="status">
      {leaving.value.map((one) => (
        <div key={one.id} class="row">
          <span class="grow">{one.refusal ? t.undo.refused(visible(one.name), why(one.refusal)) : t.undo.deleted(visible(one.name))}</span>
          {!one.refusal && (
            <button type="button" class="btn sm" onClick={() => keep(one.id)}>
              {t.undo.undo} <span class="num muted">{Math.max(0, Math.ceil((one.at - now.value) / 1_000))}</span>
            </button>
          )}
          <button type="button" class="btn icon ghost" aria-label={one.refusal ? t.keys.close : t.undo.now} onClick={() => (one.refusal ? keep(one.id) : void atOnce(one.id))}>
            <Icon name="x" />
          </button>
        </div>
      ))}
    </div>
  );
}

const why = (refusal: Refusal) => [refusal.message || t.live.unreachable, refusal.problem.hint].filter(Boolean).map((text) => sentence(visible(text ?? ""))).join(" ");
