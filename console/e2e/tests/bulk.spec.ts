// Five hundred monitors at once: selected, tagged, changed, paused, silenced, asked, deleted.

import { axe, violations } from "../axe";
import { type Allswell, expect, test } from "../world";

const NUMBER = 500;

interface Fleet {
  name: string[];
  tags: string[][];
  group: (string | null)[];
  interval_s: number[];
  status: number[];
  statuses: string[];
}

const many = (allswell: Allswell) => allswell.read<Fleet>("fleet?filter=group:Many");

test.beforeAll(async ({ allswell, service }) => {
  const monitors = Array.from({ length: NUMBER }, (_, index) => ({
    name: `many-${String(index + 1).padStart(3, "0")}`,
    group: "Many",
    interval: "1h",
    initial_delay: "1h",
    tcp: { address: new URL(service.address).host },
  }));
  await allswell.write("POST", "apply", { files: [{ name: "many.yaml", text: JSON.stringify({ monitors }) }] });
});

test.afterAll(async ({ allswell }) => {
  const { maintenance } = await allswell.read<{ maintenance: { name: string }[] }>("maintenance");
  for (const { name } of maintenance) await allswell.write("DELETE", `maintenance/${encodeURIComponent(name)}`);
  await allswell.clear();
});

test("five hundred are tagged, changed, paused and resumed at once", async ({ quiet: page, allswell }) => {
  await page.goto(`${allswell.url}?q=group%3AMany`);
  await page.getByRole("checkbox", { name: "Select all 500 monitors" }).check();
  const bar = page.getByRole("region", { name: "Selected monitors" });
  await expect(bar).toContainText("500 selected");
  await page.evaluate(axe);
  expect(await violations(page)).toEqual([]);
  await bar.getByRole("button", { name: "Tag…" }).click();
  await page.getByRole("dialog").getByLabel("Tags").fill("bulk eu");
  await page.getByRole("button", { name: "Change 500 monitors" }).click();
  await expect(bar).toContainText("Done for 500 monitors.", { timeout: 30_000 });
  expect((await many(allswell)).tags.every((tags) => tags.join() === "bulk,eu")).toBe(true);
  await bar.getByRole("button", { name: "Edit…" }).click();
  await page.getByRole("dialog").getByLabel("Check every").fill("2h");
  await page.getByRole("button", { name: "Change 500 monitors" }).click();
  await expect.poll(async () => (await many(allswell)).interval_s.every((seconds) => seconds === 7_200), { timeout: 30_000 }).toBe(true);
  await bar.getByRole("button", { name: "Pause" }).click();
  await expect.poll(async () => new Set((await many(allswell)).status).size === 1 && (await many(allswell)).statuses[(await many(allswell)).status[0] ?? 0], { timeout: 30_000 }).toBe("paused");
  await expect(page.getByRole("row", { name: /many-001/ })).toContainText("Paused");
  await bar.getByRole("button", { name: "Resume" }).click();
  await expect(page.getByRole("row", { name: /many-001/ })).not.toContainText("Paused", { timeout: 30_000 });
  await bar.getByRole("button", { name: "Edit…" }).click();
  await page.getByRole("dialog").getByLabel("Check every").fill("soon");
  await page.getByRole("button", { name: "Change 500 monitors" }).click();
  await expect(bar).toContainText("Done for 0, not for 500", { timeout: 30_000 });
});

test("the keyboard selects a range, and what is selected is asked and silenced", async ({ quiet: page, allswell }) => {
  await page.goto(`${allswell.url}?q=group%3AMany&sort=name`);
  await expect(page.getByRole("row", { name: /many-001/ })).toBeVisible();
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  for (let step = 0; step < 9; step += 1) await page.keyboard.press("j");
  await page.keyboard.press("Shift+X");
  const bar = page.getByRole("region", { name: "Selected monitors" });
  await expect(bar).toContainText("10 selected");
  await expect(page.getByRole("row", { name: /many-010/ })).toHaveAttribute("aria-selected", "true");
  await bar.getByRole("button", { name: "Check now" }).click();
  await expect(bar).toContainText("Asked: 10 pass.", { timeout: 30_000 });
  await bar.getByRole("button", { name: "Maintenance…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "15 m" }).click();
  await page.getByRole("button", { name: "Silence 10 monitors" }).click();
  await expect(bar).toContainText("10 monitors are under maintenance");
  await expect(page.getByRole("row", { name: /many-010/ })).toContainText("Maintenance");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("row", { name: /many-010/ })).toHaveAttribute("aria-selected", "false");
});

test("what is deleted at once is asked about first", async ({ quiet: page, allswell }) => {
  await page.goto(`${allswell.url}?q=many-49`);
  await page.getByRole("checkbox", { name: "Select all 10 monitors" }).check();
  await page.getByRole("button", { name: "Delete 10 monitors" }).click();
  expect((await many(allswell)).name.length).toBe(NUMBER);
  await page.getByRole("button", { name: "Really? 10 monitors" }).click();
  await expect.poll(async () => (await many(allswell)).name.length).toBe(NUMBER - 10);
});

test("on a phone rows are selected after a press on Select", async ({ quiet: page, allswell }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`${allswell.url}?q=name%3Ashop`);
  await expect(page.getByRole("row", { name: /shop/ })).toBeVisible();
  await expect(page.getByRole("checkbox", { name: "Select shop" })).toBeHidden();
  await page.getByRole("button", { name: "Select…" }).click();
  await page.getByRole("checkbox", { name: "Select shop" }).check();
  const bar = page.getByRole("region", { name: "Selected monitors" });
  await expect(bar).toContainText("1 selected");
  await page.getByRole("checkbox", { name: "Select all 1 monitor" }).uncheck();
  await expect(bar).toHaveCount(0);
  await page.getByRole("checkbox", { name: "Select all 1 monitor" }).check();
  await page.evaluate(axe);
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await violations(page)).toEqual([]);
  }
  await page.setViewportSize({ width: 320, height: 640 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
  await bar.getByRole("button", { name: "Check now" }).click();
  await expect(bar).toContainText("Asked: 1 pass.");
  await page.getByRole("button", { name: "Select no more" }).click();
  await expect(page.getByRole("checkbox", { name: "Select shop" })).toBeHidden();
});
