// Keys that are shown once, and a configuration whose plan is seen before it is applied.

import { readFileSync } from "node:fs";
import { axe, violations } from "../axe";
import { Allswell, configuration, expect, test } from "../world";

test("a configuration is planned, applied and given out", async ({ quiet: page, allswell, service }) => {
  await page.goto(`${allswell.url}settings`);
  await expect(page.getByRole("region", { name: "This server" })).toContainText("Healthy");
  const card = page.getByRole("region", { name: "Configuration as a file" });
  await card.getByLabel("Or text").fill("monitors:\n  - name: filed\n    tcp: { adress: 'x:1' }\n");
  await card.getByRole("button", { name: "Show the plan" }).click();
  await expect(page.getByRole("alert")).toContainText("adress");
  const text = `monitors:\n  - { name: filed, interval: 5s, http: { url: "${service.address}/filed" } }\n`;
  await card.getByLabel("Files").setInputFiles({ name: "shop.yaml", mimeType: "application/yaml", buffer: Buffer.from(text) });
  const plan = card.getByRole("region", { name: "Plan" });
  await expect(plan).toContainText("monitor filed");
  expect((await fetch(`${allswell.url}api/v1/monitors/filed`)).status).toBe(404);
  await page.evaluate(axe);
  expect(await violations(page)).toEqual([]);
  await page.emulateMedia({ colorScheme: "dark" });
  expect(await violations(page)).toEqual([]);
  await card.getByRole("button", { name: "Apply 1 change" }).click();
  await expect(card.getByText("Done: 1 change.")).toBeVisible();
  expect(await allswell.read("monitors/filed")).toMatchObject({ owner: "apply" });
  await card.getByLabel("Or text").fill(text.replace("5s", "10s"));
  await card.getByRole("button", { name: "Show the plan" }).click();
  await expect(plan).toContainText("interval: 5s 10s");
  const [download] = await Promise.all([page.waitForEvent("download"), card.getByRole("link", { name: "Export" }).click()]);
  expect(readFileSync(await download.path(), "utf8")).toContain("name: filed");
  await allswell.write("DELETE", "monitors/filed");
});

test.describe("keys", () => {
  // The first key locks a server: this one is its own.
  test("the first key is shown once, locks the server, and opens it", async ({ browser, service }) => {
    const locked = new Allswell(configuration(service));
    await locked.start();
    try {
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.goto(`${locked.url}settings/people`);
      const card = page.getByRole("region", { name: "API keys" });
      await expect(card).toContainText("There is no key");
      await card.getByLabel("New key").fill("mara");
      await card.getByRole("button", { name: "Make the key" }).click();
      const secret = (await card.locator(".secret").textContent()) ?? "";
      expect(secret.length).toBeGreaterThan(20);
      await context.close();
      expect((await fetch(`${locked.url}api/v1/monitors`)).status).toBe(401);
      const signedIn = await browser.newContext({ httpCredentials: { username: "mara", password: secret, send: "always" } });
      const again = await signedIn.newPage();
      await again.goto(`${locked.url}settings/people`);
      await expect(again.getByRole("region", { name: "API keys" })).toContainText("mara");
      await expect(again.locator(".secret")).toHaveCount(0);
      await again.getByLabel("New key").fill("grafana");
      await again.getByRole("button", { name: "In 30 days" }).click();
      await again.getByRole("button", { name: "Make the key" }).click();
      const reader = (await again.locator(".secret").textContent()) ?? "";
      const asks = async () => (await fetch(`${locked.url}api/v1/monitors`, { headers: { authorization: `Bearer ${reader}` } })).status;
      expect(await asks()).toBe(200);
      await again.evaluate(axe);
      expect(await violations(again)).toEqual([]);
      await again.getByRole("button", { name: "Revoke grafana" }).click();
      await again.getByRole("button", { name: "Really? grafana" }).click();
      await expect(again.getByRole("button", { name: "Revoke grafana" })).toHaveCount(0);
      expect(await asks()).toBe(401);
      await again.getByRole("button", { name: "Revoke mara" }).click();
      await again.getByRole("button", { name: "Really? mara" }).click();
      await expect(again.getByRole("alert")).toBeVisible();
      await signedIn.close();
    } finally {
      await locked.remove();
    }
  });
});
