// `allswell serve --demo`, in a folder of its own.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "@playwright/test";
import { BINARY } from "./world";

/** Runs it for as long as `work` takes, which gets the address of the page of mails. */
export async function withDemo(work: (mails: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "allswell-e2e-"));
  const demo = spawn(BINARY, ["serve", "--demo", "--listen", "127.0.0.1:0"], { cwd: folder, stdio: ["ignore", "pipe", "ignore"] });
  try {
    let said = "";
    demo.stdout.on("data", (chunk) => (said += chunk));
    const mails = () => /mail\s+(http:\S+)/.exec(said)?.[1] ?? "";
    await expect.poll(mails, { timeout: 30_000 }).not.toBe("");
    await work(mails());
  } finally {
    demo.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
}
