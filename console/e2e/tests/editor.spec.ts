// Status pages written in the console: seen while they are written, kept, changed, closed with a password, deleted.

import { axe, violations } from "../axe";
import { expect, test } from "../world";

const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

test.describe.configure({ mode: "serial" });

test("a page is seen while it is written, and is there when it is saved", async ({ quiet: page, allswell }) => {
  await page.goto(`${allswell.url}pages`);
  await expect(page.getByRole("listitem").filter({ hasText: "Acme status" })).toContainText("in a file");
  await page.evaluate(axe);
  expect(await violations(page)).toEqual([]);
  await page.getByRole("main").or(page.getByRole("banner")).getByRole("link", { name: "Make a page" }).first().click();
  await page.getByLabel("Title").fill("The shop");
  await expect(page.getByLabel("Address")).toHaveValue("the-shop");
  const section = page.getByRole("region", { name: "Section 1" });
  await section.getByLabel("Heading").fill("For customers");
  await section.getByLabel("Add a monitor").selectOption("payments-api");
  await section.getByLabel("Add a monitor").selectOption("shop");
  await section.getByLabel("Public name, payments-api").fill("Payments");
  await section.getByLabel("What it is, payments-api").fill("cards and invoices");
  await section.getByRole("button", { name: "shop: up" }).focus();
  await page.keyboard.press("Enter");
  const preview = page.frameLocator("iframe");
  await expect(preview.getByRole("heading", { name: "Payments", exact: true })).toBeVisible();
  await expect(preview.getByText("For customers")).toBeVisible();
  expect((await fetch(`${allswell.url}s/the-shop/`)).status).toBe(404);
  await page.getByText("Looks", { exact: true }).click();
  await page.getByLabel("Logo", { exact: true }).setInputFiles({ name: "logo.png", mimeType: "image/png", buffer: Buffer.from(PNG, "base64") });
  await page.getByLabel("Colour", { exact: true }).fill("#0f62fe");
  await page.getByRole("button", { name: "Phone" }).click();
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await violations(page)).toEqual([]);
  }
  await page.setViewportSize({ width: 320, height: 640 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.getByRole("main").getByRole("button", { name: "Make a page" }).click();
  const line = page.getByRole("listitem").filter({ hasText: "The shop" });
  await expect(line).toContainText("0 subscribers");
  const { spec } = await allswell.read<{ spec: Record<string, unknown> }>("status-pages/the-shop");
  expect(spec).toMatchObject({ sections: [{ name: "For customers", monitors: [{ monitor: "shop" }, { monitor: "payments-api", name: "Payments", about: "cards and invoices" }] }], colour: "#0f62fe" });
  const [opened] = await Promise.all([page.waitForEvent("popup"), line.getByRole("link", { name: "Open The shop" }).click()]);
  await expect(opened.getByRole("heading", { name: "Payments", exact: true })).toBeVisible();
  await expect(opened.locator("body")).not.toContainText("payments-api");
  await opened.close();
});

test("what is wrong stands at its field, and a page with a password asks for it", async ({ quiet: page, allswell, browser }) => {
  await page.goto(`${allswell.url}pages`);
  await page.getByRole("link", { name: "Edit The shop" }).click();
  await page.getByRole("button", { name: "With a password" }).click();
  await page.getByLabel("Password").fill("short");
  await expect(page.getByText("It is shown as soon as the page can be made.")).toBeVisible();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByLabel("Password")).toHaveAttribute("aria-invalid", "true");
  await page.evaluate(axe);
  expect(await violations(page)).toEqual([]);
  await page.getByLabel("Password").fill("open sesame");
  await page.getByLabel("Address").fill("market");
  await page.getByRole("button", { name: "Save" }).click();
  const line = page.getByRole("listitem").filter({ hasText: "The shop" });
  await expect(line).toContainText("With a password");
  await expect(line).toContainText("/s/market/");
  const before = await fetch(`${allswell.url}s/the-shop/`, { redirect: "manual" });
  expect([301, 302, 303, 307, 308]).toContain(before.status);
  // The password is kept when something else is changed.
  await page.getByRole("link", { name: "Edit The shop" }).click();
  await expect(page.frameLocator("iframe").getByRole("heading", { name: "Payments", exact: true })).toBeVisible();
  await page.getByLabel("Description").fill("How it is doing.");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(line).toBeVisible();
  const visitor = await browser.newPage();
  await visitor.goto(`${allswell.url}s/market/`);
  await visitor.getByLabel("Password").fill("open sesame");
  await visitor.keyboard.press("Enter");
  await expect(visitor.getByText("How it is doing.")).toBeVisible();
  await visitor.close();
});

test("a page is deleted after a question", async ({ quiet: page, allswell }) => {
  await page.goto(`${allswell.url}pages`);
  await page.getByRole("button", { name: "Delete The shop" }).click();
  await page.getByRole("button", { name: "Really? The shop" }).click();
  await expect(page.getByRole("listitem").filter({ hasText: "The shop" })).toHaveCount(0);
  expect((await fetch(`${allswell.url}s/market/`)).status).toBe(404);
});
