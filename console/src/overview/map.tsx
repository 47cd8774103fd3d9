// The fleet as a map: one mark per monitor, drawn on canvas, with a shape where there is trouble.

import { computed, signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Glyph } from "../parts/glyph";
import { monitors } from "../state/fleet";
import { word } from "../state/filter";
import { visible } from "../state/format";
import { type Monitor, rank, type Status } from "../state/model";
import { go } from "../state/route";
import { theme } from "../state/theme";
import { t } from "../texts";
import { search } from "./search";

type By = "group" | "tag" | "kind";

const CELL = 9;
const chosen = signal<By | null>(null);

const has: Record<By, (monitor: Monitor) => boolean> = {
  group: (monitor) => monitor.group !== "",
  tag: (monitor) => monitor.tags.length > 0,
  kind: () => true,
};

/** What the fleet can be divided by: a division that nobody uses is not offered. */
const offered = computed(() => (["group", "tag", "kind"] as const).filter((by) => monitors.value?.some(has[by])));
const by = computed<By>(() => chosen.value ?? offered.value[0] ?? "kind");

interface Group {
  name: string;
  monitors: Monitor[];
  down: number;
}

const groups = computed<Group[]>(() => {
  const found = new Map<string, Monitor[]>();
  const put = (name: string, monitor: Monitor) => {
    const all = found.get(name);
    if (all) all.push(monitor);
    else found.set(name, [monitor]);
  };
  for (const monitor of byPlace(monitors.value ?? [])) {
    if (by.value === "tag" && monitor.tags.length > 0) for (const tag of monitor.tags) put(tag, monitor);
    else put(by.value === "group" ? monitor.group : by.value === "kind" ? monitor.kind : "", monitor);
  }
  const names = [...found.keys()].sort((a, b) => Number(a === "") - Number(b === "") || a.localeCompare(b));
  return names.map((name) => {
    const all = found.get(name) ?? [];
    return { name, monitors: all, down: all.filter((monitor) => monitor.status === "down").length };
  });
});

/** In the order of their names; every place is one monitor's alone. */
function byPlace(all: readonly Monitor[]): Monitor[] {
  const sorted = new Array<Monitor>(all.length);
  for (const monitor of all) sorted[monitor.place] = monitor;
  return sorted;
}

/** The map of the fleet. */
export function FleetMap() {
  return (
    <section class="card" aria-labelledby="fleet">
      <header>
        <h2 id="fleet">{t.overview.fleet}</h2>
        <span class="muted small hide-m">{t.overview.fleetHint}</span>
        {offered.value.length > 1 && (
          <span class="end seg" role="group" aria-label={t.overview.groupBy}>
            {offered.value.map((one) => (
              <button type="button" aria-pressed={one === by.value} onClick={() => (chosen.value = one)}>
                {t.overview.by[one]}
              </button>
            ))}
          </span>
        )}
      </header>
      <div class="fleet">
        {groups.value.map((group) => (
          <Marks key={`${by.value} ${group.name}`} group={group} />
        ))}
      </div>
    </section>
  );
}

function Marks({ group }: { group: Group }) {
  const name = group.name === "" ? t.overview.ungrouped[by.value] : visible(group.name);
  const [downText, ofText] = t.overview.downOf(group.down, group.monitors.length);
  const choose = () => {
    if (group.name !== "") search(word(by.value, group.name));
    document.getElementById("list")?.scrollIntoView({ block: "start" });
  };
  return (
    <figure>
      <h3>
        <button type="button" class="q" onClick={choose}>
          {name}
        </button>
        <span class="num nowrap">
          {group.down > 0 && (
            <>
              <span class="st down">
                <Glyph status="down" size={11} />
                {downText}
              </span>
              {ofText}
            </>
          )}
          {group.down === 0 && t.number(group.monitors.length)}
        </span>
      </h3>
      <Canvas monitors={group.monitors} label={t.overview.mapLabel(name, group.monitors.length, group.down)} />
    </figure>
  );
}

function Canvas({ monitors, label }: { monitors: Monitor[]; label: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const shown = useRef<Monitor[]>(monitors);
  shown.current = monitors;
  const key = monitors.map((monitor) => rank(monitor.status)).join("") + theme.value;
  useLayoutEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const redraw = () => draw(element, shown.current);
    const observer = new ResizeObserver(redraw);
    observer.observe(element.parentElement ?? element);
    redraw();
    return () => observer.disconnect();
  }, [key]);
  const under = (event: MouseEvent) => monitors[indexAt(event)];
  return (
    <canvas
      ref={canvas}
      role="img"
      aria-label={label}
      onClick={(event) => {
        const monitor = under(event);
        if (monitor) go(`/m/${monitor.id}`);
      }}
      onMouseMove={(event) => {
        const monitor = under(event);
        event.currentTarget.title = monitor ? `${visible(monitor.name)}: ${t.status[monitor.status]}` : "";
      }}
    />
  );
}

const columnsOf = (width: number) => Math.max(1, Math.floor(width / CELL));

function indexAt(event: MouseEvent): number {
  const canvas = event.currentTarget as HTMLCanvasElement;
  const columns = columnsOf(canvas.clientWidth);
  const column = Math.floor(event.offsetX / CELL);
  return column < columns ? Math.floor(event.offsetY / CELL) * columns + column : -1;
}

function draw(canvas: HTMLCanvasElement, monitors: readonly Monitor[]): void {
  const width = canvas.parentElement?.clientWidth ?? canvas.clientWidth;
  const columns = columnsOf(width);
  const height = Math.ceil(monitors.length / columns) * CELL + 1;
  const scale = devicePixelRatio || 1;
  canvas.width = width * scale;
  canvas.height = height * scale;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  if (!context) return;
  context.scale(scale, scale);
  const style = getComputedStyle(canvas);
  const colour = (name: string) => style.getPropertyValue(`--${name}`);
  // Upwards in trouble: what is wrong is drawn over its neighbours.
  for (const status of ["up", "paused", "unknown", "maintenance", "degraded", "down"] as const) {
    const fill = colour(`${status}-fill`);
    const line = status === "down" ? colour("surface") : colour(status);
    monitors.forEach((monitor, index) => {
      if (monitor.status === status) mark(context, status, (index % columns) * CELL, Math.floor(index / columns) * CELL, fill, line);
    });
  }
}

function mark(context: CanvasRenderingContext2D, status: Status, x: number, y: number, fill: string, line: string): void {
  context.fillStyle = fill;
  context.strokeStyle = line;
  context.globalAlpha = status === "up" ? 0.55 : 1;
  context.setLineDash(status === "unknown" ? [1.5, 1.5] : []);
  context.beginPath();
  switch (status) {
    case "up":
      context.roundRect(x + 1, y + 1, 6.5, 6.5, 1.6);
      context.fill();
      return;
    case "down":
      context.roundRect(x, y, 9, 9, 1.8);
      context.fill();
      context.beginPath();
      context.lineWidth = 1.4;
      context.moveTo(x + 2.4, y + 2.4);
      context.lineTo(x + 6.6, y + 6.6);
      context.moveTo(x + 6.6, y + 2.4);
      context.lineTo(x + 2.4, y + 6.6);
      break;
    case "degraded":
      context.moveTo(x + 4.3, y + 0.3);
      context.lineTo(x + 8.6, y + 8.2);
      context.lineTo(x, y + 8.2);
      context.closePath();
      context.fill();
      context.lineWidth = 0.8;
      break;
    case "maintenance":
      context.moveTo(x + 4.3, y);
      context.lineTo(x + 8.4, y + 4.2);
      context.lineTo(x + 4.3, y + 8.4);
      context.lineTo(x + 0.2, y + 4.2);
      context.fill();
      return;
    default:
      context.lineWidth = 1;
      context.roundRect(x + 1.5, y + 1.5, 5.5, 5.5, 1.3);
  }
  context.stroke();
}
