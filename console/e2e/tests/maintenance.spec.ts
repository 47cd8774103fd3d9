// Planned work: once, again and again, until somebody ends it; in a calendar, and as silence for a while.

import { axe, violations } from "../axe";
import { type Allswell, expect, test } from "../world";

interface Shown {
  state: string;
  upcoming: { from: string; until: string | null }[];
  spec: Record<string, unknown>;
}

const shown = (allswell: Allswell, name: string) => allswell.read<Shown>(`maintenance/${encodeURIComponent(name)}`);

test.afterAll(async ({ allswell }) => {
  const { maintenance } = await allswell.read<{ maintenance: { name: string }[] }>("maintenance");
  for (const { name } of maintenance) await allswell.write("DELETE", `maintenance/${encodeURIComponent(name)}`);
});

test("work that begins now is seen everywhere, and ends when somebody says so", async ({ quiet: page, allswell }) => {
  await page.goto(`${allswell.url}maintenance?add`);
  await page.getByLabel("Name", { exact: true }).fill("disk swap");
  await page.getByLabel("Monitors").fill("nobody-home");
  await page.keyboard.press("Enter");
  await expect(page.getByText("1 monitor", { exact: true })).toBeVisible();
  await page.getByRole("group", { name: "When" }).getByRole("button", { name: "From now on" }).click();
  await page.evaluate(axe);
  expect(await violations(page)).toEqual([]);
  await page.getByRole("button", { name: "Plan work" }).click();
  const now = page.getByRole("region", { name: "Now: disk swap" });
  await expect(now).toContainText("somebody ends it");
  const entry = page.getByRole("link", { name: /^Maintenance: disk swap/ });
  await expect(entry.first()).toBeVisible();
  expect(await violations(page)).toEqual([]);
  await page.emulateMedia({ colorScheme: "dark" });
  expect(await violations(page)).toEqual([]);
  expect((await shown(allswell, "disk swap")).state).toBe("open");
  await page.goto(allswell.url);
  await expect(page.getByRole("row", { name: /nobody-home/ })).toContainText("Maintenance");
  await page.goto(`${allswell.url}maintenance`);
  await page.getByRole("button", { name: "End now disk swap" }).click();
  await expect(now).toHaveCount(0);
  expect((await shown(allswell, "disk swap")).state).toBe("over");
});

test("on a full day planned work stands first, and the keyboard opens the rest", async ({ quiet: page, allswell }) => {
  for (let number = 1; number <= 6; number += 1) await allswell.write("POST", "events", { text: `release ${number}`, monitor: "shop" });
  await allswell.write("POST", "maintenance", { name: "full day", monitors: ["nobody-home"], from: new Date().toISOString() });
  await page.goto(`${allswell.url}maintenance`);
  const today = page.getByRole("region", { name: "Calendar" }).getByRole("listitem").filter({ hasText: "full day" }).first();
  await expect(today.getByRole("link").first()).toHaveAccessibleName(/^Maintenance: /);
  await expect(today.getByRole("link", { name: "Event: release 6" })).toBeHidden();
  const rest = today.locator("summary");
  await expect(rest).toHaveAccessibleName(/^\d+ more on /);
  await rest.focus();
  await page.keyboard.press("Enter");
  await expect(today.getByRole("link", { name: "Event: release 6" })).toBeVisible();
  await page.evaluate(axe);
  expect(await violations(page)).toEqual([]);
  await page.emulateMedia({ colorScheme: "dark" });
  expect(await violations(page)).toEqual([]);
  await allswell.write("DELETE", "maintenance/full%20day");
});

test("work that comes again keeps to the clock of its zone, and the reader sees his own", async ({ quiet: page, allswell }) => {
  await page.goto(`${allswell.url}maintenance?add`);
  await page.getByLabel("Name", { exact: true }).fill("nights");
  await page.getByLabel("Groups").fill("Checkout");
  await page.getByRole("group", { name: "When" }).getByRole("button", { name: "Every week" }).click();
  await page.getByLabel("Mon", { exact: true }).check();
  await page.getByLabel("Sun", { exact: true }).uncheck();
  await page.getByLabel("At", { exact: true }).fill("23:30");
  await page.getByLabel("For", { exact: true }).fill("2h");
  await page.getByLabel("Time zone").fill("America/New_York");
  await page.getByRole("button", { name: "Plan work" }).click();
  await page.getByRole("button", { name: "List" }).click();
  const line = page.getByRole("listitem").filter({ hasText: "nights" });
  await expect(line).toContainText("mon at 23:30 for 2h America/New_York");
  await expect(line).toContainText("05:30–07:30");
  expect((await shown(allswell, "nights")).spec).toEqual({ name: "nights", groups: ["Checkout"], weekly: ["mon"], at: "23:30", duration: "2h", timezone: "America/New_York" });
  await page.getByRole("button", { name: "Month", exact: true }).click();
  await page.getByRole("button", { name: "Month after" }).click();
  // A month has at least four Mondays.
  await expect.poll(() => page.getByRole("link", { name: /^Maintenance: nights, 05:30/ }).count()).toBeGreaterThanOrEqual(4);
  await page.getByRole("link", { name: /^Maintenance: nights/ }).first().click();
  await page.getByRole("group", { name: "When" }).getByRole("button", { name: "By cron" }).click();
  await page.getByLabel("Cron line").fill("61 * * * *");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByLabel("Cron line")).toHaveAttribute("aria-invalid", "true");
  await page.getByLabel("Cron line").fill("0 2 * * *");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("heading", { name: "Quick silence" })).toBeVisible();
  expect((await shown(allswell, "nights")).spec).toMatchObject({ cron: "0 2 * * *", duration: "1h" });
});

test("work that happens once is written by the reader's clock", async ({ quiet: page, allswell }) => {
  await page.goto(`${allswell.url}maintenance?add`);
  await page.getByLabel("Name", { exact: true }).fill("move");
  await page.getByLabel("Tags").fill("prod");
  await page.getByLabel("From", { exact: true }).fill("2030-07-01T22:00");
  await page.getByLabel("Until", { exact: true }).fill("2030-07-02T01:00");
  await page.getByRole("button", { name: "Plan work" }).click();
  await expect(page.getByRole("heading", { name: "Quick silence" })).toBeVisible();
  expect((await shown(allswell, "move")).upcoming).toEqual([{ from: "2030-07-01T20:00:00.000Z", until: "2030-07-01T23:00:00.000Z" }]);
});

test("what a filter finds is silent for a while", async ({ quiet: page, allswell }) => {
  await page.goto(`${allswell.url}maintenance`);
  await page.getByLabel("Which monitors").fill("tag:prod");
  await expect(page.getByText("2 monitors match.")).toBeVisible();
  await page.getByRole("button", { name: "15 m" }).click();
  await page.getByRole("button", { name: "Silence 2 monitors" }).click();
  await expect(page.getByRole("region", { name: /^Now: silence/ })).toContainText("2 monitors");
  await expect.poll(async () => (await allswell.read<{ status: string }>("monitors/shop")).status).toBe("maintenance");
  await page.getByRole("button", { name: /^End now silence/ }).click();
  await expect.poll(async () => (await allswell.read<{ status: string }>("monitors/shop")).status).toBe("up");
});
