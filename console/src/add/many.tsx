// Many lines at once: what each was read as, and what became of it.

import { useSignal } from "@preact/signals";
import { Refusal, send } from "../api/client";
import type { MonitorInFull } from "../api/types";
import { Field, saidBy } from "../parts/form";
import { Glyph } from "../parts/glyph";
import { refresh } from "../state/fleet";
import { visible } from "../state/format";
import { know } from "../state/me";
import { usualInterval } from "../state/plan";
import { to } from "../state/route";
import { t } from "../texts";
import { intervalLimit } from "./form";
import { free } from "./names";
import { kindOf, place, type Reading, type Spec } from "./pasted";

/** So many are on their way at the same time. */
const AT_ONCE = 4;

interface Made {
  id: number | null;
  problem: string;
}

/** The form for many. What was made once is not made again. */
export function ManyForm({ readings }: { readings: readonly Reading[] }) {
  const interval = useSignal(usualInterval());
  const group = useSignal("");
  const tags = useSignal("");
  const made = useSignal(new Map<string, Made>());
  const busy = useSignal(false);
  const good = readings.filter((reading) => reading.spec && made.value.get(reading.line)?.id == null);
  const add = async () => {
    if (busy.peek()) return;
    busy.value = true;
    const names = new Set<string>();
    const wanted = good.map((reading) => ({ line: reading.line, spec: whole(reading.spec ?? {}, names) }));
    const next = async (): Promise<void> => {
      const one = wanted.shift();
      if (!one) return;
      const result = await make(one.spec);
      made.value = new Map(made.peek()).set(one.line, result);
      return next();
    };
    await Promise.all(Array.from({ length: AT_ONCE }, next));
    await Promise.all([refresh(), know()]);
    busy.value = false;
  };
  const whole = (spec: Spec, names: Set<string>): Spec => {
    const name = free(String(spec.name ?? place(spec)), names);
    names.add(name);
    const words = tags.peek().split(/[\s,]+/).filter(Boolean);
    const every = kindOf(spec) === "heartbeat" ? {} : { interval: interval.peek().trim() || usualInterval() };
    return { ...every, ...(group.peek().trim() && { group: group.peek().trim() }), ...(words.length > 0 && { tags: words }), ...spec, name };
  };
  const done = [...made.value.values()].filter((one) => one.id !== null).length;
  return (
    <>
      <section class="card" aria-labelledby="many">
        <header>
          <h2 id="many">{t.add.manyTitle(readings.filter((reading) => reading.spec).length, readings.length)}</h2>
          <span class="end muted small" role="status">
            {done > 0 && t.add.manyDone(done)}
          </span>
        </header>
        <ol class="read">
          {readings.map((reading) => (
            <Line reading={reading} made={made.value.get(reading.line)} />
          ))}
        </ol>
        <Field label={t.add.every} hint={intervalLimit()}>{(control) => <input {...control} class="input short" value={interval.value} onInput={(event) => (interval.value = event.currentTarget.value)} />}</Field>
        <Field label={t.add.group}>{(control) => <input {...control} class="input" value={group.value} onInput={(event) => (group.value = event.currentTarget.value)} />}</Field>
        <Field label={t.add.tags} hint={t.add.tagsHint}>
          {(control) => <input {...control} class="input" value={tags.value} onInput={(event) => (tags.value = event.currentTarget.value)} />}
        </Field>
      </section>
      <div class="row wrap">
        <button type="button" class="btn pri lg" aria-disabled={busy.value || good.length === 0} onClick={() => void (good.length > 0 && add())}>
          {t.add.startMany(good.length)}
        </button>
        {done > 0 && (
          <a class="btn lg" href={to("/")}>
            {t.problem.back}
          </a>
        )}
      </div>
    </>
  );
}

async function make(spec: Spec): Promise<Made> {
  try {
    return { id: (await send<MonitorInFull>("POST", "monitors", spec)).id, problem: "" };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { id: null, problem: saidBy(error) };
  }
}

function Line({ reading, made }: { reading: Reading; made: Made | undefined }) {
  const problem = reading.problem || made?.problem || "";
  const status = problem ? "degraded" : made?.id != null ? "up" : "unknown";
  return (
    <li>
      <Glyph status={status} size={15} label={problem || (made?.id != null ? t.add.added : t.add.read)} />
      <span class="tag">{reading.spec ? t.add.kind[kindOf(reading.spec)] : t.none}</span>
      {made?.id != null ? (
        <a class="mono ell" href={to(`/m/${made.id}`)}>
          {visible(reading.line)}
        </a>
      ) : (
        <span class="mono ell">{visible(reading.line)}</span>
      )}
      {problem && <span class="small bad degraded">{problem}</span>}
    </li>
  );
}
