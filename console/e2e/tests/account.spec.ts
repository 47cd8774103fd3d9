// Users: the first one, others by invitation, a second factor, sessions that end, and what a viewer does not see.

import { createHmac } from "node:crypto";
import type { Browser, Page } from "@playwright/test";
import { isSound } from "../axe";
import { Allswell, configuration, expect, test } from "../world";

test.describe.configure({ mode: "serial" });

const PASSWORD = "the keeper of the tower";

let locked: Allswell;
let owner: Page;

/** A browser of its own, at this address. */
async function at(browser: Browser, path: string): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  await page.goto(new URL(path, locked.url).href);
  return page;
}

async function signIn(page: Page, email: string, code = ""): Promise<void> {
  await page.getByLabel(/mail/i).fill(email);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  if (code) await page.getByLabel(/code/i).fill(code);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** Asks somebody in, and comes as them. */
async function comes(browser: Browser, email: string, role: string): Promise<Page> {
  await owner.goto(`${locked.url}settings/people`);
  const card = owner.getByRole("region", { name: "Ask somebody in" });
  await card.getByLabel("Mail address").fill(email);
  await card.getByRole("button", { name: role }).click();
  await card.getByRole("button", { name: "Make the link" }).click();
  const page = await at(browser, (await card.locator(".secret").textContent()) ?? "");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button").first().click();
  await expect(page.getByRole("link", { name: /^Your account: / })).toBeVisible();
  return page;
}

/** What an app shows for this secret (RFC 6238: SHA-1, half a minute, six digits). */
function codeOf(secret: string, at = Date.now()): string {
  const bits = [...secret.replace(/[=\s]/g, "")].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const mac = createHmac("sha1", key).update(step).digest();
  const offset = (mac.at(-1) ?? 0) & 15;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/** The page asks when somebody comes back to it, if it has not asked before; nobody is signed in any more. */
async function isLedToSignIn(page: Page): Promise<void> {
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange"))).catch(() => undefined);
  await expect(page).toHaveURL(/\/sign-in\?next=/);
}

test.beforeAll(async ({ service }) => {
  locked = new Allswell(configuration(service));
  await locked.start();
});

test.afterAll(() => locked.remove());

test("the first user is made here and signed in by it; from then on everybody is asked", async ({ browser }) => {
  owner = await at(browser, "settings/people");
  const card = owner.getByRole("region", { name: "Users" });
  await expect(card).toContainText("There is no user");
  await card.getByLabel("Mail address").fill("ada@example.com");
  await card.getByLabel("Password").fill("short");
  await card.getByRole("button", { name: "Make the first user" }).click();
  await expect(card.getByLabel("Password")).toHaveAttribute("aria-invalid", "true");
  await card.getByLabel("Password").fill(PASSWORD);
  await owner.keyboard.press("Enter");
  await expect(owner.getByRole("link", { name: "Your account: ada Owner" })).toBeVisible();
  await expect(card).toContainText("1 user");
  expect((await fetch(`${locked.url}api/v1/monitors`)).status).toBe(401);
  await isSound(owner);
});

test("who is asked in comes with the link, and their role is another one at once", async ({ browser }) => {
  const bob = await comes(browser, "bob@example.com", "Editor");
  await expect(bob.getByRole("link", { name: "Your account: bob Editor" })).toBeVisible();
  await expect(bob.getByRole("link", { name: "Add monitor" })).toBeVisible();
  await bob.goto(`${locked.url}settings/people`);
  await expect(bob.getByRole("heading", { name: "Owners see this" })).toBeVisible();
  await expect(bob.getByRole("navigation", { name: "Parts of the settings" }).getByRole("link")).toHaveText(["Server", "You"]);
  await owner.reload();
  await owner.getByLabel("Role of bob").selectOption("Viewer");
  await expect(owner.getByLabel("Role of bob")).toHaveValue("viewer");
  await bob.goto(locked.url);
  await expect(bob.getByRole("link", { name: "Your account: bob Viewer" })).toBeVisible();
  await expect(bob.getByRole("link", { name: "Add monitor" })).toHaveCount(0);
  await owner.getByLabel("Role of ada").selectOption("Viewer");
  await expect(owner.getByRole("alert")).toContainText("owner");
  await expect(owner.getByLabel("Role of ada")).toHaveValue("owner");
  await owner.getByLabel("More about bob").click();
  await isSound(owner);
  await owner.getByRole("button", { name: "Delete bob" }).click();
  await owner.getByRole("button", { name: "Really? bob" }).click();
  await expect(owner.getByLabel("Role of bob")).toHaveCount(0);
  await isLedToSignIn(bob);
});

test("a viewer sees everything and no button that would be refused", async ({ browser }) => {
  const eve = await comes(browser, "eve@example.com", "Viewer");
  const row = eve.getByRole("row", { name: /nobody-home/ });
  await expect(row).toContainText("Down");
  await expect(eve.getByRole("checkbox")).toHaveCount(0);
  const attention = eve.getByRole("region", { name: "Needs attention" });
  await expect(attention.getByRole("link", { name: /^Incident/ })).toBeVisible();
  await expect(attention.getByRole("button")).toHaveCount(0);
  await eve.keyboard.press("n");
  await row.getByRole("link").click();
  await expect(eve.getByRole("heading", { level: 1 })).toHaveText("nobody-home");
  await expect(eve.getByRole("button", { name: /Check now|Pause|Delete/ })).toHaveCount(0);
  for (const [path, button] of [
    ["incidents", /Acknowledge/],
    ["maintenance", /Plan work|Silence/],
    ["alerting", /Add channel|Send a test/],
    ["settings", /Show the plan/],
  ] as const) {
    await eve.goto(locked.url + path);
    await expect(eve.getByRole("heading", { level: 1 })).toBeVisible();
    await expect(eve.getByRole("button", { name: button })).toHaveCount(0);
    await expect(eve.getByRole("main").getByRole("link", { name: button })).toHaveCount(0);
  }
  await eve.goto(`${locked.url}settings/me`);
  await eve.getByLabel("Name").fill("Eve of the night shift");
  await eve.getByRole("button", { name: "Save" }).click();
  await expect(eve.getByRole("link", { name: "Your account: Eve of the night shift Viewer" })).toBeVisible();
  await eve.goto(`${locked.url}add`);
  await expect(eve.getByRole("heading", { name: "This is not yours to change" }).first()).toBeVisible();
  await eve.keyboard.press("ControlOrMeta+k");
  await eve.keyboard.type("add");
  await expect(eve.getByRole("option", { name: /Add monitor|Add channel/ })).toHaveCount(0);
});

test("a second factor is set up with an app, and signing in asks for it", async ({ browser }) => {
  await owner.goto(`${locked.url}settings/me`);
  const card = owner.getByRole("region", { name: "Second factor" });
  await card.getByLabel("Your password").fill("something else");
  await card.getByRole("button", { name: "Set it up" }).click();
  await expect(card.getByLabel("Your password")).toHaveAttribute("aria-invalid", "true");
  await card.getByLabel("Your password").fill(PASSWORD);
  await card.getByRole("button", { name: "Set it up" }).click();
  await expect(card.getByRole("img", { name: "QR code of the secret below" })).toBeVisible();
  await isSound(owner);
  const secret = (await card.locator(".secret").textContent()) ?? "";
  const code = codeOf(secret);
  await card.getByLabel("Code", { exact: true }).fill(code);
  await card.getByRole("button", { name: "Switch it on" }).click();
  const papers = card.getByRole("region", { name: "Codes on paper" });
  await expect(papers.getByRole("listitem")).toHaveCount(10);
  const paper = (await papers.getByRole("listitem").first().textContent()) ?? "";
  await isSound(owner);
  await papers.getByRole("button", { name: "I have them" }).click();
  await expect(papers).toHaveCount(0);
  await expect(card).toContainText("10 codes on paper left");
  const other = await at(browser, "");
  await signIn(other, "ada@example.com");
  await expect(other.getByRole("alert")).toBeVisible();
  await signIn(other, "ada@example.com", paper);
  await expect(other.getByRole("link", { name: "Your account: ada Owner" })).toBeVisible();
  await owner.reload();
  await expect(card).toContainText("9 codes on paper left");
  await card.getByLabel("Your password").fill(PASSWORD);
  await card.getByRole("button", { name: "Switch it off" }).click();
  await expect(card.getByRole("button", { name: "Set it up" })).toBeVisible();
});

test("signing out everywhere else ends the other browsers, and a new password does too", async ({ browser }) => {
  const other = await at(browser, "incidents");
  await signIn(other, "ada@example.com");
  await expect(other.getByRole("link", { name: "Your account: ada Owner" })).toBeVisible();
  await owner.goto(`${locked.url}settings/me`);
  const card = owner.getByRole("region", { name: "Where you are signed in" });
  await expect(card.getByRole("listitem").filter({ hasText: "this browser" })).toHaveCount(1);
  await expect(card.getByRole("listitem").first()).toContainText("Chrome on Linux");
  await card.getByRole("button", { name: "Sign out everywhere else" }).click();
  await expect(card.getByRole("listitem")).toHaveCount(1);
  await isLedToSignIn(other);
  await signIn(other, "ada@example.com");
  await expect(other).toHaveURL(/\/incidents$/);
  const change = owner.getByRole("region", { name: "Password", exact: true });
  await change.getByLabel("The one you have").fill("not this one, no");
  await change.getByLabel("The new one").fill("another key to the tower");
  await change.getByRole("button", { name: "Change the password" }).click();
  await expect(change.getByLabel("The one you have")).toHaveAttribute("aria-invalid", "true");
  await change.getByLabel("The one you have").fill(PASSWORD);
  await owner.keyboard.press("Enter");
  await expect(change.getByRole("status")).toContainText("The password is changed");
  await isLedToSignIn(other);
  await owner.getByLabel("Name", { exact: true }).fill("Ada L.");
  await owner.getByRole("button", { name: "Save" }).click();
  await expect(owner.getByRole("link", { name: "Your account: Ada L. Owner" })).toBeVisible();
  await owner.getByRole("button", { name: "Sign out", exact: true }).click();
  await expect(owner).toHaveURL(/\/sign-in/);
});
