// All that is configured, as a file: given out, and taken in after its plan was seen.

import { useSignal } from "@preact/signals";
import { send } from "../api/client";
import type { OneFile, Plan, Step } from "../api/types";
import { Field, FormFoot, Refusals, useSending } from "../parts/form";
import { State } from "../parts/glyph";
import { refresh } from "../state/fleet";
import { visible } from "../state/format";
import type { Status } from "../state/model";
import { mayWrite } from "../state/me";
import { to } from "../state/route";
import { t } from "../texts";

/** The card. */
export function ImportCard() {
  const files = useSignal<OneFile[]>([]);
  const prune = useSignal(false);
  const plan = useSignal<Plan | null>(null);
  const said = useSignal("");
  const sending = useSending();
  const body = () => ({ files: files.peek(), prune: prune.peek() });
  const look = () => {
    said.value = "";
    if (files.peek().length === 0) return;
    void sending.run(async () => {
      plan.value = null;
      plan.value = await send<Plan>("POST", "plan", body());
    });
  };
  const take = async (list: FileList | null) => {
    files.value = await Promise.all([...(list ?? [])].map(async (file) => ({ name: file.name, text: await file.text() })));
    look();
  };
  const apply = () =>
    void sending.run(async () => {
      const done = await send<Plan>("POST", "apply", { ...body(), fingerprint: plan.peek()?.fingerprint });
      await refresh();
      plan.value = null;
      files.value = [];
      said.value = t.settings.applied(done.steps.length);
    });
  return (
    <section class="card" aria-labelledby="code">
      <header>
        <h2 id="code">{t.settings.code}</h2>
        <a class="btn sm end" href={to("/api/v1/export")} download="allswell.yaml" data-out>
          {t.settings.export}
        </a>
      </header>
      <p class="muted body small">{t.settings.codeAbout}</p>
      {mayWrite.value && (
        <>
          <Field label={t.settings.files} hint={t.settings.filesHint}>
            {(control) => (
              <input
                {...control}
                type="file"
                class="input"
                multiple
                accept=".yaml,.yml,.json"
                onChange={(event) => void take(event.currentTarget.files)}
              />
            )}
          </Field>
          <Field label={t.settings.text}>
            {(control) => (
              <textarea
                {...control}
                class="input mono"
                spellcheck={false}
                placeholder={t.overview.emptyExample}
                value={files.value.length === 1 ? files.value[0]?.text : ""}
                onInput={(event) => {
                  plan.value = null;
                  files.value = event.currentTarget.value.trim() ? [{ name: files.peek()[0]?.name ?? t.settings.pasted, text: event.currentTarget.value }] : [];
                }}
              />
            )}
          </Field>
          <div class="field">
            <span class="label">{t.settings.rest}</span>
            <label class="row tick">
              <input
                type="checkbox"
                checked={prune.value}
                onChange={(event) => {
                  prune.value = event.currentTarget.checked;
                  look();
                }}
              />
              {t.settings.prune}
            </label>
          </div>
          <Refusals refusal={sending.refusal.value} />
          {plan.value && <PlanShown plan={plan.value} />}
          <FormFoot act={t.settings.look} off={sending.busy.value || files.value.length === 0} press={look} said={said.value}>
            {plan.value && plan.value.steps.length > 0 && (
              <button type="button" class="btn pri" aria-disabled={sending.busy.value} onClick={apply}>
                {t.settings.apply(plan.value.steps.length)}
              </button>
            )}
          </FormFoot>
        </>
      )}
    </section>
  );
}

const SIGN: Record<string, Status> = { create: "up", change: "degraded", delete: "down" };

/** What applying would do. */
function PlanShown({ plan }: { plan: Plan }) {
  return (
    <section class="plan" aria-label={t.settings.plan}>
      <h3>{plan.steps.length === 0 ? t.settings.nothing : t.settings.planTitle(plan.steps.length, plan.unchanged)}</h3>
      <ol>
        {plan.steps.map((step) => (
          <One step={step} />
        ))}
      </ol>
      {plan.kept.length > 0 && <p class="muted small">{t.settings.kept(plan.kept.map(visible).join(", "))}</p>}
    </section>
  );
}

function One({ step }: { step: Step }) {
  return (
    <li>
      <State status={SIGN[step.action] ?? "unknown"}>{t.settings.action[step.action] ?? step.action}</State>
      <span>
        <span class="muted">{step.kind}</span> <span class="strong">{visible(step.name)}</span> {step.renamed_from && <span class="muted">{t.settings.renamed(visible(step.renamed_from))}</span>}{" "}
        <span class="muted">{visible(step.about ?? "")}</span>
        {step.changes.length > 0 && (
          <ul class="mono small">
            {step.changes.map((change) => (
              <li>
                {visible(change.key)}: {change.from != null && <del>{visible(change.from)}</del>} {change.to != null && <ins>{visible(change.to)}</ins>}
              </li>
            ))}
          </ul>
        )}
      </span>
    </li>
  );
}
