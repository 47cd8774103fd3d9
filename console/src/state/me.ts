// Who looks, what they may do here, and the name that stands beside what they do.

import { computed, signal } from "@preact/signals";
import { read, send, whenRefused } from "../api/client";
import type { MeInFull } from "../api/types";
import { path, query, to } from "./route";

const STORED = "my-name";

/** Who asks, as the server knows them; `null` while it was not asked. */
export const who = signal<MeInFull | null>(null);

/** Whether the server was asked who looks. Until then nobody knows which buttons there should be. */
export const asked = signal(false);

/** What is not known is not hidden: the server says no by itself. */
const may = (what: string) => computed(() => who.value === null || who.value.may.includes(what));

/** Whether the reader may change what is watched. */
export const mayWrite = may("write");

/** Whether the reader may say who else may do what. */
export const mayOwn = may("own");

/** Whether the account is a guest on the server: what is the server's own, like its hosts, is not the guest's to give out. */
export const isGuest = computed(() => (who.value?.account.id ?? 1) !== 1);

/** The name where nobody signs in; kept in this browser. */
const said = signal(stored());

/** What people call the reader; empty as long as nobody said it. */
export const me = computed(() => who.value?.user?.name ?? said.value);

function stored(): string {
  try {
    return localStorage.getItem(STORED) ?? "";
  } catch {
    return "";
  }
}

/** Remembers the name. */
export function callMe(name: string): void {
  said.value = name.trim();
  try {
    localStorage.setItem(STORED, said.value);
  } catch {
    // Without storage it lasts as long as the page.
  }
}

let asking = false;

/** Asks the server who looks. */
export async function know(): Promise<void> {
  if (asking) return;
  asking = true;
  try {
    who.value = await read<MeInFull>("me");
  } catch {
    // Whoever cannot be asked shows it elsewhere; what was known stays.
  } finally {
    asking = false;
    asked.value = true;
  }
}

/** Signs out, and shows where one signs in. */
export async function signOut(): Promise<void> {
  await send("POST", "sign-out");
  location.assign(to("/sign-in"));
}

/** Asks who looks, now and whenever the server refuses something; leads to the form when a session is over. */
export function follow(): void {
  whenRefused((status) => {
    if (status === 403) void know();
    else if (who.peek()?.user) location.assign(to(`/sign-in?next=${encodeURIComponent(path.peek() + query.peek())}`));
  });
  void know();
}
