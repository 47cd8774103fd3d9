// A status as colour AND shape: circle with check, triangle, square with cross, diamond, circle with bars, dashed ring.

import type { Status } from "../state/model";
import { t } from "../texts";

const CUT = "var(--surface)";

function shape(status: Status) {
  const c = `var(--${status})`;
  const line = { fill: "none", "stroke-linecap": "round", "stroke-linejoin": "round" } as const;
  switch (status) {
    case "up":
      return (
        <>
          <circle cx="8" cy="8" r="7" fill={c} />
          <path d="M4.9 8.3l2.2 2.2 4-4.6" stroke={CUT} stroke-width="1.7" {...line} />
        </>
      );
    case "degraded":
      return (
        <>
          <path d="M8 1.2l7 12.6a.8.8 0 0 1-.7 1.2H1.7a.8.8 0 0 1-.7-1.2z" fill={c} />
          <path d="M8 6v4" stroke={CUT} stroke-width="1.7" {...line} />
          <circle cx="8" cy="12.4" r="1" fill={CUT} />
        </>
      );
    case "down":
      return (
        <>
          <rect x="1.2" y="1.2" width="13.6" height="13.6" rx="2.6" fill={c} />
          <path d="M5.2 5.2l5.6 5.6M10.8 5.2l-5.6 5.6" stroke={CUT} stroke-width="1.8" {...line} />
        </>
      );
    case "maintenance":
      return (
        <>
          <path d="M8 .6L15.4 8 8 15.4.6 8z" fill={c} />
          <path d="M5.3 8h5.4" stroke={CUT} stroke-width="1.8" {...line} />
        </>
      );
    case "paused":
      return (
        <>
          <circle cx="8" cy="8" r="6.3" stroke={c} stroke-width="1.5" fill="none" />
          <path d="M6.3 5.7v4.6M9.7 5.7v4.6" stroke={c} stroke-width="1.6" {...line} />
        </>
      );
    case "unknown":
      return <circle cx="8" cy="8" r="6.3" fill="none" stroke={c} stroke-width="1.5" stroke-dasharray="2.4 2.4" />;
  }
}

/** The shape alone. With `label` it is read out; without, a word must stand beside it. */
export function Glyph({ status, size = 16, label }: { status: Status; size?: number; label?: string }) {
  return (
    <svg width={size} height={size} viewBox="0 0 16 16" {...(label ? { role: "img", "aria-label": label } : { "aria-hidden": "true" })}>
      {shape(status)}
    </svg>
  );
}

/** Shape and word. */
export function State({ status, children }: { status: Status; children?: preact.ComponentChildren }) {
  return (
    <span class={`st ${status}`}>
      <Glyph status={status} size={15} />
      {children ?? t.status[status]}
    </span>
  );
}
