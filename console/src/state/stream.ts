// The server's stream of events. Only a page that somebody sees holds one: a browser opens six connections to a server at most.

import { address } from "../api/client";

/** A monitor's number, the index of its status, the time of its answer in milliseconds. */
export type Result = [id: number, status: number, latency: number | null];

interface Takes {
  /** Results, at most ten batches a second. */
  results: (results: readonly Result[]) => void;
  /** The list of monitors changed, or too much was missed. */
  reload: () => void;
  opened: () => void;
  lost: () => void;
}

/** How long until a stream that the server refused is tried again. */
const REFUSED_MS = 30_000;

/** A stream that is held while the page is seen. */
export function follow(takes: Takes) {
  let source: EventSource | null = null;
  let again = 0;
  let wasOpen = false;
  const isOpen = () => source?.readyState === EventSource.OPEN;
  const close = () => {
    source?.close();
    source = null;
    wasOpen = false;
  };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) close();
  });
  return {
    isOpen,
    /** Makes sure that there is a stream, from this position on. */
    follow(position: string | null) {
      if (document.hidden || !position || Date.now() < again) return;
      if (source && source.readyState !== EventSource.CLOSED) return;
      close();
      const made = new EventSource(address(`api/v1/events?after=${encodeURIComponent(position)}`));
      source = made;
      made.addEventListener("results", (event) => takes.results(JSON.parse(event.data) as Result[]));
      made.addEventListener("reload", takes.reload);
      made.addEventListener("reset", takes.reload);
      made.addEventListener("open", () => {
        // The first opening follows a reading; a later one follows a gap.
        if (wasOpen) takes.opened();
        wasOpen = true;
      });
      made.addEventListener("error", () => {
        if (made.readyState === EventSource.CLOSED) again = Date.now() + REFUSED_MS;
        if (source === made) takes.lost();
      });
    },
  };
}
