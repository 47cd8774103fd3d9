// Without a mouse, and on the narrowest screen.

import { expect, test } from "../world";

test("the keyboard alone filters, moves, opens and comes back", async ({ quiet: page, allswell }) => {
  await page.goto(allswell.url);
  await expect(page.getByRole("row", { name: /shop/ })).toBeVisible();
  await page.keyboard.press("/");
  await page.keyboard.type("tag:prod");
  await expect(page.getByText("2 of 3 monitors.")).toBeVisible();
  expect(page.url()).toContain("q=tag%3Aprod");
  await page.keyboard.press("Escape");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("k");
  const first = page.getByRole("row").nth(1).getByRole("link");
  await expect(first).toBeFocused();
  const name = await first.textContent();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(name ?? "");
  await page.keyboard.press("g");
  await page.keyboard.press("i");
  await expect(page).toHaveTitle(/Incidents/);
  await page.keyboard.press("g");
  await page.keyboard.press("o");
  await expect(page.getByRole("heading", { level: 2, name: "Fleet" })).toBeVisible();
  await page.keyboard.press("?");
  const keys = page.getByRole("dialog", { name: "Keys" });
  await expect(keys).toBeVisible();
  await keys.getByRole("checkbox").uncheck();
  await page.keyboard.press("Escape");
  const before = await page.locator("html").getAttribute("data-theme");
  await page.keyboard.press("d");
  await expect(page.locator("html")).toHaveAttribute("data-theme", before ?? "");
});

test("Tab reaches the content first and the rows as one stop", async ({ quiet: page, allswell }) => {
  await page.goto(allswell.url);
  await expect(page.getByRole("row", { name: /shop/ })).toBeVisible();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to content" })).toBeFocused();
  await expect(page.locator('.rows a[tabindex="0"]')).toHaveCount(1);
  await page.locator(".rows a").nth(1).focus();
  await page.keyboard.press("j");
  await expect(page.locator(".rows a").nth(2)).toBeFocused();
});

test("a filter that cannot be used says why", async ({ quiet: page, allswell }) => {
  await page.goto(allswell.url);
  await page.getByRole("searchbox", { name: "Filter" }).fill("colour:red");
  await expect(page.getByText(/There is no “colour:” to filter by/)).toBeVisible();
  await page.getByRole("searchbox", { name: "Filter" }).fill("no-such-name");
  await page.getByRole("button", { name: "Clear the filter" }).click();
  await expect(page.getByText("3 monitors.")).toBeVisible();
});

for (const path of ["", "incidents", "m/1", "i/3-1", "k8s", "add", "m/1/edit", "alerting", "alerting?add", "maintenance", "maintenance?add", "settings", "settings/me", "settings/people", "pages", "pages?add"]) {
  test(`320 pixels are enough for /${path}`, async ({ quiet: page, allswell }) => {
    await page.setViewportSize({ width: 320, height: 640 });
    const { incidents } = await allswell.read<{ incidents: { id: string }[] }>("incidents?monitor=nobody-home");
    await page.goto(allswell.url + (path.startsWith("i/") ? `i/${incidents[0]?.id}` : path));
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    const wide = await page.evaluate(() =>
      [...document.querySelectorAll("body *")]
        .filter((element) => !element.closest(".scroll, pre, .vh, .skip, .heads, canvas") && element.getBoundingClientRect().right > innerWidth + 1)
        .map((element) => `${element.tagName}.${element.getAttribute("class")}`),
    );
    expect(wide).toEqual([]);
  });
}
