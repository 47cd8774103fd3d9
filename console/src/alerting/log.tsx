// Every message to every channel, newest first; opened, it shows each attempt to hand it over and what the other side said.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { read } from "../api/client";
import type { Delivery, DeliveryAttempt, DeliveryInFull } from "../api/types";
import { Choice } from "../parts/form";
import { State } from "../parts/glyph";
import { duration, exact, moment, visible } from "../state/format";
import type { Status } from "../state/model";
import { now } from "../state/now";
import { to } from "../state/route";
import { t } from "../texts";

const STATES = ["all", "waiting", "sent", "refused"] as const;
type Which = (typeof STATES)[number];

/** The status that a message is drawn with. */
export function statusOf(delivery: { state: string; attempts: number }): Status {
  if (delivery.state === "sent") return "up";
  if (delivery.state === "refused") return "down";
  return delivery.attempts > 0 ? "degraded" : "unknown";
}

/** The log. */
export function DeliveriesCard({ deliveries, more }: { deliveries: readonly Delivery[]; more: (() => void) | null }) {
  const which = useSignal<Which>("all");
  const channel = useSignal("");
  const names = [...new Set(deliveries.map((one) => one.channel))].sort();
  const fits = (one: Delivery) => (which.value === "all" || (which.value === "waiting" ? one.state !== "sent" && one.state !== "refused" : one.state === which.value)) && (channel.value === "" || one.channel === channel.value);
  const shown = deliveries.filter(fits);
  return (
    <section class="card" aria-labelledby="log">
      <header>
        <h2 id="log">{t.alerting.log}</h2>
        <span class="end row wrap">
          {names.length > 1 && (
            <select class="input short" aria-label={t.alerting.ofChannel} value={channel.value} onChange={(event) => (channel.value = event.currentTarget.value)}>
              <option value="">{t.alerting.allChannels}</option>
              {names.map((name) => (
                <option value={name}>{visible(name)}</option>
              ))}
            </select>
          )}
          <Choice label={t.incidents.column.state} of={STATES.map((one) => [one, one === "all" ? t.incidents.all : t.alerting.state[one]] as const)} chosen={which.value} choose={(one) => (which.value = one)} />
        </span>
      </header>
      {shown.length === 0 ? (
        <p class="body muted">{deliveries.length === 0 ? t.alerting.noMessages : t.alerting.noneOf}</p>
      ) : (
        <ol class="log">
          {shown.map((delivery) => (
            <Message key={delivery.id} delivery={delivery} />
          ))}
        </ol>
      )}
      {more && (
        <div class="foot">
          <button type="button" class="btn sm" onClick={more}>
            {t.alerting.older}
          </button>
        </div>
      )}
    </section>
  );
}

function Message({ delivery }: { delivery: Delivery }) {
  const open = useSignal(false);
  const at = Date.parse(delivery.created);
  return (
    <li>
      <details onToggle={(event) => (open.value = event.currentTarget.open)}>
        <summary>
          <State status={statusOf(delivery)}>{t.alerting.state[delivery.state] ?? delivery.state}</State>
          <span class="what">
            <span class="strong">{visible(delivery.monitor)}</span> {t.alerting.isNow[delivery.kind]} <span class="muted">→ {visible(delivery.channel)}</span>
          </span>
          <span class="muted small num nowrap">{t.alerting.attempts(delivery.attempts)}</span>
          <time class="muted small num nowrap" dateTime={delivery.created} title={exact(at)}>
            {moment(at)}
          </time>
          {delivery.state !== "sent" && delivery.last_answer && <span class="answer small">{visible(delivery.last_answer)}</span>}
        </summary>
        {open.value && <Attempts delivery={delivery} />}
      </details>
    </li>
  );
}

/** Each attempt; read anew when there was another one. */
function Attempts({ delivery }: { delivery: Delivery }) {
  const tries = useSignal<DeliveryAttempt[] | null>(null);
  useEffect(() => {
    const running = new AbortController();
    read<DeliveryInFull>(`deliveries/${delivery.id}`, running.signal).then(
      (whole) => {
        tries.value = whole.tries;
      },
      () => {
        // The next attempt reads again; what is known stays.
      },
    );
    return () => running.abort();
  }, [delivery.id, delivery.attempts, delivery.state]);
  return (
    <div class="tries">
      <ol>
        {(tries.value ?? []).map((one) => (
          <li>
            <time class="mono muted" dateTime={one.began} title={exact(Date.parse(one.began))}>
              {moment(Date.parse(one.began))}
            </time>
            <State status={one.result === "sent" ? "up" : one.result === "refused" ? "down" : one.result === "retried" ? "degraded" : "unknown"}>
              {one.result ? (t.alerting.result[one.result] ?? one.result) : t.alerting.underWay}
            </State>
            <span class="grow">{visible(one.said ?? "")}</span>
            <span class="num muted nowrap">{one.took_ms == null ? "" : duration(one.took_ms)}</span>
          </li>
        ))}
      </ol>
      <p class="muted small">
        {delivery.next && delivery.state !== "sent" && delivery.state !== "refused" && <>{t.alerting.next(duration(Math.max(0, Date.parse(delivery.next) - now.value)))} </>}
        <a href={to(`/i/${delivery.incident}`)}>{t.incidents.number(delivery.incident)}</a> · <span class="mono">{visible(delivery.key)}</span>
      </p>
    </div>
  );
}
