// The palette: from everywhere to everything, without a mouse.

import { axe, violations } from "../axe";
import { expect, test } from "../world";

test("the palette finds monitors, things to do and places, by keyboard alone", async ({ quiet: page, allswell }) => {
  await page.goto(`${allswell.url}incidents`);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await page.keyboard.press("Control+k");
  const field = page.getByRole("combobox", { name: "Search or jump to" });
  await expect(field).toBeFocused();
  await page.keyboard.type("sho");
  await expect(page.getByRole("option", { name: /^Up shop/ })).toHaveAttribute("aria-selected", "true");
  await expect(page.getByRole("option", { name: "Check shop now" })).toBeVisible();
  await page.evaluate(axe);
  expect(await violations(page)).toEqual([]);
  await page.emulateMedia({ colorScheme: "dark" });
  expect(await violations(page)).toEqual([]);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("shop");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("checkout");
  await page.keyboard.press("ArrowUp");
  await expect(page.getByRole("option", { name: /^Group Checkout/ })).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("Enter");
  await expect(page.getByText("1 of 3 monitors.")).toBeVisible();
  await page.keyboard.press("Control+k");
  await expect(field).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(field).toHaveCount(0);
});

test("a target that is not watched yet is one line away from being watched", async ({ quiet: page, allswell, service }) => {
  await page.goto(allswell.url);
  await page.getByRole("button", { name: "Search or jump to" }).click();
  await expect(page.getByRole("combobox", { name: "Search or jump to" })).toBeFocused();
  await page.keyboard.type(`${service.address}/palette`);
  await page.getByRole("option", { name: /^Watch/ }).click();
  await expect(page.getByLabel("Target")).toHaveValue(`${service.address}/palette`);
  await expect(page.getByRole("button", { name: /^Start watching/ })).toBeVisible();
});

test("an open incident is acknowledged from the palette", async ({ quiet: page, allswell }) => {
  await page.goto(`${allswell.url}settings`);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("combobox", { name: "Search or jump to" })).toBeFocused();
  await page.keyboard.type("nobody");
  await page.getByRole("option", { name: /^Acknowledge nobody-home/ }).click();
  await expect(page.getByRole("dialog", { name: "Acknowledge nobody-home" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
});

test("320 pixels are enough for the palette", async ({ quiet: page, allswell }) => {
  await page.setViewportSize({ width: 320, height: 640 });
  await page.goto(allswell.url);
  await page.getByRole("button", { name: "Search or jump to" }).click();
  await expect(page.getByRole("combobox", { name: "Search or jump to" })).toBeFocused();
  await page.keyboard.type("shop");
  await expect(page.getByRole("option", { name: /^Up shop/ })).toBeVisible();
  const option = await page.getByRole("dialog").getByRole("option").first().boundingBox();
  expect((option?.x ?? 0) + (option?.width ?? 999)).toBeLessThanOrEqual(320);
});
