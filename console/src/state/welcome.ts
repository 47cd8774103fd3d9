// Whether the reader is led to the first steps: once, on a server where nothing is watched and nobody was asked who they are.

import { read } from "../api/client";
import type { Setup } from "../api/types";
import { go, path } from "./route";

const STORED = "welcome-left";

const isLeft = () => {
  try {
    return sessionStorage.getItem(STORED) !== null;
  } catch {
    return true;
  }
};

/** The reader does not want to be led there again. */
export function leaveWelcome(): void {
  try {
    sessionStorage.setItem(STORED, "yes");
  } catch {
    // Without storage nobody is led anywhere.
  }
}

/** Leads there from a first page that has nothing to show. */
export async function leadToWelcome(): Promise<void> {
  if (isLeft()) return;
  const setup = await read<Setup>("setup").catch(() => null);
  if (setup?.open && path.peek() === "/") go("/welcome");
}
