// `allswell serve --demo`: the page of the mails that it would have sent.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isSound } from "../axe";
import { BINARY, expect, test } from "../world";

test("the mails that a demo caught are listed soundly, and anew for who follows them", async ({ quiet: page }) => {
  const folder = mkdtempSync(join(tmpdir(), "allswell-e2e-"));
  const demo = spawn(BINARY, ["serve", "--demo", "--listen", "127.0.0.1:0"], { cwd: folder, stdio: ["ignore", "pipe", "ignore"] });
  try {
    let said = "";
    demo.stdout.on("data", (chunk) => (said += chunk));
    const mails = () => /mail\s+(http:\S+)/.exec(said)?.[1] ?? "";
    await expect.poll(mails, { timeout: 30_000 }).not.toBe("");
    await page.goto(mails());
    await expect(page.getByText("No mail yet.")).toBeVisible();
    await isSound(page);
    await page.getByRole("link", { name: "Follow" }).click();
    await expect(page.getByRole("listitem").first()).toBeVisible({ timeout: 60_000 });
    await page.getByRole("link", { name: "Hold still" }).click();
    await isSound(page);
    await page.getByRole("listitem").first().getByRole("link").first().click();
    await expect(page.getByRole("heading", { name: "payments-api is down" })).toBeVisible();
  } finally {
    demo.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
});
