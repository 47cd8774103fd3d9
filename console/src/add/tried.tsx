// The card beside the form: what came back when it was tried, by phase, and what was found in it.

import type { Trial } from "../api/types";
import { type Certificate, type Health, PHASES } from "../monitor/data";
import { Copy } from "../parts/copy";
import { saidBy } from "../parts/form";
import { Glyph, State } from "../parts/glyph";
import { statusOf } from "../parts/strip";
import { address } from "../api/client";
import { clock, latency, sentence, visible } from "../state/format";
import type { Status } from "../state/model";
import { t } from "../texts";
import { blockOf, kindOf, type Spec } from "./pasted";
import { canBeAsked, type Tried } from "./trial";

/** The card. */
export function TriedCard({ spec, tried }: { spec: Spec | null; tried: Tried }) {
  const trial = tried.trial.value;
  return (
    <section class="card tried" aria-labelledby="tried" aria-busy={tried.busy.value || undefined}>
      <header>
        <h2 id="tried">{trial && tried.at.value > 0 ? t.add.triedAt(clock(tried.at.value)) : t.add.tryIt}</h2>
        <span class="end" role="status">
          {tried.busy.value && !trial ? <span class="muted small">{t.monitor.asking}</span> : trial && <Verdict trial={trial} />}
        </span>
        {canBeAsked(spec) && (
          <button type="button" class="btn sm" onClick={tried.again}>
            {t.add.again}
          </button>
        )}
      </header>
      <div class="body stack">
        {tried.refusal.value ? (
          <p class="bad degraded">{saidBy(tried.refusal.value)}</p>
        ) : trial ? (
          <Found trial={trial} />
        ) : spec && kindOf(spec) === "heartbeat" ? (
          <Call spec={spec} />
        ) : (
          <p class="muted">{t.add.nothingTried}</p>
        )}
      </div>
    </section>
  );
}

/** The outcome and the time it took, in a word each. */
export function Verdict({ trial }: { trial: Trial }) {
  const what = trial.status ?? (trial.reason ? t.reason(trial.reason) : t.outcome[trial.outcome]);
  return (
    <State status={statusOf(trial.outcome)}>
      {what} · {latency(trial.phases_ms.total)}
    </State>
  );
}

/** What came back, by phase, and what was found in it. */
export function Found({ trial, withBody = true }: { trial: Trial; withBody?: boolean }) {
  const said = trial.said as { body?: string; body_truncated?: boolean } | null | undefined;
  return (
    <>
      <Phases trial={trial} />
      <ul class="found">
        {trial.detail && (
          <Line status={statusOf(trial.outcome)}>{sentence(visible(trial.detail))}</Line>
        )}
        {findings(trial).map(([status, text]) => (
          <Line status={status}>{text}</Line>
        ))}
      </ul>
      {withBody && said?.body && (
        <pre class="code" tabIndex={0} role="group" aria-label={t.monitor.body}>
          {visible(pretty(said.body))}
        </pre>
      )}
    </>
  );
}

function Line({ status, children }: { status: Status; children: preact.ComponentChildren }) {
  return (
    <li>
      <Glyph status={status} size={16} label={t.status[status]} />
      <span>{children}</span>
    </li>
  );
}

/** The phases one after the other on one axis. */
function Phases({ trial }: { trial: Trial }) {
  const total = Math.max(trial.phases_ms.total, 0.01);
  let before = 0;
  const bars = PHASES.flatMap((phase) => {
    const ms = trial.phases_ms[phase];
    if (ms == null) return [];
    const bar = { phase, ms, from: before };
    before += ms;
    return [bar];
  });
  return (
    <ul class="phase-bars">
      {bars.map(({ phase, ms, from }) => (
        <li>
          <span class="muted">{t.phase[phase]}</span>
          <span>
            <i style={{ marginLeft: `${Math.min(98, (from / total) * 100)}%`, width: `${Math.max(1.5, (ms / total) * 100)}%`, background: `var(--p-${phase.replace("_", "-")})` }} />
          </span>
          <span class="num right">{latency(ms)}</span>
        </li>
      ))}
    </ul>
  );
}

/** What was found that a monitor of it will show. */
function findings(trial: Trial): [Status, string][] {
  const found: [Status, string][] = [];
  const health = trial.health as Health | null | undefined;
  if (health) {
    const names = health.checks.map((check) => visible(check.name));
    const bad = health.checks.filter((check) => check.status === "error" || check.status === "warn");
    found.push([bad.length > 0 ? "degraded" : "up", names.length > 0 ? t.add.foundHealth(names) : t.add.foundBareHealth]);
    if (health.version) found.push(["up", t.add.foundVersion(visible(health.version))]);
  }
  const certificate = trial.certificate as Certificate | null | undefined;
  if (certificate) {
    const days = Math.floor((certificate.not_after_ms - Date.now()) / 86_400_000);
    found.push([certificate.trusted && days > 14 ? "up" : "degraded", t.add.foundCertificate(t.monitor.daysLeft(days), certificate.trusted)]);
  }
  if (trial.final_url) found.push(["unknown", t.add.foundRedirect(visible(trial.final_url))]);
  if (trial.address) found.push(["unknown", t.add.foundAddress(visible(trial.address))]);
  return found;
}

/** A heartbeat is not asked: how it is called. */
function Call({ spec }: { spec: Spec }) {
  const token = String(blockOf(spec).token ?? "");
  const call = `curl -fsS ${address(`heartbeat/${encodeURIComponent(token)}`)}`;
  return (
    <>
      <p>{t.add.callHow}</p>
      {token && token !== "***" && (
        <>
          <pre class="code wrap" tabIndex={0} role="group" aria-label={t.add.callHow}>
            {call}
          </pre>
          <div class="row">
            <Copy text={call} quiet={false} />
          </div>
        </>
      )}
      <p class="muted small">{t.add.callRun}</p>
    </>
  );
}

function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
