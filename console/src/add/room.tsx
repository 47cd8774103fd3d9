// Whether the plan of the account has room for what is to be added: said before anything is written.

import { useEffect } from "preact/hooks";
import { visible } from "../state/format";
import { know } from "../state/me";
import { monitorsLeft, monitorsUsed, plan } from "../state/plan";
import { t } from "../texts";

/** What is left of the plan; nothing where there is no limit. `wanted` are to be added. */
export function Room({ wanted }: { wanted: number }) {
  // What was added and deleted since the page was opened counts too.
  useEffect(() => void know(), []);
  const most = plan.value?.monitors;
  const left = monitorsLeft.value;
  if (!plan.value || most == null || left === null) return null;
  const name = visible(plan.value.name);
  if (left > 0 && wanted <= left) return <p class="muted small">{t.plan.left(name, left, most)}</p>;
  return (
    <div class="notice" role="status">
      <p>{left === 0 ? t.plan.full(name, most, monitorsUsed.value) : t.plan.notAll(name, left, wanted)}</p>
    </div>
  );
}
