// Where the reader is: a path below the console's root, changed without loading the page anew.

import { signal } from "@preact/signals";

/** The console's root: what `<base>` says. */
const root = new URL(document.baseURI).pathname;

const here = () => decodeURI(location.pathname.slice(root.length - 1)) || "/";

/** The path, `/m/12`. */
export const path = signal(here());

/** The query, `?q=tag%3Aprod`. */
export const query = signal(location.search);

/** The address of a path for `href`. */
export function to(path: string): string {
  return root + path.replace(/^\//, "");
}

/** Goes there. */
export function go(target: string): void {
  history.pushState(null, "", to(target));
  arrived();
  scrollTo(0, 0);
  document.getElementById("main")?.focus({ preventScroll: true });
}

/** Writes the query into the address without a new step in the history. */
export function keep(search: string): void {
  if (search === location.search) return;
  history.replaceState(history.state, "", location.pathname + search);
  query.value = search;
}

function arrived(): void {
  path.value = here();
  query.value = location.search;
}

/** Takes over the links inside the console and the browser's own steps. */
export function follow(): void {
  addEventListener("popstate", arrived);
  document.addEventListener("click", (event) => {
    const link = (event.target as Element).closest?.("a");
    if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const href = link.getAttribute("href") ?? "";
    if (link.target || link.hasAttribute("download") || link.hasAttribute("data-out") || !href.startsWith(root) || link.origin !== location.origin) return;
    event.preventDefault();
    go(link.pathname.slice(root.length - 1) + link.search);
  });
}
