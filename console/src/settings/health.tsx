// How the server itself is, by its own health document.

import { address, Refusal } from "../api/client";
import type { HealthDocument } from "../api/types";
import { saidBy } from "../parts/form";
import { State } from "../parts/glyph";
import { Skeleton } from "../parts/notice";
import { duration, exact, sentence, visible } from "../state/format";
import { useLive } from "../state/live";
import type { Status } from "../state/model";
import { now } from "../state/now";
import { t } from "../texts";

const AGAIN_MS = 5_000;
const STATUS: Record<string, Status> = { ok: "up", healthy: "up", warn: "degraded", degraded: "degraded", error: "down", unhealthy: "down" };

/** The document comes with 503 when the server is not ready; it is the document all the same. */
async function health(signal: AbortSignal): Promise<HealthDocument> {
  const response = await fetch(address("ready"), { credentials: "same-origin", cache: "no-store", signal }).catch(() => {
    throw new Refusal(0, {});
  });
  return (await response.json()) as HealthDocument;
}

/** The card. */
export function HealthCard() {
  const live = useLive<HealthDocument>((_, signal) => health(signal), "health", Math.floor(now.value / AGAIN_MS));
  const document = live.value.value;
  return (
    <section class="card" aria-labelledby="server">
      <header>
        <h2 id="server">{t.settings.server}</h2>
        {document && (
          <span class="end">
            <State status={STATUS[document.status] ?? "unknown"}>{t.settings.healthy[document.status] ?? document.status}</State>
          </span>
        )}
      </header>
      {!document ? (
        live.error.value ? (
          <p class="body bad down">{live.error.value instanceof Refusal ? saidBy(live.error.value) : t.live.unreachable}</p>
        ) : (
          <Skeleton height={90} />
        )
      ) : (
        <div class="body stack">
          <dl class="kv">
            <dt>{t.settings.version}</dt>
            <dd class="num">{visible(document.version)}</dd>
            <dt>{t.settings.runs}</dt>
            <dd class="num" title={exact(Date.parse(document.started_at))}>
              {duration(Math.max(0, now.value - Date.parse(document.started_at)))}
            </dd>
            {Object.entries(document.checks).map(([name, check]) => (
              <>
                <dt class="capital">{visible(name)}</dt>
                <dd>
                  <State status={STATUS[check.status] ?? "unknown"}>{check.message ? sentence(visible(check.message)) : check.status}</State>
                </dd>
              </>
            ))}
          </dl>
          {document.reason && <p class="muted">{sentence(visible(document.reason))}</p>}
        </div>
      )}
    </section>
  );
}
