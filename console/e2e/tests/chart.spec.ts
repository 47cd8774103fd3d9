// The chart of a monitor: long ranges, what happened meanwhile, planned work.

import { axe, violations } from "../axe";
import { type Allswell, expect, idOf, test } from "../world";

test.afterAll(async ({ allswell }) => {
  for (const name of ["earlier", "chart"]) await allswell.write("DELETE", `maintenance/${name}`);
});

/** What is true of the shop now, and how often work was planned on it. */
async function works(allswell: Allswell): Promise<[status: string, number: number]> {
  const { status } = await allswell.read<{ status: string }>("monitors/shop");
  const { stretches } = await allswell.read<{ stretches: unknown[] }>("monitors/shop/history?status=maintenance");
  return [status, stretches.length];
}

test("long ranges, deploys and planned work are drawn and told", async ({ quiet: page, allswell }) => {
  await allswell.write("POST", "events", { text: "shop 9.9.9", monitor: "shop" });
  await allswell.write("POST", "events", { text: "not for the shop", monitor: "payments-api" });
  // Work that is over and gone from the plan is shaded as what goes on now.
  await allswell.write("POST", "maintenance", { name: "earlier", monitors: ["shop"], from: "2026-01-01T00:00Z" });
  await expect.poll(() => works(allswell)).toEqual(["maintenance", 1]);
  await allswell.write("POST", "maintenance/earlier/end");
  await expect.poll(() => works(allswell)).toEqual(["up", 1]);
  await allswell.write("POST", "maintenance", { name: "chart", monitors: ["shop"], from: "2026-01-01T00:00Z" });
  await expect.poll(() => works(allswell)).toEqual(["maintenance", 2]);
  await page.goto(`${allswell.url}m/${await idOf(allswell, "shop")}`);
  const chart = page.getByRole("img", { name: /^Response time by phase from .* Events: shop 9\.9\.9\. Planned work: 2 times\.$/ });
  await expect(chart).toBeVisible();
  await page.getByRole("button", { name: "7 d" }).click();
  await expect(page.getByRole("heading", { name: "Response time", exact: true })).toBeVisible();
  await expect(page.getByText("over the whole range")).toBeVisible();
  await expect(page.getByRole("img", { name: /Events: shop 9\.9\.9/ }).locator("canvas")).toBeVisible();
  await page.getByRole("button", { name: "90 d" }).click();
  await expect(page.getByText("over the whole range")).toBeVisible();
  await page.getByRole("button", { name: "As table" }).click();
  await expect(page.getByRole("columnheader", { name: "p95" })).toBeVisible();
  const rows = page.getByRole("region", { name: "Response time" }).locator("tbody tr");
  // A stretch of 18 hours may have ended a moment ago: then what was asked lies in two of them.
  await expect(rows.first()).toBeVisible();
  expect(await rows.count()).toBeLessThanOrEqual(2);
  await page.evaluate(axe);
  expect(await violations(page)).toEqual([]);
});
