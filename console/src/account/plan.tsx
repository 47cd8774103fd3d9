// What the account may have by its plan, and how much of it is used.

import { useEffect } from "preact/hooks";
import { interval, visible } from "../state/format";
import { know } from "../state/me";
import { monitorsUsed, plan } from "../state/plan";
import { t } from "../texts";

/** The card; nothing where there is no limit. */
export function PlanCard() {
  useEffect(() => void know(), []);
  if (!plan.value) return null;
  const { name, monitors, min_interval_s: least } = plan.value;
  return (
    <section class="card" aria-labelledby="plan">
      <header>
        <h2 id="plan">{t.plan.title}</h2>
        <span class="tag end">{visible(name)}</span>
      </header>
      <dl class="kv body">
        {monitors != null && (
          <>
            <dt>{t.plan.monitors}</dt>
            <dd class="num">{t.plan.used(monitorsUsed.value, monitors)}</dd>
          </>
        )}
        {least != null && (
          <>
            <dt>{t.plan.shortest}</dt>
            <dd class="num">{interval(least)}</dd>
          </>
        )}
      </dl>
      <p class="form-foot muted small">{t.plan.another}</p>
    </section>
  );
}
