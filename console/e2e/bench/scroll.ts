// Scrolling as a wheel does it, frame by frame: what the display missed, and what each frame cost the page's main thread.

import type { Page } from "@playwright/test";

export const FRAMES = 180;
const FRAME_MS = 1_000 / 60;
/** What a frame begins with, in the trace. */
const MARK = "bench-frame";
const CATEGORIES = ["toplevel", "blink.user_timing", "__metadata"];

/** How many frames of the display come without a new one of the page. */
export async function dropped(page: Page, pixels: number): Promise<number> {
  const gaps = await scroll(page, pixels);
  return gaps.reduce((sum, gap) => sum + Math.max(0, Math.round(gap / FRAME_MS) - 1), 0);
}

/** Milliseconds of CPU of the page's main thread, for each frame. Traced, which costs frames of its own: none are counted. */
export async function costs(page: Page, pixels: number): Promise<number[]> {
  const browser = page.context().browser();
  if (!browser) throw new Error("the page has no browser to trace");
  await browser.startTracing(page, { categories: CATEGORIES });
  await scroll(page, pixels);
  const trace = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
  return spent(trace.traceEvents);
}

/** Scrolls from the top, so many pixels at each frame; the milliseconds between frames. */
async function scroll(page: Page, pixels: number): Promise<number[]> {
  await page.evaluate(() => scrollTo(0, 0));
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))));
  return page.evaluate(
    async ([frames, pixels, mark]) => {
      const gaps: number[] = [];
      const next = () => new Promise<number>((frame) => requestAnimationFrame(frame));
      let last = await next();
      for (let count = 0; count < frames; count += 1) {
        performance.mark(mark);
        scrollBy(0, pixels);
        const now = await next();
        gaps.push(now - last);
        last = now;
      }
      performance.mark(mark);
      return gaps;
    },
    [FRAMES, pixels, MARK] as const,
  );
}

/** An event of Chromium's trace: times in microseconds, `tdur` the CPU of its thread. */
interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  ts: number;
  dur?: number;
  tdur?: number;
}

/** What the thread that set the marks did from each mark to the next. */
function spent(events: readonly TraceEvent[]): number[] {
  const marks = events.filter((event) => event.name === MARK).sort((a, b) => a.ts - b.ts);
  if (marks.length !== FRAMES + 1) throw new Error(`the trace has ${marks.length} marks for ${FRAMES} frames`);
  const isOurs = (event: TraceEvent) => event.pid === marks[0]?.pid && event.tid === marks[0].tid;
  const costs = Array.from({ length: marks.length - 1 }, () => 0);
  const tasks = outermost(events.filter((event) => event.ph === "X" && isOurs(event)));
  if (tasks.length < costs.length) throw new Error(`the trace has ${tasks.length} tasks for ${costs.length} frames`);
  for (const { ts, dur = 0, tdur = 0 } of tasks) {
    // A task belongs to the frame whose mark it sets, or else to the one before it.
    const at = marks.findLastIndex((mark) => mark.ts < ts + dur);
    if (at >= 0 && at < costs.length) costs[at] = (costs[at] ?? 0) + tdur / 1_000;
  }
  return costs;
}

/** Those that lie in no other: tasks, and what promises wait for, which is done between them. */
function outermost(events: readonly TraceEvent[]): TraceEvent[] {
  let end = Number.NEGATIVE_INFINITY;
  return events
    .toSorted((a, b) => a.ts - b.ts || (b.dur ?? 0) - (a.dur ?? 0))
    .filter(({ ts, dur = 0 }) => {
      if (ts < end) return false;
      end = ts + dur;
      return true;
    });
}
