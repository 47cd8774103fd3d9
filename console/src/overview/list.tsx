// The list: only the rows in view exist, and they are used again while one scrolls.

import { signal, useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { later } from "../parts/later";
import { Empty } from "../parts/notice";
import { monitors } from "../state/fleet";
import { pageKeys } from "../state/keys";
import { mayWrite } from "../state/me";
import type { Monitor } from "../state/model";
import { go } from "../state/route";
import { t } from "../texts";
import { columns, Head, Row } from "./row";
import { changed, resort, rows, search, text } from "./search";
import { choosing, clear, selected, toggle } from "./selection";
import { Toolbar } from "./toolbar";

/** Rows beyond the view on either side, so that a fast wheel meets no gap. */
const SPARE = 6;
const narrow = matchMedia("(max-width: 820px)");

interface View {
  first: number;
  last: number;
}

/** The height of a row in pixels; `overview.css` says the same. */
const rowHeight = () => (narrow.matches ? 74 : 46);

/** As many rows as a view may have: the same wherever one scrolls to, so that a row that stays in view stays as it is. */
const mostInView = () => Math.ceil(innerHeight / rowHeight()) + 1 + 2 * SPARE;

function viewOf(element: HTMLElement, all: number): View {
  const height = rowHeight();
  const top = element.getBoundingClientRect().top;
  const first = Math.max(0, Math.floor(-top / height) - SPARE);
  const last = Math.min(all, Math.ceil((innerHeight - top) / height) + SPARE);
  return { first: Math.min(first, Math.max(0, all - 1)), last: Math.max(last, Math.min(all, SPARE)) };
}

/** The rows that are in view, kept up with scrolling. */
function useView(all: number) {
  const body = useRef<HTMLDivElement>(null);
  const view = useSignal<View>({ first: 0, last: 0 });
  useLayoutEffect(() => {
    const look = () => {
      if (!body.current) return;
      const { first, last } = viewOf(body.current, rows.peek().length);
      if (first !== view.peek().first || last !== view.peek().last) view.value = { first, last };
    };
    look();
    addEventListener("scroll", look, { passive: true });
    addEventListener("resize", look);
    return () => {
      removeEventListener("scroll", look);
      removeEventListener("resize", look);
    };
  }, [all]);
  return { body, view };
}

/** The monitor that the keys are at. */
function useCursor(body: { current: HTMLDivElement | null }) {
  const cursor = useSignal<number | null>(null);
  const wantsFocus = useRef(false);
  const move = (by: number) => {
    const all = rows.peek();
    const at = all.findIndex((monitor) => monitor.id === cursor.peek());
    const next = all[Math.min(all.length - 1, Math.max(0, at < 0 ? 0 : at + by))];
    if (!next || !body.current) return;
    cursor.value = next.id;
    wantsFocus.current = true;
    reveal(body.current, all.indexOf(next));
  };
  useLayoutEffect(() => {
    const down = () => move(1);
    const up = () => move(-1);
    return pageKeys({
      j: down,
      k: up,
      x: (event) => {
        if (cursor.peek() !== null && mayWrite.peek()) toggle(cursor.peek() ?? 0, event.shiftKey);
      },
      Escape: clear,
      "/": (event) => {
        event.preventDefault();
        document.getElementById("filter")?.focus();
      },
      Enter: (event) => {
        // A link or a button under the focus opens itself.
        if (cursor.peek() !== null && !(event.target as Element).closest("a, button")) go(`/m/${cursor.peek()}`);
      },
    });
  }, []);
  useLayoutEffect(() => {
    const link = body.current?.querySelector<HTMLElement>(`[data-id="${cursor.value}"] a`);
    if (wantsFocus.current && link) {
      wantsFocus.current = false;
      link.focus({ preventScroll: true });
    } else if (!wantsFocus.current && lostTheirRow(body.current, cursor.value)) {
      document.getElementById("main")?.focus({ preventScroll: true });
    }
  });
  /** What has the focus takes the keys to its row. */
  const follow = (event: FocusEvent) => {
    const row = event.target instanceof Element && event.target.closest<HTMLElement>("[data-id]");
    if (row) cursor.value = Number(row.dataset.id);
  };
  return { cursor, move, follow };
}

/** Whether the focus is in a row that shows another monitor by now: rows are used again. */
function lostTheirRow(body: HTMLElement | null, cursor: number | null): boolean {
  const focused = document.activeElement;
  if (!body || !focused || !body.contains(focused)) return false;
  return focused.closest("[data-id]")?.getAttribute("data-id") !== String(cursor);
}

/** Scrolls no further than needed to show a row, free of what covers the edges. */
function reveal(body: HTMLElement, index: number): void {
  const height = rowHeight();
  const top = body.getBoundingClientRect().top + index * height;
  const [upper, lower] = [64, innerHeight - (narrow.matches ? 80 : 16) - height];
  if (top < upper) scrollBy(0, top - upper);
  else if (top > lower) scrollBy(0, top - lower);
}

/** Whether anything was ever selected: the bar is fetched then, and stays to say what became of it. */
const bulkWanted = signal(false);
selected.subscribe((ids) => {
  if (ids.size > 0) bulkWanted.value = true;
});

const BulkBar = later(() => import("./bulk").then((module) => module.BulkBar));

/** The list with its tools. */
export function List() {
  const shown = rows.value;
  const { body, view } = useView(shown.length);
  const { cursor, move, follow } = useCursor(body);
  const { first } = view.value;
  const last = Math.min(view.value.last, shown.length);
  const pool = Math.max(last - first, mostInView());
  return (
    <section class="card list" id="list" aria-label={t.list.label}>
      <Toolbar />
      {shown.length === 0 ? (
        <NoMatch />
      ) : (
        <div
          role="grid"
          class={`grid ${columns.value.join(" ")} ${choosing.value ? "choosing" : ""}`}
          aria-label={t.list.label}
          aria-rowcount={shown.length + 1}
          aria-multiselectable="true"
          onKeyDown={(event) => {
            const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
            if (by === 0) return;
            event.preventDefault();
            move(by);
          }}
        >
          <Head />
          <div ref={body} class="rows" role="rowgroup" style={{ height: `${shown.length * rowHeight()}px` }} onFocusIn={follow}>
            {shown.slice(first, last).map((monitor: Monitor, offset) => (
              <Row
                key={(first + offset) % pool}
                monitor={monitor}
                index={first + offset}
                top={(first + offset) * rowHeight()}
                current={cursor.value === null ? first + offset === 0 : monitor.id === cursor.value}
              />
            ))}
          </div>
        </div>
      )}
      <Foot shown={shown.length} />
      {bulkWanted.value && <BulkBar />}
    </section>
  );
}

function NoMatch() {
  return (
    <Empty title={t.list.noMatch} text={t.list.noMatchText(text.value)}>
      <button type="button" class="btn" onClick={() => search("")}>
        {t.list.clear}
      </button>
    </Empty>
  );
}

function Foot({ shown }: { shown: number }) {
  return (
    <div class="foot row between wrap">
      <span class="muted small">
        {t.list.shown(shown, monitors.value?.length ?? 0)}{" "}
        {changed.value > 0 && (
          <>
            {t.list.still}
            <button type="button" class="linkish" onClick={resort}>
              {t.list.resort(changed.value)}
            </button>
            .
          </>
        )}
      </span>
      <span class="muted small hide-m">
        <kbd>J</kbd> <kbd>K</kbd> {t.keys.move} <kbd>X</kbd> {t.keys.select} <kbd>Enter</kbd> {t.keys.open} <kbd>?</kbd> {t.keys.all}
      </span>
    </div>
  );
}
