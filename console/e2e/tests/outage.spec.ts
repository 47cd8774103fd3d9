// A real outage of a real service, seen by somebody who only looks.

import { expect, idOf, test } from "../world";

test("an outage appears, is explained and goes away without a reload", async ({ quiet: page, allswell, service }) => {
  await page.goto(allswell.url);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("1 down");
  await page.evaluate(() => Object.assign(window, { sameDocument: true }));
  service.version = "1.42.0";
  service.well = false;
  await expect(page).toHaveTitle("(2 down) Overview · Allswell");
  const line = page.getByRole("region", { name: "Needs attention" }).getByRole("listitem").filter({ hasText: "payments-api" });
  await expect(line).toContainText("database failed (connection timed out)");
  await expect(page.getByRole("row", { name: /payments-api/ })).toContainText("Down");
  await expect(page.getByRole("status").filter({ hasText: "now down" })).toHaveCount(1);
  await line.getByRole("link", { name: /^Incident/ }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("payments-api: ");
  await expect(page.getByRole("region", { name: "What happened" })).toContainText("Confirmed down");
  service.well = true;
  await expect(page.locator(".pill")).toHaveText("Resolved");
  await expect(page.getByRole("region", { name: "What happened" })).toContainText("Over");
  expect(await page.evaluate(() => "sameDocument" in window)).toBe(true);
});

test("the page of a monitor says what the app said when it failed", async ({ quiet: page, allswell }) => {
  await page.goto(`${allswell.url}m/${await idOf(allswell, "payments-api")}`);
  const evidence = page.getByRole("region", { name: "Evidence of the first failure" }).first();
  await expect(evidence).toContainText("503 Service Unavailable");
  await expect(evidence).toContainText('"message": "connection timed out"');
  await expect(page.getByRole("img", { name: /^database: / })).toBeVisible();
  await expect(page.getByRole("img", { name: /^Response time by phase from/ })).toBeVisible();
  await page.getByRole("button", { name: "As table" }).click();
  await expect(page.getByRole("columnheader", { name: "First byte" })).toBeVisible();
  await page.getByRole("button", { name: "Failures" }).click();
  await expect(page.locator("table.results tbody tr").first()).toContainText("the app says database failed");
});

test("a check can be asked for out of turn, by button or by key", async ({ quiet: page, allswell }) => {
  await page.goto(`${allswell.url}m/${await idOf(allswell, "shop")}`);
  await page.getByRole("button", { name: /^Check now/ }).click();
  await expect(page.getByText(/^Asked: pass in /)).toBeVisible();
  await page.getByRole("button", { name: "Close" }).click();
  await page.keyboard.press("r");
  await expect(page.getByText(/^Asked: pass in /)).toBeVisible();
});

test("a server that is gone is said, and what is shown is dated", async ({ page, allswell }) => {
  await page.goto(allswell.url);
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
  await allswell.kill();
  await expect(page.getByText(/What you see is from \d\d:\d\d:\d\d: the server cannot be reached\./)).toBeVisible();
  await allswell.start();
  await page.getByRole("button", { name: "Try again now" }).click();
  await expect(page.getByText(/What you see is from/)).toHaveCount(0);
});
