// Every page, light, dark and as a phone shows it, of a server that watches a small company on this machine.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { expect, test } from "@playwright/test";
import { withDemo } from "../demo";
import { Mailbox } from "../mailbox";
import { rehearse } from "../rehearsal";
import { Allswell, idOf } from "../world";

const FOLDER = process.env.ALLSWELL_SCREENSHOTS ?? "screenshots";

/** What the company runs: so many of each kind. */
const TEAMS: [string, number, string[]][] = [
  ["Checkout", 14, ["payments-api", "cart-api", "checkout-api"]],
  ["Identity", 9, ["auth-api", "sessions"]],
  ["Edge & CDN", 22, ["www", "images", "fra-1"]],
  ["Search", 7, ["search-api"]],
  ["Data stores", 12, ["orders-db", "ledger-db"]],
  ["Internal tools", 16, ["wiki", "builds"]],
];

/** What fails or drags after the first ten seconds. */
const TROUBLE = new Map([
  ["payments-api", "down"],
  ["search-api", "slow"],
]);

let broken = false;
let version = "1.41.2";

function answer(name: string, response: ServerResponse): void {
  const trouble = broken ? TROUBLE.get(name) : undefined;
  const status = trouble === "down" ? 503 : 200;
  const database =
    trouble === "down" ? { status: "error", message: "connection timed out after 5.0 s" } : { status: "ok", response_time_ms: 0.6 + Math.random() };
  const checks = {
    database,
    redis: { status: "ok", response_time_ms: 0.3 + Math.random() / 2 },
    "stripe-api": { status: "ok", response_time_ms: 90 + Math.random() * 40 },
    disk: { status: "ok", response_time_ms: 0.1 },
  };
  const body =
    name === "payments-api"
      ? JSON.stringify({ status: status === 200 ? "healthy" : "unhealthy", version, checks })
      : JSON.stringify({ status: "healthy", version: "2.7.0" });
  const wait = trouble === "slow" ? 420 + Math.random() * 80 : 6 + Math.random() * 30;
  setTimeout(() => response.writeHead(status, { "content-type": "application/json" }).end(body), wait);
}

/** Listens, and says at which port. */
async function listen(server: Server): Promise<number> {
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return (server.address() as AddressInfo).port;
}

/** A service with a certificate of its own making; the folder has it as `ca.pem`. */
function secureService(folder: string) {
  const [key, ca] = [join(folder, "key.pem"), join(folder, "ca.pem")];
  const subject = ["-subj", "/CN=accounts.acme.example", "-addext", "subjectAltName=IP:127.0.0.1"];
  execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "40", ...subject, "-keyout", key, "-out", ca], { stdio: "pipe" });
  return createSecureServer({ key: readFileSync(key), cert: readFileSync(ca) }, (_, response) => response.end("well"));
}

function configuration(base: string, smtp: string, secure: { port: number; ca: string }): string {
  const monitors = TEAMS.flatMap(([group, number, names]) =>
    Array.from({ length: number }, (_, index) => {
      const name = names[index] ?? `${group.toLowerCase().replace(/\W+/g, "-")}-${index + 1}`;
      return {
        name,
        group,
        tags: index % 3 === 0 ? ["prod", "public"] : ["prod"],
        http: { url: `${base}/${name}/ready` },
        degraded_above: "300ms",
        paused: name === "internal-tools-9",
      };
    }),
  );
  return JSON.stringify({
    defaults: { interval: "2s", timeout: "1s", failure_threshold: 2 },
    plans: { free: { monitors: 25, min_interval: "5m" } },
    server: { mail: { smtp, from: "Acme <status@acme.example>" }, sign_up: { plan: "free" } },
    monitors: [
      ...monitors,
      { name: "legacy-soap", tcp: { address: "127.0.0.1:9" }, group: "Internal tools" },
      { name: "accounts", http: { url: `https://127.0.0.1:${secure.port}/`, tls: { ca: secure.ca } }, group: "Edge & CDN" },
    ],
    status_pages: [
      {
        slug: "acme",
        title: "Acme status",
        description: "How our shop is doing.",
        sections: [
          {
            name: "Shop",
            monitors: [
              { monitor: "www", name: "Website" },
              { monitor: "checkout-api", name: "Checkout" },
              { monitor: "payments-api", name: "Payments", about: "cards and invoices" },
            ],
          },
          { name: "Platform", monitors: [{ monitor: "auth-api", name: "Sign-in" }, { monitor: "search-api", name: "Search" }] },
        ],
      },
      { slug: "staff", title: "Acme for its staff", access: "password", password: "open sesame", sections: [{ groups: ["Internal tools"] }] },
    ],
  });
}

/** Makes the first user, from here as a browser would, who asks others in: the cookie that shows who it is. */
async function signedIn(allswell: Allswell): Promise<string> {
  const body = JSON.stringify({ email: "ada@example.com", name: "Ada", password: "the keeper of the tower" });
  const response = await fetch(`${allswell.url}api/v1/setup`, { method: "POST", headers: { "content-type": "application/json" }, body });
  const [name, value] = (response.headers.getSetCookie()[0] ?? "").split(";")[0]?.split("=") ?? [];
  for (const [email, role] of [["bob@example.com", "editor"], ["eve@example.com", "viewer"]]) {
    const headers = { "content-type": "application/json", cookie: `${name}=${value}`, "sec-fetch-site": "same-origin" };
    await fetch(`${allswell.url}api/v1/invitations`, { method: "POST", headers, body: JSON.stringify({ email, role }) });
  }
  return `${name}=${value}`;
}

/** What people did there: a channel with its messages, planned work, a deploy. */
async function prepare(allswell: Allswell, hook: string, smtp: string): Promise<void> {
  await allswell.write("POST", "channels", { name: "ops", type: "webhook", url: hook });
  await allswell.write("POST", "channels", { name: "on-call", type: "email", smtp, from: "Acme <status@acme.example>", to: ["ada@example.com"] });
  const moment = (days: number, time: string) => `${new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)}T${time}Z`;
  const windows = [
    { name: "weekly restart", groups: ["Data stores"], weekly: ["tue"], at: "03:00", duration: "1h", timezone: "Europe/Berlin" },
    { name: "DNS move", tags: ["public"], from: moment(2, "06:00"), until: moment(2, "08:00") },
    { name: "disk swap", monitors: ["orders-db"], from: moment(0, "00:00") },
  ];
  for (const window of windows) await allswell.write("POST", "maintenance", window);
  await allswell.write("POST", "events", { text: "payments 1.42.0", monitor: "payments-api" });
  await allswell.write("POST", "monitors", { name: "ledger-db-2", interval: "2s", timeout: "1s", tcp: { address: "127.0.0.1:9" }, channels: ["ops", "on-call"], conditions: ["time.total < duration('50ms')"] });
  const shop = [{ monitor: "www", name: "Website" }, { monitor: "payments-api", name: "Payments", about: "cards and invoices" }];
  const page = { slug: "shop", title: "The shop", description: "How our shop is doing.", colour: "#0f62fe", sections: [{ name: "Shop", monitors: shop }, { name: "Search", groups: ["Search"] }] };
  await allswell.write("POST", "status-pages", page);
  await allswell.write("POST", "backups", { results: true });
  const sent = async () => (await allswell.read<{ deliveries: unknown[] }>("deliveries")).deliveries.length;
  await expect.poll(sent, { timeout: 30_000 }).toBeGreaterThan(0);
}

test("pictures of every page", async ({ browser }) => {
  const target = createServer((request, response) => answer(request.url?.split("/")[1] ?? "", response));
  const base = `http://127.0.0.1:${await listen(target)}`;
  const folder = mkdtempSync(join(tmpdir(), "allswell-e2e-"));
  const secure = secureService(folder);
  const mailbox = new Mailbox();
  await mailbox.start();
  const smtp = `smtp://${mailbox.address}`;
  const allswell = new Allswell(configuration(base, smtp, { port: await listen(secure), ca: join(folder, "ca.pem") }));
  try {
    await allswell.start();
    const results = async () => (await allswell.read<{ results: unknown[] }>("monitors/payments-api/results?limit=100")).results.length;
    await expect.poll(results, { timeout: 60_000 }).toBeGreaterThan(16);
    version = "1.42.0";
    await expect.poll(results, { timeout: 60_000 }).toBeGreaterThan(18);
    broken = true;
    const open = async () => (await allswell.read<{ incidents: { monitor: string; id: string }[] }>("incidents?open=true")).incidents;
    await expect.poll(async () => (await open()).length, { timeout: 60_000 }).toBeGreaterThan(2);
    await expect.poll(results, { timeout: 60_000 }).toBeGreaterThan(26);
    const incident = (await open()).find((one) => one.monitor === "payments-api");
    const monitor = incident?.id.split("-")[0];
    await prepare(allswell, `${base}/hook`, smtp);
    const pages = {
      overview: "",
      monitor: `m/${monitor}`,
      "monitor-certificate": `m/${await idOf(allswell, "accounts")}`,
      add: `add?target=${encodeURIComponent(`${base}/payments-api/ready`)}`,
      edit: `m/${await idOf(allswell, "ledger-db-2")}/edit`,
      incidents: "incidents",
      incident: `i/${incident?.id}`,
      maintenance: "maintenance",
      "maintenance-plan": "maintenance?add",
      alerting: "alerting",
      "alerting-add": "alerting?add",
      settings: "settings",
      people: "settings/people",
      backup: "settings/backup",
      welcome: "welcome",
      pages: "pages",
      "pages-edit": "pages?edit=shop",
      rehearsal: `k8s#${deflateSync((await rehearse()).json).toString("base64url")}`,
      "rehearsal-choose": "k8s",
      plain: "plain/",
      "plain-monitor": `plain/m/${monitor}`,
      "plain-incident": `plain/i/${incident?.id}`,
      "not-found": "plain/m/999999",
      "api-docs": "api/docs",
      status: "s/acme/",
      "status-history": "s/acme/history",
      "status-sign-in": "s/staff/",
    };
    const shots = async (pages: Record<string, string>, cookie = "") => {
      for (const [name, path] of Object.entries(pages)) {
        for (const [kind, options] of Object.entries({
          light: { viewport: { width: 1440, height: 900 }, colorScheme: "light" },
          dark: { viewport: { width: 1440, height: 900 }, colorScheme: "dark" },
          phone: { viewport: { width: 390, height: 844 }, colorScheme: "light", deviceScaleFactor: 2 },
        } as const)) {
          const context = await browser.newContext({ ...options, locale: "en-GB", timezoneId: "UTC" });
          if (cookie) await context.addCookies([{ name: cookie.split("=")[0] ?? "", value: cookie.split("=")[1] ?? "", url: allswell.url }]);
          const page = await context.newPage();
          // A whole address stays as it is.
          await page.goto(new URL(path, allswell.url).href);
          await page.waitForLoadState("networkidle", { timeout: 3_000 }).catch(() => undefined);
          // The list has only the rows in view: the view is made as high as a picture should be.
          if (name === "overview") await page.setViewportSize({ width: options.viewport.width, height: kind === "phone" ? 2_000 : 1_350 });
          await expect(page.locator("[aria-busy], .skeleton")).toHaveCount(0);
          // The view is as high as the page: what sticks to its edges stands where one would see it.
          const height = await page.evaluate(() => document.documentElement.scrollHeight);
          if (name !== "overview") await page.setViewportSize({ width: options.viewport.width, height: Math.max(options.viewport.height, Math.min(height, 8_000)) });
          await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
          await page.screenshot({ path: join(FOLDER, `${name}-${kind}.png`), fullPage: name !== "overview" });
          await context.close();
        }
      }
    };
    await shots(pages);
    await fetch(`${allswell.url}s/acme/subscribe`, { method: "POST", body: new URLSearchParams({ address: "kim@example.com" }), headers: { "sec-fetch-site": "same-origin" } });
    await shots({ "status-subscription": await mailbox.link("s/acme/") });
    const acknowledge = await mailbox.link("acknowledge/");
    // The first of them is told at once; those that follow it within ten seconds go as one.
    for (const name of ["ledger-db-3", "ledger-db-4", "ledger-db-5"]) {
      await allswell.write("POST", "monitors", { name, interval: "1s", timeout: "1s", tcp: { address: "127.0.0.1:9" }, channels: ["on-call"] });
    }
    await expect.poll(() => mailbox.find("2 monitors are down"), { timeout: 40_000 }).toBeDefined();
    const several = await mailbox.link("acknowledge/");
    await withDemo(async (mails) => {
      const hasOne = async () => (await (await fetch(mails)).text()).includes("/source");
      await expect.poll(hasOne, { timeout: 60_000 }).toBe(true);
      await shots({ mails });
    });
    // From now on the server asks who one is.
    await shots({ account: "settings/me", "people-users": "settings/people" }, await signedIn(allswell));
    await allswell.write("POST", "reset", { email: "ada@example.com" });
    await allswell.write("POST", "sign-up", { email: "joe@example.com" });
    await shots({ "sign-in": "sign-in", reset: "reset", "sign-up": "sign-up" });
    await shots({
      join: await mailbox.link("join?token="),
      "reset-password": await mailbox.link("reset?token="),
      "sign-up-account": await mailbox.link("sign-up?token="),
      acknowledge,
      "acknowledge-several": several,
    });
  } finally {
    await allswell.remove();
    mailbox.stop();
    for (const server of [target, secure]) {
      server.closeAllConnections();
      server.close();
    }
    rmSync(folder, { recursive: true, force: true });
  }
});
