// Every page in light and dark: no violation that axe-core knows, nothing from elsewhere, within the budgets.

import type { Page } from "@playwright/test";
import { isSound } from "../axe";
import { type Allswell, expect, test } from "../world";

const PAGES = ["", "incidents", "m/1", "i/", "k8s", "add", "m/1/edit", "alerting", "alerting?add", "maintenance", "maintenance?add", "settings", "settings/me", "settings/people", "settings/backup", "pages", "pages?add"] as const;

async function open(page: Page, allswell: Allswell, path: string): Promise<void> {
  const { incidents } = await allswell.read<{ incidents: { id: string }[] }>("incidents?monitor=nobody-home");
  await page.goto(allswell.url + (path === "i/" ? `i/${incidents[0]?.id}` : path));
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await expect(page.locator("[aria-busy], .skeleton")).toHaveCount(0);
}

for (const path of PAGES) {
  test(`/${path} is sound: axe, light and dark, narrow, by its own policy, with nothing from elsewhere`, async ({ quiet: page, allswell }) => {
    const elsewhere: string[] = [];
    page.on("request", (request) => {
      if (!request.url().startsWith(allswell.url)) elsewhere.push(request.url());
    });
    const policies: string[] = [];
    page.on("response", async (response) => {
      if (response.request().isNavigationRequest()) policies.push(response.headers()["content-security-policy"] ?? "");
    });
    await open(page, allswell, path);
    await isSound(page);
    expect(elsewhere).toEqual([]);
    expect(policies[0]).toContain("default-src 'self'");
  });
}

test("the chart is drawn under the same policy", async ({ quiet: page, allswell }) => {
  await open(page, allswell, "m/1");
  await expect(page.locator(".chart canvas")).toBeVisible();
});

test("the list of keys and of the filter's words is sound", async ({ quiet: page, allswell }) => {
  await open(page, allswell, "");
  await page.keyboard.press("?");
  const dialog = page.getByRole("dialog", { name: "Keys" });
  await expect(dialog).toContainText("cert<14d");
  await isSound(page);
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
});

test("the files stay within their budgets", async ({ quiet: page, allswell }) => {
  const sizes: { url: string; kind: string; bytes: number }[] = [];
  page.on("response", async (response) => {
    const kind = response.headers()["content-type"] ?? "";
    if (/javascript|css/.test(kind)) sizes.push({ url: response.url(), kind, bytes: Number(response.headers()["content-length"]) });
  });
  const sum = (kind: string) => sizes.filter((one) => one.kind.includes(kind)).reduce((all, one) => all + one.bytes, 0);
  await open(page, allswell, "");
  await expect(page.getByRole("row").nth(1)).toBeVisible();
  const first = { script: sum("javascript"), style: sum("css") };
  expect(first.script).toBeGreaterThan(1_000);
  expect(first.script).toBeLessThan(40_000);
  expect(first.style).toBeLessThan(15_000);
  await open(page, allswell, "m/1");
  await expect(page.locator(".chart canvas")).toBeVisible();
  for (const one of sizes) expect(one.bytes, one.url).toBeLessThan(40_000);
  test
    .info()
    .annotations.push({
      type: "measured",
      description: `first page: ${first.script} bytes of script, ${first.style} bytes of style; largest file ${Math.max(...sizes.map((one) => one.bytes))} bytes`,
    });
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });
  test("the plain overview takes the place of the console", async ({ page, allswell }) => {
    await page.goto(allswell.url);
    await page.waitForURL(/\/plain\/$/);
    await expect(page.getByText("nobody-home").first()).toBeVisible();
  });
});
