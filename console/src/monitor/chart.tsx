// Response time by phase, stacked. uPlot is fetched when the first chart is wanted.

import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type uPlot from "uplot";
import { theme } from "../state/theme";
import { day, latency, minute } from "../state/format";
import { PHASES, type Picture } from "./data";

type Library = typeof uPlot;

let library: Promise<Library> | undefined;
const fetched = () => {
  library ??= Promise.all([import("uplot"), import("uplot/dist/uPlot.min.css")]).then(([module]) => module.default);
  return library;
};

const HEIGHT = 224;
const DAY_S = 86_400;
/** Above the columns: where versions are written. */
const HEAD = 26;

/** The column that is pointed at; `null` for none. */
export const pointed = signal<number | null>(null);

/** The chart of a picture. `label` says in words what it shows. */
export function Chart({ picture, label }: { picture: Picture; label: string }) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const shown = useRef(picture);
  shown.current = picture;
  const shape = `${theme.value} ${picture.columns.length} ${picture.byPhase}`;
  useEffect(() => {
    let gone = false;
    let observer: ResizeObserver | undefined;
    void fetched().then((Plot) => {
      const element = place.current;
      if (gone || !element) return;
      chart.current = new Plot(
        options(element, () => shown.current),
        data(shown.current),
        element,
      );
      observer = new ResizeObserver(() => chart.current?.setSize({ width: element.clientWidth, height: HEIGHT }));
      observer.observe(element);
    });
    return () => {
      gone = true;
      observer?.disconnect();
      chart.current?.destroy();
      chart.current = null;
      pointed.value = null;
    };
  }, [shape]);
  useEffect(() => {
    chart.current?.setData(data(picture));
  }, [picture]);
  return <div ref={place} class="chart" role="img" aria-label={label} style={{ height: `${HEIGHT}px` }} />;
}

/** Sums from the last phase inwards: the tallest is drawn first, each next one over it. */
function data(picture: Picture): uPlot.AlignedData {
  const x = picture.columns.map((column) => (column.from + picture.width / 2) / 1_000);
  if (!picture.byPhase) return [x, picture.columns.map((column) => column.p95), picture.columns.map((column) => column.total)];
  const layers = PHASES.map((_, top) =>
    picture.columns.map((column) => (column.phases ? PHASES.slice(0, top + 1).reduce((sum, phase) => sum + (column.phases?.[phase] ?? 0), 0) : null)),
  );
  return [x, ...layers.reverse()];
}

function options(element: HTMLElement, picture: () => Picture): uPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    width: element.clientWidth,
    height: HEIGHT,
    padding: [HEAD, 0, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    scales: {
      x: { range: () => edges(picture()) },
      y: { range: (_, __, most) => [0, Math.max(most * 1.12, 1)] },
    },
    axes: [{ show: false }, { show: false }],
    series: [{}, ...fills(picture()).map((fill) => ({ fill: colour(fill), width: 0, points: { show: false }, spanGaps: false }))],
    hooks: {
      drawAxes: [
        (chart) => {
          works(chart, picture(), colour);
          grid(chart, colour);
        },
      ],
      draw: [
        (chart) => {
          failures(chart, picture(), colour);
          releases(chart, picture(), colour);
        },
      ],
      setCursor: [
        (chart) => {
          pointed.value = chart.cursor.idx ?? null;
        },
      ],
    },
  };
}

/** The colours of the layers, the tallest first. */
function fills(picture: Picture): string[] {
  if (!picture.byPhase) return ["p-transfer", "p-first-byte"];
  return PHASES.toReversed().map((phase) => `p-${phase.replace("_", "-")}`);
}

/** Planned work: a wash over its time with a line above. */
function works(chart: uPlot, picture: Picture, colour: Colour): void {
  const { ctx, bbox } = chart;
  const scale = devicePixelRatio || 1;
  const inside = (ms: number) => Math.min(bbox.left + bbox.width, Math.max(bbox.left, chart.valToPos(ms / 1_000, "x", true)));
  ctx.save();
  for (const work of picture.works) {
    const [left, right] = [inside(work.from), inside(work.until)];
    if (right <= left) continue;
    ctx.fillStyle = colour("maintenance-wash");
    ctx.fillRect(left, bbox.top, right - left, bbox.height);
    ctx.fillStyle = colour("maintenance-fill");
    ctx.fillRect(left, bbox.top, Math.max(2 * scale, right - left), 3 * scale);
  }
  ctx.restore();
}

function edges(picture: Picture): [number, number] {
  const first = picture.columns[0]?.from ?? 0;
  return [first / 1_000, (first + picture.columns.length * picture.width) / 1_000];
}

/** Steps of 1, 2 and 5: at most three lines. */
function steps(top: number): number[] {
  const rough = top / 2.5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough) ?? rough;
  return [step, 2 * step].filter((value) => value < top * 0.97);
}

type Colour = (name: string) => string;

function grid(chart: uPlot, colour: Colour): void {
  const { ctx, bbox } = chart;
  const scale = devicePixelRatio || 1;
  ctx.save();
  ctx.font = `${11 * scale}px ${getComputedStyle(document.body).fontFamily}`;
  ctx.strokeStyle = colour("border");
  ctx.fillStyle = colour("muted");
  ctx.lineWidth = scale;
  for (const value of steps(chart.scales.y?.max ?? 1)) {
    const y = Math.round(chart.valToPos(value, "y", true)) + 0.5;
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.fillText(latency(value), bbox.left + 6 * scale, y - 5 * scale);
  }
  ctx.restore();
}

/** Columns with failures: hatched over their whole height, with a mark on top. */
function failures(chart: uPlot, picture: Picture, colour: Colour): void {
  const { ctx, bbox } = chart;
  const scale = devicePixelRatio || 1;
  const at = (ms: number) => chart.valToPos(ms / 1_000, "x", true);
  ctx.save();
  for (const column of picture.columns) {
    if (column.failed === 0) continue;
    const [x, end] = [at(column.from), at(column.from + picture.width)];
    const width = Math.max(2 * scale, end - x);
    const partly = column.phases !== null;
    ctx.globalAlpha = partly ? 0.45 : 1;
    ctx.fillStyle = colour("down-wash");
    ctx.fillRect(x, bbox.top, width, bbox.height);
    ctx.beginPath();
    ctx.rect(x, bbox.top, width, bbox.height);
    ctx.save();
    ctx.clip();
    hatch(ctx, x, bbox, width, scale, colour("down-fill"));
    ctx.restore();
    ctx.globalAlpha = 1;
    ctx.fillStyle = colour("down-fill");
    ctx.fillRect(x, bbox.top, Math.max(1, width - scale), 7 * scale);
  }
  ctx.restore();
}

function hatch(ctx: CanvasRenderingContext2D, x: number, box: uPlot.BBox, width: number, scale: number, colour: string): void {
  const step = 8 * scale;
  ctx.strokeStyle = colour;
  ctx.lineWidth = 1.6 * scale;
  ctx.globalAlpha *= 0.55;
  ctx.beginPath();
  // Lines lie on one grid for all columns, so that neighbours join.
  const first = Math.floor((x - box.left - box.height) / step) * step + box.left;
  for (let line = first; line < x + width + step; line += step) {
    ctx.moveTo(line, box.top + box.height);
    ctx.lineTo(line + box.height, box.top);
  }
  ctx.stroke();
}

/** Versions where they were first seen, and what was told to have happened. Names that would cover each other are left out; the lines stay. */
function releases(chart: uPlot, picture: Picture, colour: Colour): void {
  const { ctx, bbox } = chart;
  const scale = devicePixelRatio || 1;
  ctx.save();
  ctx.font = `600 ${11 * scale}px ${getComputedStyle(document.body).fontFamily}`;
  ctx.strokeStyle = colour("text");
  ctx.fillStyle = colour("text");
  ctx.lineWidth = scale;
  let free = bbox.left;
  const known = [...picture.releases, ...picture.marks].sort((a, b) => a.at - b.at);
  for (const release of known) {
    const x = Math.round(chart.valToPos(release.at / 1_000, "x", true)) + 0.5;
    ctx.setLineDash([3 * scale, 3 * scale]);
    ctx.beginPath();
    ctx.moveTo(x, 14 * scale);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.setLineDash([]);
    flag(ctx, x, scale);
    const text = release.version.slice(0, 24);
    const width = ctx.measureText(text).width;
    const fits = x + 9 * scale + width < bbox.left + bbox.width;
    const left = fits ? x + 9 * scale : x - 9 * scale - width;
    if (left < free) continue;
    ctx.fillText(text, left, 14 * scale);
    free = left + width + 8 * scale;
  }
  ctx.restore();
}

function flag(ctx: CanvasRenderingContext2D, x: number, scale: number): void {
  ctx.beginPath();
  ctx.moveTo(x - 5 * scale, 4 * scale);
  ctx.lineTo(x + 5 * scale, 4 * scale);
  ctx.lineTo(x + 5 * scale, 10 * scale);
  ctx.lineTo(x, 15 * scale);
  ctx.lineTo(x - 5 * scale, 10 * scale);
  ctx.fill();
}

/** Six moments across the range. */
export function moments(picture: Picture): string[] {
  const [first, last] = edges(picture);
  const write = last - first > 2 * DAY_S ? day : minute;
  return Array.from({ length: 6 }, (_, index) => write((first + ((last - first) * index) / 5) * 1_000));
}
