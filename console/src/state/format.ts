// Durations, moments and numbers as people read them.

import { language, t } from "../texts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `0.8 ms`, `52 ms`, `1.88 s`, `12.4 s`. */
export function latency(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ${t.unit.millisecond}`;
  if (ms < SECOND) return `${Math.round(ms)} ${t.unit.millisecond}`;
  return `${(ms / SECOND).toFixed(ms < 10 * SECOND ? 2 : 1)} ${t.unit.second}`;
}

const UNITS = [
  [DAY, t.unit.day],
  [HOUR, t.unit.hour],
  [MINUTE, t.unit.minute],
  [SECOND, t.unit.second],
] as const;

/** The two largest units: `4 m 12 s`, `2 d 3 h`, `26 s`. */
export function duration(ms: number): string {
  if (ms < SECOND) return `${Math.max(0, Math.round(ms))} ${t.unit.millisecond}`;
  const first = UNITS.findIndex(([length]) => ms >= length);
  const [length, unit] = UNITS[first] ?? UNITS[3];
  const next = UNITS[first + 1];
  const head = `${Math.floor(ms / length)} ${unit}`;
  const rest = next ? Math.floor((ms % length) / next[0]) : 0;
  return next && rest > 0 ? `${head} ${rest} ${next[1]}` : head;
}

/** The largest unit alone: `4 m`, `9 h`, `33 d`. */
export function brief(ms: number): string {
  const [length, unit] = UNITS.find(([length]) => ms >= length) ?? UNITS[3];
  return `${Math.max(0, Math.floor(ms / length))} ${unit}`;
}

/** An interval as it was configured: `2 s`, `1 m`, `1 m 30 s`. */
export const interval = (seconds: number) => duration(seconds * SECOND);

const clockFormat = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const minuteFormat = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const dayFormat = new Intl.DateTimeFormat(language, { day: "numeric", month: "short" });
const yearFormat = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", year: "numeric" });

/** `11:42:14` in the reader's zone. */
export const clock = (ms: number) => clockFormat.format(ms);

/** `11:42`. */
export const minute = (ms: number) => minuteFormat.format(ms);

/** `12 Oct`; with the year when it is another one. */
export function day(ms: number, now = Date.now()): string {
  return (new Date(ms).getFullYear() === new Date(now).getFullYear() ? dayFormat : yearFormat).format(ms);
}

/** As short as today allows: `11:42:14`, `12 Oct, 11:42`. */
export function moment(ms: number, now = Date.now()): string {
  if (new Date(ms).toDateString() === new Date(now).toDateString()) return clock(ms);
  return `${day(ms, now)}, ${minute(ms)}`;
}

/** The exact moment in UTC, for who points at one. */
export const exact = (ms: number) => `${new Date(ms).toISOString().replace("T", " ").replace("Z", "")} UTC`;

/** Milliseconds since the epoch; `null` stays. */
export function parse(time: string | null | undefined): number | null {
  return time ? Date.parse(time) : null;
}

/** A cause as a sentence: a capital first unless it begins with a name, a full stop last. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  const first = trimmed.split(" ", 1)[0] ?? "";
  const head = /^[a-z]+$/.test(first) ? trimmed.charAt(0).toUpperCase() + trimmed.slice(1) : trimmed;
  return head && !/[.!?]$/.test(head) ? `${head}.` : head;
}

// What would act on the text around it: control characters, and those that turn or hide (Unicode TR36, "Trojan Source").
const ACTING = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0]/g;

/** Text of others, with everything shown that would otherwise act. Line breaks and tabs stay. */
export function visible(text: string): string {
  return text.replace(ACTING, (c) => `⟨${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`);
}
