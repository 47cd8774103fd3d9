// Which incident somebody is about to acknowledge; the dialog for it is the same on all pages.

import { signal } from "@preact/signals";
import type { Incident } from "../api/types";

/** The incident; `null` while the dialog is closed. */
export const acknowledging = signal<Incident | null>(null);
