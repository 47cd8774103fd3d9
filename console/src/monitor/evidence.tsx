// What the other side said at the first failure: body, headers, conditions. All of it was written by strangers.

import { useSignal } from "@preact/signals";
import { Copy } from "../parts/copy";
import { moment, visible } from "../state/format";
import { t } from "../texts";
import type { Detail } from "./data";

/** What was kept of the first failure. */
export interface Evidence {
  answer?: string | null;
  detail?: Detail;
  said?: { status_line?: string | null; headers: [string, string][]; body: string; body_truncated: boolean } | null;
}

type Part = "body" | "headers" | "conditions";

/** The evidence of an incident. */
export function EvidenceCard({ evidence, time }: { evidence: Evidence; time: number }) {
  const part = useSignal<Part>("body");
  const said = evidence.said;
  const headers = said?.headers ?? [];
  const conditions = evidence.detail?.failed_conditions ?? [];
  const parts: [Part, string][] = [["body", t.monitor.body]];
  if (headers.length > 0) parts.push(["headers", t.monitor.headers(headers.length)]);
  if (conditions.length > 0) parts.push(["conditions", t.monitor.conditions(conditions.length)]);
  const text = written(evidence, part.value);
  return (
    <section class="card" aria-labelledby="evidence">
      <header>
        <h2 id="evidence">{t.monitor.evidence}</h2>
        <Copy text={text} />
      </header>
      <div class="body stack">
        {evidence.answer && <p class="small num">{visible(evidence.answer)}</p>}
        {parts.length > 1 && (
          <div class="seg" role="group" aria-label={t.monitor.part}>
            {parts.map(([one, name]) => (
              <button type="button" aria-pressed={part.value === one} onClick={() => (part.value = one)}>
                {name}
              </button>
            ))}
          </div>
        )}
        <pre class="code" tabIndex={0} role="group" aria-label={t.monitor.evidence}>
          {text}
        </pre>
        <p class="muted small">
          {moment(time)} · {said?.body_truncated ? t.monitor.cut : t.monitor.masked}
        </p>
      </div>
    </section>
  );
}

/** Whether there is anything to show. */
export function isEmpty(evidence: Evidence | null | undefined): boolean {
  return !evidence || (!evidence.answer && !evidence.said && !evidence.detail?.message);
}

function written({ said, detail }: Evidence, part: Part): string {
  if (part === "headers") return [said?.status_line ?? "", ...(said?.headers ?? []).map(([name, value]) => `${name}: ${value}`)].map(visible).join("\n");
  if (part === "conditions") return (detail?.failed_conditions ?? []).map((failed) => visible(t.monitor.holdsNot(failed.condition, failed.why))).join("\n");
  const head = said?.status_line ? `${said.status_line}\n\n` : "";
  return visible(head + (said?.body ? pretty(said.body) : (detail?.message ?? t.monitor.noBody)));
}

/** JSON with a line for each value; anything else as it came. */
function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
