// The rehearsal as lanes on one axis: container, probes, endpoint, faults.

import { Glyph } from "../parts/glyph";
import { t } from "../texts";
import { axis, type Picture, type Span, type Tick } from "./rehearsal";

const WIDTH = 780;

/** The picture. */
export function Lanes({ drawn }: { drawn: Picture }) {
  const x = (seconds: number) => (Math.max(0, seconds) / drawn.length) * WIDTH;
  const several = drawn.replicas.length > 1;
  return (
    <section class="card" aria-labelledby="timeline">
      <header>
        <h2 id="timeline">{t.rehearsal.timeline}</h2>
        <span class="legend end hide-m">
          <span>
            <Glyph status="up" size={12} />
            {t.rehearsal.passed}
          </span>
          <span>
            <Glyph status="down" size={12} />
            {t.rehearsal.failedProbe}
          </span>
        </span>
      </header>
      <div class="scroll" role="group" aria-labelledby="timeline" tabIndex={0}>
        <div class="gantt">
          <div class="lb" />
          <Axis length={drawn.length} x={x} />
          {drawn.replicas.map((replica) => {
            const of = (name: string) => (several ? t.rehearsal.of(name, replica.number) : name);
            return (
              <>
                <Spans name={of(t.rehearsal.container)} spans={replica.container} x={x} />
                {[...replica.probes].map(([kind, ticks]) => (
                  <Ticks name={of(kind)} ticks={ticks} x={x} />
                ))}
                <Spans name={of(t.rehearsal.endpoint)} spans={replica.endpoint} x={x} />
              </>
            );
          })}
          {drawn.faults.length > 0 && <Spans name={t.rehearsal.fault} spans={drawn.faults} x={x} />}
        </div>
      </div>
    </section>
  );
}

type X = (seconds: number) => number;

function Axis({ length, x }: { length: number; x: X }) {
  return (
    <div class="sw">
      <svg viewBox={`0 0 ${WIDTH} 22`} aria-hidden="true">
        {axis(length).map((second) => (
          <>
            <line x1={x(second)} x2={x(second)} y1="0" y2="22" stroke="var(--border-strong)" />
            <text x={x(second) > WIDTH - 40 ? x(second) - 4 : x(second) + 5} y="14" text-anchor={x(second) > WIDTH - 40 ? "end" : "start"} class="tick">
              {second} s
            </text>
          </>
        ))}
      </svg>
    </div>
  );
}

const LOOKS: Record<Span["look"], { fill: string; opacity: number; text: string }> = {
  running: { fill: "var(--up-fill)", opacity: 0.35, text: "var(--text)" },
  in: { fill: "var(--up-fill)", opacity: 0.35, text: "var(--text)" },
  ending: { fill: "var(--down-fill)", opacity: 1, text: "var(--surface)" },
  out: { fill: "var(--down-wash)", opacity: 1, text: "var(--down)" },
  waiting: { fill: "var(--unknown-fill)", opacity: 0.5, text: "var(--text)" },
  fault: { fill: "var(--degraded-wash)", opacity: 1, text: "var(--degraded)" },
};

/** What a lane says, for those who do not see it. */
const told = (spans: readonly Span[]) => spans.map((span) => `${span.from.toFixed(1)}–${span.to.toFixed(1)} s ${span.text}`).join(", ");

function Spans({ name, spans, x }: { name: string; spans: readonly Span[]; x: X }) {
  return (
    <>
      <div class="lb">
        <h3>{name}</h3>
      </div>
      <div class="sw">
        <svg viewBox={`0 0 ${WIDTH} 26`} role="img" aria-label={`${name}: ${told(spans)}`}>
          {spans.map((span) => {
            const look = LOOKS[span.look];
            const width = Math.max(2, x(span.to) - x(span.from) - 1);
            const outlined = span.look === "fault" ? "var(--degraded)" : span.look === "out" ? "var(--down)" : "none";
            return (
              <g>
                <title>{`${span.from.toFixed(1)}–${span.to.toFixed(1)} s ${span.text}`}</title>
                <rect x={x(span.from) + 0.5} y="2" width={width} height="22" rx="4" fill={look.fill} opacity={look.opacity} stroke={outlined} />
                {width > span.text.length * 6.4 + 12 && (
                  <text x={x(span.from) + 8} y="17" class="in" fill={look.text}>
                    {span.text}
                  </text>
                )}
              </g>
            );
          })}
        </svg>
      </div>
    </>
  );
}

function Ticks({ name, ticks, x }: { name: string; ticks: readonly Tick[]; x: X }) {
  const failed = ticks.filter((tick) => !tick.passed).length;
  return (
    <>
      <div class="lb">
        <h3>{name}</h3>
        <span class="muted small">{t.rehearsal.askings(ticks.length, failed)}</span>
      </div>
      <div class="sw">
        <svg viewBox={`0 0 ${WIDTH} 30`} role="img" aria-label={`${name}: ${t.rehearsal.askings(ticks.length, failed)}`}>
          {ticks.map((tick) => {
            const at = Math.min(WIDTH - 8, Math.max(7, x(tick.at)));
            const asked = Math.max(0, x(tick.at - tick.took));
            return (
              <g>
                <title>{`${tick.at.toFixed(1)} s: ${tick.text}`}</title>
                {at - asked > 8 && <rect x={asked} y="12" width={at - asked} height="6" rx="2" fill={tick.passed ? "var(--up-fill)" : "var(--down-fill)"} opacity="0.4" />}
                {tick.passed ? (
                  <circle cx={at} cy="15" r="5" fill="var(--up)" />
                ) : (
                  <>
                    <rect x={at - 6.5} y="8.500" width="13" height="13" rx="2.500" fill="var(--down)" />
                    <path d={`M${at - 3} 12l6 6m0-6l-6 6`} stroke="var(--surface)" stroke-width="1.7" />
                  </>
                )}
              </g>
            );
          })}
        </svg>
      </div>
    </>
  );
}
