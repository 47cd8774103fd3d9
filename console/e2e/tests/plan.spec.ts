// An account that is kept by a plan: what is left is said before one types, and what is refused is told with the way out.

import { isSound } from "../axe";
import { Allswell, expect, test } from "../world";

const REFUSED = "The plan `free` allows 2 monitors; there would be 3. Delete some first, or ask who runs the server for another plan.";

const allswell = new Allswell(JSON.stringify({ plans: { free: { monitors: 2, min_interval: "5m" } } }));
test.beforeAll(async () => {
  await allswell.start();
  await allswell.keepTo("free");
});
test.afterAll(() => allswell.remove());

test("the form says what is left and offers no interval that would be refused", async ({ quiet: page, service }) => {
  await page.goto(`${allswell.url}add`);
  await expect(page.getByText("2 of 2 monitors left in the plan free.")).toBeVisible();
  await page.getByLabel("Target", { exact: true }).fill(`${service.address}/ready`);
  const every = page.getByRole("group", { name: "Check every" });
  await expect(every.getByRole("button")).toHaveText(["5 m", "15 m", "1 h", /.+/, "Other…"]);
  await expect(every.getByRole("button", { name: "5 m", exact: true })).toHaveAttribute("aria-pressed", "true");
  await expect(page.getByText("The plan free asks every 5 m at most.")).toBeVisible();
  await isSound(page);
  await every.getByRole("button", { name: "Other…" }).click();
  await page.getByLabel("Check every", { exact: true }).and(page.getByRole("textbox")).fill("1m");
  await page.getByRole("button", { name: "Start watching" }).click();
  await expect(page.getByText("Write `interval: 5m` or more, or ask who runs the server for another plan.")).toBeVisible();
  await every.getByRole("button", { name: "5 m", exact: true }).click();
  await page.getByRole("button", { name: "Start watching" }).click();
  await expect(page).toHaveURL(/\/m\/\d+$/);
  await page.goto("about:blank");
});

test("of two lines one has room, and the other is refused in words", async ({ quiet: page, service }) => {
  await page.goto(`${allswell.url}add`);
  await expect(page.getByText("1 of 2 monitors left in the plan free.")).toBeVisible();
  await page.getByLabel("Target", { exact: true }).fill(`${service.address}/one\n${service.address}/two`);
  await expect(page.getByText("The plan free has room for 1 of these 2 monitors: the others will be refused.")).toBeVisible();
  await page.getByRole("button", { name: "Start watching 2 monitors" }).click();
  await expect(page.getByText("1 monitor is watched now.")).toBeVisible();
  await expect(page.getByText(REFUSED)).toBeVisible();
  await isSound(page);
  await page.goto("about:blank");
});

test("when none is left the form says so first, and the third is refused with the way out", async ({ quiet: page, service }) => {
  await page.goto(`${allswell.url}add`);
  await expect(page.getByText("The plan free allows 2 monitors, and there are 2. Delete some first, or ask who runs the server for another plan.")).toBeVisible();
  await isSound(page);
  await page.getByLabel("Target", { exact: true }).fill(`${service.address}/third`);
  await page.getByRole("button", { name: "Start watching" }).click();
  await expect(page.getByRole("alert")).toHaveText(REFUSED);
  expect((await allswell.read<{ monitors: unknown[] }>("monitors")).monitors).toHaveLength(2);
  await isSound(page);
  await page.goto(`${allswell.url}settings/me`);
  const card = page.getByRole("region", { name: "Plan" });
  await expect(card.getByText("2 of 2 monitors")).toBeVisible();
  await expect(card.getByText("5 m", { exact: true })).toBeVisible();
  await isSound(page);
  await page.goto("about:blank");
});

test("an account without a plan reads of none", async ({ quiet: page, allswell: free }) => {
  await page.goto(`${free.url}settings/me`);
  await expect(page.getByRole("heading", { name: "Nobody is signed in" })).toBeVisible();
  await expect(page.getByRole("region", { name: "Plan" })).toHaveCount(0);
  await page.goto(`${free.url}add`);
  await expect(page.getByRole("heading", { name: "What should be watched?" })).toBeVisible();
  await expect(page.getByText(/left in the plan/)).toHaveCount(0);
});
