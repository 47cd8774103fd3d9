// The pages that the server writes itself, for those who are not signed in and for mails: each is sound, also when it refuses.

import type { Page } from "@playwright/test";
import { isSound } from "../axe";
import { Mailbox } from "../mailbox";
import { Allswell, configuration, expect, test } from "../world";

const mailbox = new Mailbox();
let locked: Allswell;

const EMAIL = "ada@example.com";
const PASSWORD = "the keeper of the tower";

test.beforeAll(async ({ service }) => {
  await mailbox.start();
  const relay = { smtp: `smtp://${mailbox.address}`, from: "Allswell <allswell@example.com>" };
  const config = JSON.parse(configuration(service)) as { defaults: object; monitors: object[] };
  // Of three that fail at once one is told of at once, and the others in one mail.
  for (const name of ["nobody-either", "nobody-at-all"]) config.monitors.push({ name, tcp: { address: "127.0.0.1:9" } });
  const channels = { mail: { type: "email", ...relay, to: [EMAIL] } };
  const [plans, server] = [{ free: { monitors: 25 } }, { mail: relay, sign_up: { plan: "free" } }];
  locked = new Allswell(JSON.stringify({ ...config, defaults: { ...config.defaults, channels: ["mail"] }, channels, plans, server }));
  await locked.start();
  await locked.write("POST", "users", { email: EMAIL, password: PASSWORD, role: "owner" });
});
test.afterAll(async () => {
  await locked.remove();
  mailbox.stop();
});

/** Opens a page of ours, which has a policy of its own and asks nobody else. */
async function open(page: Page, path: string): Promise<void> {
  const elsewhere: string[] = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(locked.url)) elsewhere.push(request.url());
  });
  const response = await page.goto(locked.url + path);
  expect(response?.headers()["content-security-policy"], path).toMatch(/default-src '(self|none)'/);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  expect(elsewhere).toEqual([]);
}

test("signing in is sound, also with a password that is none", async ({ quiet: page }) => {
  await open(page, "sign-in");
  await isSound(page);
  await page.getByLabel("E-mail").fill(EMAIL);
  await page.getByLabel("Password", { exact: true }).fill("something else");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toBeVisible();
  await isSound(page);
});

test("a lost password is sound from the question to the new one", async ({ quiet: page }) => {
  await open(page, "reset?token=nobody-has-this");
  await isSound(page);
  await open(page, "reset");
  await isSound(page);
  await page.getByLabel("E-mail").fill(EMAIL);
  await page.keyboard.press("Enter");
  await expect(page.getByLabel("E-mail")).toHaveCount(0);
  await isSound(page);
  await open(page, await mailbox.link("reset?token="));
  await isSound(page);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("link", { name: "Sign in" })).toBeVisible();
  await isSound(page);
});

test("an invitation is sound, good or not", async ({ quiet: page }) => {
  await open(page, "join?token=nobody-has-this");
  await isSound(page);
  await page.goto(`${locked.url}sign-in`);
  await page.getByLabel("E-mail").fill(EMAIL);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("link", { name: /^Your account: / })).toBeVisible();
  await page.goto(`${locked.url}settings/people`);
  const card = page.getByRole("region", { name: "Ask somebody in" });
  await card.getByLabel("Mail address").fill("bob@example.com");
  await card.getByRole("button", { name: "Make the link" }).click();
  await expect(card.locator(".secret")).toBeVisible();
  await page.context().clearCookies();
  await open(page, await mailbox.link("join?token="));
  await isSound(page);
});

test("signing up is sound from the question to the account", async ({ quiet: page }) => {
  await open(page, "sign-up?token=nobody-has-this");
  await isSound(page);
  await open(page, "sign-in");
  await page.getByRole("link", { name: /account/ }).click();
  await isSound(page);
  await page.getByLabel("E-mail").fill("eve@example.com");
  await page.keyboard.press("Enter");
  await expect(page.getByLabel("E-mail")).toHaveCount(0);
  await isSound(page);
  await open(page, await mailbox.link("sign-up?token="));
  await isSound(page);
  await page.getByLabel("Password").fill("eve@example.com");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toBeVisible();
  await isSound(page);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("link", { name: /^Your account: / })).toBeVisible();
});

for (const [mail, said] of [
  [" is down\n", "You are looking after it."],
  ["2 monitors are down", "You are looking after all of them."],
] as const) {
  test(`the page that a mail of “${mail.trim()}” leads to is sound before and after`, async ({ quiet: page }) => {
    await open(page, await mailbox.link("acknowledge/", mail));
    await isSound(page);
    await page.getByRole("button").first().click();
    await expect(page.getByText(said)).toBeVisible();
    await isSound(page);
  });
}

test("the plain pages and the page of the API are sound", async ({ quiet: page, allswell }) => {
  const { incidents } = await allswell.read<{ incidents: { id: string }[] }>("incidents?monitor=nobody-home");
  for (const path of ["plain/", "plain/m/1", "plain/m/99", `plain/i/${incidents[0]?.id}`, "api/docs", "no/such/place", "s/nobody-has-this/"]) {
    await page.goto(allswell.url + path);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await isSound(page);
  }
});
