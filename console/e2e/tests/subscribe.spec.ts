// A visitor of a status page has its news sent: asked for, said yes to, told of an outage, and left again. With real mails.

import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { axe, violations } from "../axe";
import { type Mail, Mailbox } from "../mailbox";
import { Allswell, configuration, expect, test } from "../world";

const mailbox = new Mailbox();
test.beforeAll(() => mailbox.start());
test.afterAll(() => mailbox.stop());

/** An address that nobody listens at now: the links in mails must name it before the server is there. */
async function address(): Promise<string> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return `http://127.0.0.1:${port}/`;
}

/** The first link of a mail's text whose line begins so. */
const link = (mail: Mail | undefined, line: string) => new RegExp(`^${line}: (http\\S+)$`, "m").exec(mail?.text ?? "")?.[1] ?? "";

test("who asks for news gets a mail, says yes, hears of an outage, and leaves", async ({ page, service }) => {
  // What happens within a minute comes in one mail.
  test.setTimeout(180_000);
  const url = await address();
  const server = { public_url: url, mail: { smtp: `smtp://${mailbox.address}`, from: "Acme status <status@example.com>" } };
  const config = JSON.parse(configuration(service)) as { status_pages: { domain?: string }[] };
  // A page of a host of its own sends people there.
  for (const one of config.status_pages) delete one.domain;
  const allswell = new Allswell(JSON.stringify({ ...config, server }));
  allswell.url = url;
  const subscribers = async () => (await allswell.read<{ subscribers: number }>("status-pages/acme")).subscribers;
  try {
    await allswell.start();
    await page.goto(`${url}s/acme/`);
    await page.getByText("Subscribe", { exact: true }).first().click();
    await page.getByLabel("E-mail").fill("visitor@example.com");
    await page.evaluate(axe);
    expect(await violations(page)).toEqual([]);
    await page.getByRole("button", { name: "Subscribe" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await expect.poll(() => mailbox.mails.length).toBe(1);
    expect(mailbox.mails[0]?.to).toEqual(["visitor@example.com"]);
    await page.goto(link(mailbox.mails[0], ".*"));
    await page.evaluate(axe);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await violations(page)).toEqual([]);
    }
    await page.setViewportSize({ width: 320, height: 640 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
    expect(await subscribers()).toBe(0);
    await page.getByRole("button").click();
    await expect.poll(subscribers).toBe(1);
    service.well = false;
    await expect.poll(() => mailbox.find("Payments is down")?.to ?? [], { timeout: 120_000 }).toEqual(["visitor@example.com"]);
    const news = mailbox.find("Payments is down");
    expect(news?.text).not.toContain("payments-api");
    expect(news?.text).not.toContain("timed out");
    await page.goto(link(news, "No more of them"));
    await page.getByRole("button").click();
    await expect.poll(subscribers).toBe(0);
  } finally {
    service.well = true;
    await allswell.remove();
  }
});
