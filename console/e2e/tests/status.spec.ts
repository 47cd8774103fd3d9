// Status pages as strangers see them: without a script, light and dark, on a small phone, with a password.

import { axe, violations } from "../axe";
import { type Allswell, expect, type Service, test } from "../world";

const PAGES = ["s/acme/", "s/acme/history", "s/staff/", "s/partners/"] as const;

for (const path of PAGES) {
  test(`axe finds nothing on /${path}, light or dark, and 320 pixels are wide enough`, async ({ page, allswell }) => {
    await page.emulateMedia({ colorScheme: "light" });
    await page.goto(allswell.url + path);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));
    await page.evaluate(axe);
    expect(await violations(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: "dark" });
    expect(await violations(page)).toEqual([]);
    await page.setViewportSize({ width: 320, height: 640 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
    expect(await violations(page)).toEqual([]);
  });
}

/** Reads the page again until it says so: it has no script that would. */
async function says(page: import("@playwright/test").Page, headline: string | RegExp): Promise<void> {
  await expect
    .poll(async () => {
      await page.reload();
      return await page.getByRole("heading", { level: 1 }).textContent();
    })
    .toMatch(headline);
}

async function outage(allswell: Allswell, service: Service, page: import("@playwright/test").Page): Promise<void> {
  service.well = false;
  await says(page, /Payments and Old API are down|Everything is down/);
  const incident = page.getByRole("region", { name: "Payments is down" });
  await expect(incident).toContainText("since");
  await expect(page.locator("#payments")).toContainText("Outage");
  await expect(page.locator("body")).not.toContainText("timed out");
  await expect(page.locator("body")).not.toContainText("payments-api");
  service.well = true;
  await says(page, "Old API is down");
  await expect(page.getByRole("article").filter({ hasText: "Payments was down for" }).first()).toBeVisible();
  await page.locator("#payments summary").click();
  await expect(page.locator("#payments details")).toContainText("down");
  expect((await allswell.read<{ incidents: unknown[] }>("incidents")).incidents.length).toBeGreaterThan(1);
}

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("an outage begins, is seen in the words of the public, and is over", async ({ page, allswell, service }) => {
    await page.goto(`${allswell.url}s/acme`);
    expect(page.url()).toBe(`${allswell.url}s/acme/`);
    await outage(allswell, service, page);
  });

  test("the page of a host of its own has its style and its links", async ({ page, allswell }) => {
    const host = new URL(allswell.url);
    const styles: number[] = [];
    page.on("response", (response) => {
      if (response.url().includes("page.css")) styles.push(response.status());
    });
    await page.goto(`http://status.localhost:${host.port}/`);
    await expect(page.getByRole("heading", { level: 1 })).toContainText("Old API");
    expect(styles).toEqual([200]);
    await page.getByRole("link", { name: "Whole history" }).click();
    await expect(page.getByRole("heading", { name: "History" })).toBeVisible();
    await page.getByRole("link", { name: "Status now" }).click();
    await expect(page.getByRole("heading", { name: "Past incidents" })).toBeVisible();
    expect((await page.goto(`http://status.localhost:${host.port}/api/v1/monitors`))?.status()).toBe(404);
  });

  test("a password opens a page, and the browser keeps it open", async ({ page, allswell }) => {
    await page.goto(`${allswell.url}s/staff/`);
    await expect(page.locator("body")).not.toContainText("nobody-home");
    await page.getByLabel("Password").fill("open sesam");
    await page.getByRole("button", { name: "Show the page" }).click();
    await expect(page.getByRole("alert")).toHaveText("That is not the password.");
    await page.getByLabel("Password").fill("open sesame");
    await page.keyboard.press("Enter");
    await expect(page.getByRole("heading", { name: "nobody-home", exact: true })).toBeVisible();
    await page.reload();
    await expect(page.getByRole("heading", { name: "nobody-home", exact: true })).toBeVisible();
    await page.goto(`${allswell.url}s/partners/?token=0123456789abcdef`);
    await expect(page.getByRole("heading", { name: "payments-api", exact: true })).toBeVisible();
    expect(page.url()).toBe(`${allswell.url}s/partners/`);
  });
});

test("nothing on a page offends its own policy, and nothing comes from elsewhere", async ({ quiet: page, allswell }) => {
  const elsewhere: string[] = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(allswell.url)) elsewhere.push(request.url());
  });
  await page.goto(`${allswell.url}s/acme/`);
  await page.goto(`${allswell.url}s/acme/history`);
  expect(elsewhere).toEqual([]);
});
