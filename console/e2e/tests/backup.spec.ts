// A backup is taken, downloaded and deleted by who runs the server.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isSound } from "../axe";
import { expect, test } from "../world";

test("a backup is taken, downloaded and deleted", async ({ quiet: page, allswell }) => {
  await page.goto(`${allswell.url}settings`);
  await page.getByRole("navigation", { name: "Parts of the settings" }).getByRole("link", { name: "Backup" }).click();
  const card = page.getByRole("region", { name: "Backups" });
  await expect(card).toContainText("There is no backup yet.");
  await card.getByLabel("Results too").check();
  await card.getByRole("button", { name: "Back up now" }).click();
  await expect(card.getByRole("status")).toHaveText("Done: the backup is there.");
  await expect(card).toContainText("1 backup, ");
  const { backups } = await allswell.read<{ backups: { name: string; results: boolean }[] }>("backups");
  const name = backups[0]?.name ?? "";
  expect(backups).toMatchObject([{ results: true }]);
  await isSound(page);

  const [download] = await Promise.all([page.waitForEvent("download"), card.getByRole("link", { name: `Download ${name}` }).click()]);
  expect(download.suggestedFilename()).toBe(`allswell-${name}.tar`);
  const folder = mkdtempSync(join(tmpdir(), "allswell-backup-"));
  execFileSync("tar", ["-xf", await download.path(), "-C", folder]);
  expect(readdirSync(folder).sort()).toEqual(["heartbeat.key", "links.key", "main.db", "results.db", "status-pages.key"]);
  rmSync(folder, { recursive: true });

  await card.getByRole("button", { name: `Delete ${name}` }).click();
  await card.getByRole("button", { name: `Really? ${name}` }).click();
  await expect(card).toContainText("There is no backup yet.");
  expect(await allswell.read("backups")).toMatchObject({ backups: [], bytes: 0 });
});

test("while one is made there is no second, and one that fails says why", async ({ quiet: page, allswell }) => {
  const making = { name: "2026-11-22T140846Z", taken: "2026-11-22T14:08:46.000Z", bytes: 12_300_000, bytes_max: 41_000_000, results: false };
  let failed: unknown = null;
  let posts = 0;
  await page.route("**/api/v1/backups", (route) => {
    if (route.request().method() === "POST") posts += 1;
    return route.fulfill({ json: { backups: [], bytes: 0, free_bytes: 12_000_000_000, making: failed ? null : making, failed } });
  });
  await page.goto(`${allswell.url}settings/backup`);
  const card = page.getByRole("region", { name: "Backups" });
  await expect(card).toContainText("Being made: 12.3 MB of up to 41.0 MB");
  await expect(card.getByRole("progressbar")).toHaveAttribute("value", "12300000");
  await expect(card.getByRole("button", { name: "Back up now" })).toHaveAttribute("aria-disabled", "true");
  await card.getByRole("button", { name: "Back up now" }).click({ force: true });
  await page.keyboard.press("Enter");
  await isSound(page);
  failed = { ...making, detail: "cannot copy the store to `main.db`: database or disk is full" };
  await expect(card.getByRole("alert")).toContainText("disk is full");
  await expect(card.getByRole("progressbar")).toHaveCount(0);
  expect(posts).toBe(0);
  await isSound(page);
});

const OTHERS = { "an owner of another account": { account: { id: 2, name: "guest", plan: null, monitors: 0 } }, "who is no owner": { may: ["read", "write"] } };

for (const [name, other] of Object.entries(OTHERS)) {
  test(`${name} is shown no backup`, async ({ quiet: page, allswell }) => {
    const me = { ...(await allswell.read<object>("me")), ...other };
    await page.route("**/api/v1/me", (route) => route.fulfill({ json: me }));
    await page.goto(`${allswell.url}settings/backup`);
    await expect(page.getByRole("heading", { name: "Backups are for who runs the server" })).toBeVisible();
    await expect(page.getByRole("navigation", { name: "Parts of the settings" }).getByRole("link", { name: "Backup" })).toHaveCount(0);
  });
}
