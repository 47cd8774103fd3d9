// What the overview costs the browser: to its first paint with a thousand monitors, to filter and to scroll ten thousand.
//
// Writes its figures as JSON to where `ALLSWELL_BENCH_FIGURES` says; the limits are the bench's.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { writeFileSync } from "node:fs";
import { setPriority } from "node:os";
import { type Browser, type CDPSession, expect, type Page, test } from "@playwright/test";
import { Allswell } from "../world";
import { costs, dropped, FRAMES } from "./scroll";

const FIGURES = process.env.ALLSWELL_BENCH_FIGURES ?? "figures.json";
const LOADS = 9;
/** How often the list is scrolled, in turn with its peer. */
const ROUNDS = 5;
/** Pixels of a frame: as fast as a strong turn of a wheel, 7,200 pixels a second. */
const WHEEL = 120;
/** And as far as a press of Page Down goes, at every frame. */
const JUMP = 700;
/** The niceness of the server and of what it watches, which elsewhere do not share their cores with the reader's browser. */
const GIVES_WAY = 10;
const TEXTS = ["s", "se", "service-9", "service-99", "tag:eu", "tag:eu latency>1", "-tag:eu status:down", "uptime<99.9 cert<14d", ""];

const figures: Record<string, number> = {};
test.afterAll(() => writeFileSync(FIGURES, JSON.stringify(figures)));

async function service(): Promise<Server> {
  const server = createServer((_, response) => void response.end("well"));
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return server;
}

/** A server that watches so many monitors, all of which were asked. */
async function watching(server: Server, number: number, interval: string): Promise<Allswell> {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const monitors = Array.from({ length: number }, (_, index) => ({
    name: `service-${index}`,
    // Every other address is longer than its column and is cut.
    http: { url: index % 2 === 0 ? `${url}/${index}` : `${url}/a/service/with/a/long/address/${index}` },
    group: `team-${index % 40}`,
    tags: index % 7 === 0 ? ["prod", "eu"] : ["prod"],
  }));
  const allswell = new Allswell(JSON.stringify({ defaults: { interval, timeout: "5s" }, monitors }), GIVES_WAY);
  await allswell.start();
  const asked = async () => (await allswell.read<{ latency_ms: (number | null)[] }>("fleet")).latency_ms.filter((ms) => ms !== null).length;
  await expect.poll(asked, { timeout: 240_000, intervals: [2_000] }).toBe(number);
  return allswell;
}

/** Milliseconds of CPU that the page's main thread has spent so far, whatever else the machine does. */
async function spent(session: CDPSession): Promise<number> {
  const { metrics } = await session.send("Performance.getMetrics");
  return 1_000 * (metrics.find((metric) => metric.name === "TaskDuration")?.value ?? Number.NaN);
}

const drawn = (page: Page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))));

/** Opens the overview in a browser that was never there; what it cost until its rows were painted. */
async function load(browser: Browser, allswell: Allswell): Promise<number> {
  const context = await browser.newContext();
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const before = await spent(session);
  await page.goto(allswell.url, { waitUntil: "commit" });
  await page.locator(".rows [data-id]").first().waitFor();
  await drawn(page);
  const cost = (await spent(session)) - before;
  await context.close();
  return cost;
}

const median = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

test("a thousand monitors are painted", async ({ browser }) => {
  const server = await service();
  const allswell = await watching(server, 1_000, "10s");
  const costs: number[] = [];
  // The first load warms the browser's own caches of code.
  await load(browser, allswell);
  for (let count = 0; count < LOADS; count += 1) costs.push(await load(browser, allswell));
  figures.first_paint_ms = median(costs);
  figures.first_paint_most_ms = Math.max(...costs);
  await allswell.remove();
  server.close();
});

test("ten thousand monitors are filtered and scrolled", async ({ page }) => {
  // The browser runs already, and keeps its own.
  setPriority(GIVES_WAY);
  const server = await service();
  const allswell = await watching(server, 10_000, "60s");
  figures.fleet_bytes = (await (await fetch(`${allswell.url}api/v1/fleet`)).arrayBuffer()).byteLength;
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  let compressed = 0;
  const ids = new Set<string>();
  session.on("Network.responseReceived", ({ requestId, response }) => response.url.endsWith("/api/v1/fleet") && ids.add(requestId));
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => ids.has(requestId) && (compressed ||= encodedDataLength));
  const began = Date.now();
  await page.goto(allswell.url, { waitUntil: "commit" });
  await page.locator(".rows [data-id]").first().waitFor();
  figures.ready_ms = Date.now() - began;
  figures.fleet_sent_bytes = compressed;
  const keys: number[] = [];
  for (let round = 0; round < 3; round += 1) keys.push(...(await typed(page)));
  figures.key_median_ms = median(keys);
  figures.key_most_ms = Math.max(...keys);
  const plain = await plainList(page.context().browser());
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    theirs.push(await dropped(plain, WHEEL));
    ours.push(await dropped(page, WHEEL));
  }
  figures.frames = FRAMES;
  figures.frames_dropped = median(ours);
  figures.plain_frames_dropped = median(theirs);
  const [cpu, plainCpu]: [number[][], number[][]] = [[], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    plainCpu.push(await costs(plain, WHEEL));
    cpu.push(await costs(page, WHEEL));
  }
  figures.frame_cpu_ms = median(cpu.flat());
  figures.frame_cpu_most_ms = median(cpu.map((round) => Math.max(...round)));
  figures.plain_frame_cpu_ms = median(plainCpu.flat());
  await plain.context().close();
  figures.jump_cpu_ms = median(await costs(page, JUMP));
  await allswell.remove();
  server.close();
});

/** A page of rows that are as many and as high as those of the list, with nothing in them but a line of text. */
async function plainList(browser: Browser | null): Promise<Page> {
  if (!browser) throw new Error("there is no browser for the plain list");
  const page = await browser.newPage();
  const rows = Array.from({ length: 10_000 }, (_, index) => `<div>service-${index}</div>`);
  await page.setContent(`<style>div { height: 46px; contain: strict }</style>${rows.join("")}`);
  return page;
}

/** Milliseconds from each change of the filter to the frame that shows it. */
function typed(page: Page): Promise<number[]> {
  return page.evaluate(async (texts) => {
    const field = document.getElementById("filter") as HTMLInputElement;
    const took: number[] = [];
    for (const text of texts) {
      await new Promise((frame) => requestAnimationFrame(() => setTimeout(frame)));
      const from = performance.now();
      field.value = text;
      field.dispatchEvent(new InputEvent("input", { bubbles: true }));
      await new Promise((frame) => requestAnimationFrame(() => setTimeout(frame)));
      took.push(performance.now() - from);
    }
    return took;
  }, TEXTS);
}
