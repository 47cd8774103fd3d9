// Ten thousand monitors: only what is in view exists, and typing is answered at once. The server is the real one; the list is
// as long as its own would be with so many.

import { expect, test } from "../world";

const NUMBER = 10_000;

function fleet() {
  const ids = Array.from({ length: NUMBER }, (_, index) => index + 1);
  const all = <T>(of: (id: number) => T) => ids.map(of);
  return {
    position: "1-1",
    total: NUMBER,
    matched: NUMBER,
    statuses: ["up", "degraded", "down", "unknown", "maintenance", "paused"],
    id: ids,
    name: all((id) => `service-${id}`),
    kind: all(() => "http"),
    target: all((id) => `GET https://service-${id}.example/ready`),
    tags: all((id) => (id % 7 === 0 ? ["prod", "eu"] : ["prod"])),
    group: all((id) => `team-${id % 40}`),
    interval_s: all(() => 60),
    status: all((id) => (id % 1_000 === 0 ? 2 : 0)),
    since_ms: all((id) => 1_700_000_000_000 + id),
    latency_ms: all((id) => 20 + (id % 90)),
    p95_ms: all((id) => 40 + (id % 400)),
    uptime_percent: all((id) => (id % 100 === 0 ? 99.5 : 100)),
    known_s: all(() => 30 * 86_400),
    certificate_days_left: all((id) => id % 90),
    reason: all((id) => (id % 1_000 === 0 ? "status" : null)),
    code: all(() => 200),
    incident: all(() => null),
  };
}

test("ten thousand monitors scroll and filter with the rows in view alone", async ({ quiet: page, allswell }) => {
  await page.route("**/api/v1/fleet", (route) => route.fulfill({ json: fleet() }));
  await page.route("**/api/v1/events?**", (route) => route.fulfill({ contentType: "text/event-stream", body: "retry: 60000\n\n" }));
  await page.route("**/api/v1/fleet/strips?**", (route) => route.fulfill({ json: { outcomes: [], strips: {} } }));
  await page.goto(allswell.url);
  await expect(page.getByRole("grid", { name: "Monitors" })).toHaveAttribute("aria-rowcount", String(NUMBER + 1));
  const rows = page.locator(".rows [role=row]");
  expect(await rows.count()).toBeLessThan(60);
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  await expect(page.locator(".rows [data-id]").last()).toBeVisible();
  expect(await rows.count()).toBeLessThan(60);
  await page.evaluate(() => scrollTo(0, 0));
  const times = await page.evaluate(async () => {
    const field = document.getElementById("filter") as HTMLInputElement;
    const took: number[] = [];
    for (const text of ["s", "se", "service-9", "service-99", "tag:eu", "tag:eu p95>300", "uptime<99.9 cert<14d", "-tag:eu status:down", ""]) {
      const from = performance.now();
      field.value = text;
      field.dispatchEvent(new InputEvent("input", { bubbles: true }));
      await new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)));
      took.push(performance.now() - from);
    }
    return took;
  });
  const paints = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint").map((entry) => Math.round(entry.startTime)));
  test.info().annotations.push({ type: "measured", description: `10,000 monitors: key to frame ${times.map((ms) => ms.toFixed(0)).join(", ")} ms; first paint after ${paints.join()} ms` });
  await page.getByRole("searchbox", { name: "Filter" }).fill("tag:eu");
  await expect(page.getByText(`1,428 of 10,000 monitors.`)).toBeVisible();
  await expect(page.getByRole("columnheader", { name: "Cert" })).toBeVisible();
  await page.getByRole("searchbox", { name: "Filter" }).fill("uptime<99.9 cert<14d");
  const { id, uptime_percent, certificate_days_left } = fleet();
  const found = id.filter((_, at) => (uptime_percent[at] ?? 100) < 99.9 && (certificate_days_left[at] ?? 99) < 14);
  await expect(page.getByText(`${found.length} of 10,000 monitors.`)).toBeVisible();
  await page.getByRole("combobox", { name: "Sort" }).selectOption({ label: "Certificate ends first" });
  await expect(rows.first()).toContainText(`service-${found.find((one) => one % 90 === 0) ?? "none"}`);
});

test("a result stands in its row at once, and the keys go on where they were before one scrolled", async ({ quiet: page, allswell }) => {
  let readings = 0;
  // A second reading never ends: what is shown after it came by the stream.
  await page.route("**/api/v1/fleet", (route) => (readings++ === 0 ? route.fulfill({ json: fleet() }) : undefined));
  await page.route("**/api/v1/events?**", (route) => route.fulfill({ contentType: "text/event-stream", body: "retry: 60000\nevent: results\ndata: [[77, 0, 777]]\n\n" }));
  await page.route("**/api/v1/fleet/strips?**", (route) => route.fulfill({ json: { outcomes: [], strips: {} } }));
  await page.goto(`${allswell.url}?q=name%3Aservice-7&sort=name`);
  await page.locator("#list").scrollIntoViewIfNeeded();
  await page.keyboard.press("j");
  const link = (name: string) => page.getByRole("link", { name, exact: true });
  await expect(link("service-7")).toBeFocused();
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await expect(link("service-71")).toBeFocused();
  await expect(page.getByRole("row", { name: /service-77 / })).toContainText("777 ms");
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  await expect(page.locator("#main")).toBeFocused();
  await page.keyboard.press("j");
  await expect(link("service-72")).toBeFocused();
});

test("a reading of everything waits for those who scroll, ten seconds at most", async ({ quiet: page, allswell }) => {
  let readings = 0;
  await page.route("**/api/v1/fleet", (route) => {
    readings += 1;
    return route.fulfill({ json: fleet() });
  });
  // Without the stream everything is read every two seconds.
  await page.route("**/api/v1/events?**", (route) => route.fulfill({ contentType: "text/event-stream", body: "retry: 60000\n\n" }));
  await page.clock.install();
  await page.goto(allswell.url);
  await expect(page.getByRole("grid", { name: "Monitors" })).toBeVisible();
  await page.clock.pauseAt((await page.evaluate(() => Date.now())) + 1_000);
  const pass = async (ms: number, { scrolling }: { scrolling: boolean }) => {
    for (let passed = 0; passed < ms; passed += 100) {
      if (scrolling) await page.evaluate(() => dispatchEvent(new Event("scroll")));
      await page.clock.runFor(100);
    }
    return readings;
  };
  const before = readings;
  await expect.poll(() => pass(1_000, { scrolling: false })).toBeGreaterThan(before);
  const begun = await pass(300, { scrolling: true });
  expect(await pass(9_000, { scrolling: true })).toBe(begun);
  await expect.poll(() => pass(1_000, { scrolling: true })).toBeGreaterThan(begun);
});

test("what is read while a reading is under way is read after it", async ({ quiet: page, allswell }) => {
  const held: (() => void)[] = [];
  await page.route("**/api/v1/fleet", async (route) => {
    await new Promise<void>((release) => held.push(release));
    await route.fulfill({ json: fleet() });
  });
  await page.route("**/api/v1/events?**", (route) => route.fulfill({ contentType: "text/event-stream", body: "retry: 60000\n\n" }));
  await page.clock.install();
  await page.goto(allswell.url);
  await expect.poll(() => held.length).toBe(1);
  // From here on nothing is read because time has passed.
  await page.clock.pauseAt((await page.evaluate(() => Date.now())) + 100);
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  expect(held.length).toBe(1);
  held[0]?.();
  await expect.poll(() => held.length).toBe(2);
  held[1]?.();
  await expect(page.getByRole("grid", { name: "Monitors" })).toBeVisible();
  expect(held.length).toBe(2);
});

test("the map draws every status anew, also one whose word begins alike", async ({ quiet: page, allswell }) => {
  const few = (status: number) => {
    const one = Object.entries(fleet()).map(([key, value]) => [key, Array.isArray(value) && key !== "statuses" ? value.slice(0, 1) : value]);
    return { ...Object.fromEntries(one), position: `${status}-1`, total: 1, matched: 1, status: [status] };
  };
  let status = 3;
  await page.route("**/api/v1/fleet", (route) => route.fulfill({ json: few(status) }));
  await page.route("**/api/v1/events?**", (route) => route.fulfill({ contentType: "text/event-stream", body: "retry: 60000\n\n" }));
  await page.route("**/api/v1/fleet/strips?**", (route) => route.fulfill({ json: { outcomes: [], strips: {} } }));
  await page.goto(allswell.url);
  const map = page.getByRole("img", { name: /^team-1/ });
  await expect(map).toBeVisible();
  const drawn = () => map.evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
  for (const next of [0, 1, 2]) {
    const before = await drawn();
    status = next;
    await expect.poll(drawn).not.toBe(before);
  }
});

test("a filter with a word of the language is a mistake like any other", async ({ quiet: page, allswell }) => {
  const filter = page.getByRole("searchbox", { name: "Filter" });
  await page.goto(`${allswell.url}?q=constructor:x`);
  await expect(page.getByText("There is no “constructor:” to filter by.")).toBeVisible();
  for (const [text, said] of [["p95>5constructor", "like p95>500"], ["cert<12h", "whole days, like cert<14d"], ["constructor>5", "There is no “constructor>”"]] as const) {
    await filter.fill(text);
    await expect(page.getByText(said)).toBeVisible();
  }
});
