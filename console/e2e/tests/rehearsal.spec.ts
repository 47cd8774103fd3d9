// A rehearsal as a picture, of its file and of its link.

import { deflateSync } from "node:zlib";
import type { Page } from "@playwright/test";
import { isSound } from "../axe";
import { rehearse } from "../rehearsal";
import { Allswell, configuration, expect, test } from "../world";

const choose = (page: Page, text: string) =>
  page.getByLabel("Choose a file…").setInputFiles({ name: "rehearsal.json", mimeType: "application/json", buffer: Buffer.from(text) });

const headline = (page: Page) => page.getByRole("heading", { level: 1 });

test("a rehearsal is drawn of its file, and again of the link to it", async ({ quiet: page, allswell, browser }) => {
  const rehearsal = await rehearse();
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto(`${allswell.url}k8s`);
  await choose(page, rehearsal.json);
  await expect(headline(page)).toHaveText(rehearsal.headline);
  const timeline = page.getByRole("region", { name: "Timeline" });
  await expect(timeline.getByRole("img", { name: /^Container: .* running, .* ending, .* restart 1/ })).toBeVisible();
  await expect(timeline.getByRole("img", { name: /^Endpoint: .* in service, .* out of service, .* in service/ })).toBeVisible();
  await expect(timeline.getByRole("img", { name: /^Fault: .* hang/ })).toBeVisible();
  const { timeline: lines } = JSON.parse(rehearsal.json) as { timeline: { reason: string; message: string; took_seconds?: number }[] };
  const failed = lines.filter((line) => line.reason === "Unhealthy" && line.message.startsWith("Liveness"));
  await expect(timeline.getByRole("img", { name: new RegExp(`^Liveness: .* ${failed.length} failed`) })).toBeVisible();
  // Who waits in vain waits long: that is drawn before the mark.
  expect(failed.some((line) => (line.took_seconds ?? 0) >= 1)).toBe(true);
  await expect(timeline.getByRole("img", { name: /^Liveness/ }).locator("rect[height='6']").first()).toBeVisible();
  const decisions = page.getByRole("region", { name: "What the kubelet did" });
  await expect(decisions).toContainText("failed liveness probe, will be restarted");
  await expect(decisions).not.toContainText("Liveness probe succeeded");
  await decisions.getByRole("button", { name: "Every probe" }).click();
  await expect(decisions).toContainText("Liveness probe succeeded");
  await expect(page.getByRole("region", { name: "Findings" })).toContainText("restarts 1 > 0");
  await isSound(page);
  await page.reload();
  await expect(headline(page)).toHaveText(rehearsal.headline);
  await page.getByRole("button", { name: "Copy link" }).click();
  await expect(page.getByRole("button", { name: "Copied" })).toBeVisible();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  expect(link).toMatch(/\/k8s#[\w-]+$/);
  const other = await (await browser.newContext()).newPage();
  const sent: string[] = [];
  other.on("request", (request) => sent.push(`${request.url()} ${request.postData() ?? ""}`));
  await other.goto(link);
  await expect(headline(other)).toHaveText(rehearsal.headline);
  const packed = new URL(link).hash.slice(1);
  expect(sent.filter((one) => one.split("#")[0]?.includes(packed) || one.includes("orders"))).toEqual([]);
  await other.context().close();
});

test("what is no rehearsal is said, and what was shown stays", async ({ quiet: page, allswell }) => {
  await page.goto(`${allswell.url}k8s#bm90IHdob2xl`);
  await expect(page.getByRole("alert")).toContainText("This link is not whole");
  await expect(headline(page)).toHaveText("Look at a rehearsal");
  await choose(page, "not JSON");
  await expect(page.getByRole("alert")).toContainText("This is no JSON");
  const line = { seconds: 0, replica: 1, type: "Normal", reason: "Started", message: "Started container api" };
  const whole = { workload: "Pod/a", container: "api", length_seconds: 1, restarts: 0, ready_after_seconds: null, failed_on: [], advice: [], timeline: [line] };
  for (const wrong of [null, 7, [], {}, { ...whole, timeline: [null] }, { ...whole, timeline: [{ ...line, seconds: "0" }] }, { ...whole, advice: [{}] }, { ...whole, restarts: null }]) {
    await choose(page, JSON.stringify(wrong));
    await expect(page.getByRole("alert"), JSON.stringify(wrong)).toContainText("This JSON is no rehearsal");
  }
  await choose(page, JSON.stringify(whole));
  await expect(headline(page)).toHaveText("It never became ready");
  await expect(page.getByRole("alert")).toHaveCount(0);
  await choose(page, "{}");
  await expect(page.getByRole("alert")).toContainText("This JSON is no rehearsal");
  await expect(headline(page)).toHaveText("It never became ready");
});

test("the console reads what the command line writes, also of who must sign in first", async ({ browser, service }) => {
  // Compressed as `rehearse --open` does it; what that writes is in `crates/cli/tests/cli/picture.rs`.
  const document = { workload: "Pod/größe", container: "app", restarts: 0, ready_after_seconds: 1, failed_on: [], advice: [], timeline: [] };
  const packed = deflateSync(JSON.stringify(document)).toString("base64url");
  const locked = new Allswell(configuration(service));
  await locked.start();
  try {
    const ada = { email: "ada@example.com", name: "Ada", password: "the keeper of the tower" };
    await locked.write("POST", "setup", ada);
    const page = await (await browser.newContext()).newPage();
    await page.goto(`${locked.url}k8s#${packed}`);
    await page.getByLabel("E-mail").fill(ada.email);
    await page.getByLabel("Password").fill(ada.password);
    await page.keyboard.press("Enter");
    await expect(headline(page)).toHaveText("It would run without a restart");
    await expect(page.getByText("Pod/größe").first()).toBeVisible();
    await page.context().close();
  } finally {
    await locked.remove();
  }
});
