// Every page in light and dark: no violation that axe-core knows, nothing from elsewhere, within the budgets.

import type { Page } from "@playwright/test";
import { axe, violations } from "../axe";
import { type Allswell, expect, test } from "../world";

const PAGES = ["", "incidents", "m/1", "i/", "k8s", "add", "m/1/edit", "alerting", "alerting?add", "maintenance", "maintenance?add", "settings", "settings/me", "settings/people", "pages", "pages?add", "no/such/place", "plain/?hold=true"] as const;

async function open(page: Page, allswell: Allswell, path: string): Promise<void> {
  const { incidents } = await allswell.read<{ incidents: { id: string }[] }>("incidents?monitor=nobody-home");
  await page.goto(allswell.url + (path === "i/" ? `i/${incidents[0]?.id}` : path));
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await expect(page.locator("[aria-busy], .skeleton")).toHaveCount(0);
}

for (const path of PAGES) {
  test(`axe finds nothing on /${path}, light or dark`, async ({ page, allswell }) => {
    await page.emulateMedia({ colorScheme: "light" });
    await open(page, allswell, path);
    await page.evaluate(axe);
    expect(await violations(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: "dark" });
    expect(await violations(page)).toEqual([]);
  });
}

test("everything comes from the server itself under its own policy", async ({ quiet: page, allswell }) => {
  const elsewhere: string[] = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(allswell.url)) elsewhere.push(request.url());
  });
  const response = await page.goto(allswell.url);
  expect(response?.headers()["content-security-policy"]).toContain("default-src 'self'");
  await open(page, allswell, "m/1");
  await expect(page.locator(".chart canvas")).toBeVisible();
  expect(elsewhere).toEqual([]);
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
