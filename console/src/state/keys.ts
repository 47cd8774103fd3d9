// Keys. Off inside fields and while a dialog is open; can be switched off altogether (WCAG 2.1.4).

import { signal } from "@preact/signals";
import { mayWrite } from "./me";
import { go } from "./route";
import { switchTheme } from "./theme";

/** Whether the list of keys is shown. */
export const keysShown = signal(false);

const STORED = "single-keys";

/** Whether single keys do something. */
export const keysOn = signal(stored() !== "off");

function stored(): string | null {
  try {
    return localStorage.getItem(STORED);
  } catch {
    return null;
  }
}

/** Switches single keys on or off, and remembers it. */
export function switchKeys(on: boolean): void {
  keysOn.value = on;
  try {
    localStorage.setItem(STORED, on ? "on" : "off");
  } catch {
    // Without storage it lasts as long as the page.
  }
}

type Act = (event: KeyboardEvent) => void;

const GO: Record<string, string> = { o: "/", i: "/incidents", m: "/maintenance", p: "/pages", a: "/alerting", s: "/settings", k: "/k8s" };
const everywhere: Record<string, Act> = {
  "?": () => {
    keysShown.value = true;
  },
  d: switchTheme,
  n: () => {
    if (mayWrite.peek()) go("/add");
  },
};

/** What the parts of the page that is shown add. */
const ofPage = new Set<Record<string, Act>>();

/** Gives a part of a page its keys; the answer takes them away again. In a layout effect: keys are there when their buttons are. */
export function pageKeys(keys: Record<string, Act>): () => void {
  ofPage.add(keys);
  return () => void ofPage.delete(keys);
}

/** When `g` was pressed, as the one before; time begins with the page, so 0 would be a moment. */
let leader = Number.NEGATIVE_INFINITY;

/** Listens. */
export function listen(): void {
  addEventListener("keydown", (event) => {
    if (!keysOn.value || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || inField(event.target)) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const target = GO[key];
    if (leader > event.timeStamp - 1_500 && target) {
      leader = Number.NEGATIVE_INFINITY;
      return go(target);
    }
    if (key === "g") leader = event.timeStamp;
    const part = [...ofPage].find((keys) => key in keys);
    (part ?? everywhere)[key]?.(event);
  });
}

function inField(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input, textarea, select, [contenteditable], dialog[open]") !== null;
}
