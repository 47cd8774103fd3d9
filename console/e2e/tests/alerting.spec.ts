// Channels: added from the fields of their kind, tested for real, and each message with every attempt.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { axe, violations } from "../axe";
import { expect, test } from "../world";

/** A receiver of webhooks, which the test can have refuse or stumble. */
class Receiver {
  private server: Server | null = null;
  readonly bodies: { kind: string; monitor: string }[] = [];
  status = 200;
  address = "";

  async start(): Promise<void> {
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => (body += chunk));
      request.on("end", () => {
        if (this.status === 200) this.bodies.push(JSON.parse(body));
        response.writeHead(this.status).end(this.status === 200 ? "thanks" : "not today");
      });
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    this.address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
    this.server = server;
  }

  stop(): void {
    this.server?.closeAllConnections();
    this.server?.close();
  }
}

const receiver = new Receiver();
test.beforeAll(() => receiver.start());
test.afterAll(async ({ allswell }) => {
  await allswell.clear();
  receiver.stop();
});

test("a channel is added from the fields of its kind, and the test really arrives", async ({ quiet: page, allswell }) => {
  await page.goto(allswell.url);
  await page.getByRole("link", { name: "Alerting" }).first().click();
  await expect(page.getByRole("heading", { name: "Nobody is told yet" })).toBeVisible();
  await page.getByRole("main").getByRole("link", { name: "Add channel" }).click();
  await page.getByRole("button", { name: "Webhook" }).click();
  await page.getByLabel("Name", { exact: true }).fill("ops");
  await page.getByRole("button", { name: "Save and send a test" }).click();
  await expect(page.getByLabel("URL")).toBeFocused();
  await page.getByLabel("URL").fill("gopher://x");
  await page.getByRole("button", { name: "Save and send a test" }).click();
  await expect(page.getByLabel("URL")).toHaveAttribute("aria-invalid", "true");
  await page.evaluate(axe);
  expect(await violations(page)).toEqual([]);
  await page.getByLabel("URL").fill(receiver.address);
  await page.getByRole("button", { name: "Save and send a test" }).click();
  await expect(page.getByText("The test was taken: 200 OK: thanks")).toBeVisible();
  expect(receiver.bodies.map((body) => body.kind)).toEqual(["test"]);
  await page.emulateMedia({ colorScheme: "dark" });
  expect(await violations(page)).toEqual([]);
});

test("a message that was not taken at first shows each attempt", async ({ quiet: page, allswell }) => {
  receiver.status = 503;
  await allswell.write("POST", "monitors", { name: "told", interval: "1s", timeout: "1s", tcp: { address: "127.0.0.1:9" }, channels: ["ops"] });
  await page.goto(`${allswell.url}alerting`);
  const message = page.getByRole("region", { name: "Messages" }).getByRole("listitem").filter({ hasText: "told is down" });
  await expect(message).toContainText("Waiting", { timeout: 20_000 });
  await message.locator("summary").click();
  await expect(message.locator(".tries li").first()).toContainText("503");
  receiver.status = 200;
  await expect(message.locator(".tries li").last()).toContainText("taken", { timeout: 30_000 });
  await expect(message.locator("summary")).toContainText("Taken");
  expect(await message.locator(".tries li").count()).toBeGreaterThan(1);
  await page.evaluate(axe);
  expect(await violations(page)).toEqual([]);
  expect(receiver.bodies.at(-1)).toMatchObject({ kind: "down", monitor: "told" });
});

test("a channel is changed with its secret kept, and not deleted while a monitor names it", async ({ quiet: page, allswell }) => {
  await page.goto(`${allswell.url}alerting`);
  await page.getByRole("link", { name: "Edit ops" }).click();
  await expect(page.getByLabel("URL")).toHaveValue("***");
  await page.getByText("More", { exact: true }).click();
  await page.getByLabel(/^Headers/).fill("X-Team: shop");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByRole("heading", { name: "Channels" })).toBeVisible();
  expect((await allswell.read<{ spec: object }>("channels/ops")).spec).toEqual({ type: "webhook", url: "***", headers: { "X-Team": "***" } });
  await page.getByRole("button", { name: "Send a test ops" }).click();
  await expect(page.getByText("The test was taken")).toBeVisible();
  await page.getByRole("button", { name: "Delete ops" }).click();
  await page.getByRole("button", { name: "Really? ops" }).click();
  await expect(page.getByText(/told/).first()).toBeVisible();
  await expect(page.getByRole("link", { name: "Edit ops" })).toBeVisible();
  await allswell.clear();
  await page.getByRole("button", { name: "Delete ops" }).click();
  await page.getByRole("button", { name: "Really? ops" }).click();
  await expect(page.getByRole("link", { name: "Edit ops" })).toHaveCount(0);
});

test("a test that is refused says what the other side said", async ({ quiet: page, allswell }) => {
  receiver.status = 404;
  await allswell.write("POST", "channels", { name: "gone", type: "webhook", url: receiver.address });
  await page.goto(`${allswell.url}alerting`);
  await page.keyboard.press("Tab");
  const button = page.getByRole("button", { name: "Send a test gone" });
  await button.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByText(/The test was not taken: .*404 Not Found/)).toBeVisible();
  await allswell.write("DELETE", "channels/gone");
});
