// From a server that was never started before to an alert that arrives.

import type { Page } from "@playwright/test";
import { isSound } from "../axe";
import { Mailbox } from "../mailbox";
import { Allswell, expect, test } from "../world";

const mailbox = new Mailbox();
test.beforeAll(() => mailbox.start());
test.afterAll(() => mailbox.stop());

/** A server with nothing in it, for as long as `use` takes. */
async function fresh(page: Page, use: (allswell: Allswell) => Promise<void>): Promise<void> {
  const allswell = new Allswell("{}");
  try {
    await allswell.start();
    await use(allswell);
    // The page would complain of a server that goes.
    await page.goto("about:blank");
  } finally {
    await allswell.remove();
  }
}

test("four fields lead from a first start to an alert by e-mail", async ({ quiet: page, service }, info) => {
  await fresh(page, async (allswell) => {
    const began = Date.now();
    let fields = 0;
    const fill = async (label: string, text: string) => {
      await page.getByLabel(label, { exact: true }).fill(text);
      fields += 1;
    };
    await page.goto(allswell.url);
    await expect(page).toHaveURL(/\/welcome$/);
    await isSound(page);
    await fill("Mail address", "ada@example.com");
    await fill("Password", "the keeper of the tower");
    await page.keyboard.press("Enter");
    await expect(page.getByText("ada@example.com, Owner")).toBeVisible();
    await expect(page.getByLabel("Target")).toBeFocused();
    await fill("Target", `${service.address}/ready`);
    await expect(page.getByText("A health document with 2 dependencies: database, redis.")).toBeVisible();
    await expect(page.getByText(/^200 · /)).toBeVisible();
    await expect(page.locator("summary").first()).toContainText("every 30s · time.total < duration(");
    await isSound(page);
    await expect(page.getByLabel("To", { exact: true })).toHaveValue("ada@example.com");
    await fill("Mail relay", `smtp://${mailbox.address}`);
    await page.getByRole("button", { name: "Send a test" }).click();
    await expect(page.getByText(/^The test was taken: /)).toBeVisible();
    expect(mailbox.mails.map((mail) => mail.to)).toEqual([["ada@example.com"]]);
    await isSound(page);
    await page.getByRole("button", { name: "Start watching" }).click();
    await expect(page.getByRole("heading", { name: "It is watched" })).toBeFocused();
    expect(fields).toBeLessThanOrEqual(4);
    info.annotations.push({ type: "measured", description: `first start to an armed alert: ${fields} fields, ${((Date.now() - began) / 1_000).toFixed(1)} s` });
    await isSound(page);
    const id = /\/m\/(\d+)/.exec((await page.getByRole("link", { name: "Look at it" }).getAttribute("href")) ?? "")?.[1];
    // It is asked more often than people would, so that the test is short.
    const status = await page.evaluate(async (id) => {
      const init = { method: "PATCH", headers: { "content-type": "application/merge-patch+json" }, body: JSON.stringify({ interval: "1s", timeout: "1s" }) };
      return (await fetch(`/api/v1/monitors/${id}`, init)).status;
    }, id);
    expect(status).toBe(200);
    await page.getByRole("link", { name: "Look at it" }).click();
    await expect(page.locator(".pill")).toContainText("Up");
    service.well = false;
    await expect.poll(() => mailbox.find("database")?.to ?? []).toEqual(["ada@example.com"]);
    await expect(page.locator(".pill")).toContainText("Down");
    service.well = true;
  });
});

test("the keyboard alone sets up a webhook, and a test that fails says why", async ({ quiet: page, service }) => {
  await fresh(page, async (allswell) => {
    await page.goto(allswell.url);
    await expect(page).toHaveURL(/\/welcome$/);
    const tabTo = async (name: string | RegExp) => {
      const wanted = page.getByRole("button", { name }).or(page.getByLabel(name)).first();
      for (let presses = 0; presses < 60; presses += 1) {
        if (await wanted.evaluate((element) => element === document.activeElement).catch(() => false)) return;
        await page.keyboard.press("Tab");
      }
      throw new Error(`no way to ${name} by Tab`);
    };
    await tabTo("Go on without one");
    await page.keyboard.press("Enter");
    await expect(page.getByLabel("Target")).toBeFocused();
    await page.keyboard.type(`${service.address}/ready`);
    await expect(page.getByText(/^200 · /)).toBeVisible();
    await tabTo("Webhook");
    await page.keyboard.press("Enter");
    await tabTo("URL");
    await page.keyboard.type("gopher://x");
    await page.keyboard.press("Enter");
    await expect(page.getByLabel("URL")).toHaveAttribute("aria-invalid", "true");
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.type(`${service.address}/hook`);
    await page.keyboard.press("Enter");
    await expect(page.getByText(/^The test was taken: 200/)).toBeVisible();
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.type("http://127.0.0.1:9/hook");
    await page.keyboard.press("Enter");
    await expect(page.getByText(/^The test was not taken: /)).toBeVisible();
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.type(`${service.address}/hook`);
    await tabTo("Start watching");
    await page.keyboard.press("Enter");
    await expect(page.getByRole("heading", { name: "It is watched" })).toBeVisible();
    const { channels } = await allswell.read<{ channels: { name: string }[] }>("channels");
    expect(channels.map((channel) => channel.name)).toEqual(["webhook"]);
    await page.getByRole("link", { name: "Overview" }).click();
    await expect(page.getByRole("row", { name: /ready/ })).toBeVisible();
    await expect(page).toHaveURL(allswell.url);
  });
});

test("who wants none of it is not led there again", async ({ quiet: page }) => {
  await fresh(page, async (allswell) => {
    await page.goto(allswell.url);
    await page.getByRole("link", { name: "Leave this for later" }).click();
    await expect(page.getByRole("heading", { name: "Nothing is watched yet" })).toBeVisible();
    await page.reload();
    await expect(page.getByRole("heading", { name: "Nothing is watched yet" })).toBeVisible();
    await page.getByRole("link", { name: "Set it up in a minute" }).click();
    await expect(page.getByRole("heading", { name: "Watching in a minute" })).toBeVisible();
  });
});
