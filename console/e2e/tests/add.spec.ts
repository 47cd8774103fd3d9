// A monitor is added from whatever is at hand, tried before it is saved, changed, cloned, deleted and taken back.

import { axe, violations } from "../axe";
import { expect, idOf, test } from "../world";

test.afterAll(({ allswell }) => allswell.clear());

test("a URL becomes a monitor, with the real value beside each condition", async ({ quiet: page, allswell, service }) => {
  await page.goto(allswell.url);
  await expect(page.getByRole("row", { name: /shop/ })).toBeVisible();
  await page.keyboard.press("n");
  await expect(page.getByLabel("Target")).toBeFocused();
  await page.keyboard.type(`${service.address}/ready`);
  const tried = page.getByRole("region", { name: /^Tried at/ });
  await expect(tried.getByText(/^200 · /)).toBeVisible();
  await expect(tried).toContainText("2 dependencies: database, redis");
  await page.getByText("What counts as success").click();
  await page.getByRole("button", { name: "status == 200" }).click();
  await page.getByRole("button", { name: "Add a condition" }).click();
  await page.keyboard.type("body.status == 'sleepy'");
  await expect(page.getByText('body.status is "healthy"', { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Remove the condition body.status == 'sleepy'" }).click();
  await expect(tried.getByText(/^200 · /)).toBeVisible();
  await page.evaluate(axe);
  expect(await violations(page)).toEqual([]);
  await page.emulateMedia({ colorScheme: "dark" });
  expect(await violations(page)).toEqual([]);
  await page.getByLabel("Name", { exact: true }).fill("till");
  await page.getByLabel("Tags").fill("prod tills");
  await page.getByRole("group", { name: "Check every" }).getByRole("button", { name: "10 s" }).click();
  await page.getByRole("button", { name: /^Start watching/ }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("till");
  await expect(page.locator(".pill")).toContainText("Up");
  const { spec } = await allswell.read<{ spec: object }>("monitors/till");
  expect(spec).toEqual({ name: "till", http: { url: `${service.address}/ready` }, interval: "10s", conditions: ["status == 200"], tags: ["prod", "tills"] });
});

test("what is wrong stands at its field", async ({ quiet: page, allswell, service }) => {
  await page.goto(`${allswell.url}add`);
  await page.getByLabel("Target").fill("no target");
  await expect(page.getByText("This is no target yet.")).toBeVisible();
  await page.getByLabel("Target").fill(`${service.address}/ready`);
  await page.getByText("What counts as success").click();
  await page.getByRole("button", { name: "Add a condition" }).click();
  await page.keyboard.type("statsu == 200");
  await expect(page.locator("#condition-0")).toContainText("statsu");
});

test("a name that is taken is refused beside the name", async ({ quiet: page, allswell, service }) => {
  await page.goto(`${allswell.url}add`);
  await page.getByLabel("Target").fill(`${service.address}/ready`);
  await page.getByLabel("Name", { exact: true }).fill("shop");
  await page.getByRole("button", { name: /^Start watching/ }).click();
  await expect(page.getByLabel("Name", { exact: true })).toHaveAttribute("aria-invalid", "true");
});

test("many lines become many monitors", async ({ quiet: page, allswell, service }) => {
  const host = new URL(service.address).host;
  await page.goto(`${allswell.url}add`);
  await page.getByLabel("Target").fill(`${service.address}/a\n${host}\ncurl -H 'Accept: text/plain' ${service.address}/b\n0 3 * * * /usr/local/bin/backup.sh --all\nno target\n`);
  await expect(page.getByRole("heading", { name: "4 of 5 lines can be watched" })).toBeVisible();
  await page.getByLabel("Group").fill("Pasted");
  await page.getByRole("button", { name: "Start watching 4 monitors" }).click();
  await expect(page.getByText("4 monitors are watched now.")).toBeVisible();
  const curl = await allswell.read<{ kind: string; spec: { http: object } }>(`monitors/${encodeURIComponent(`${host}/b`)}`);
  expect(curl.spec.http).toEqual({ url: `${service.address}/b`, headers: { Accept: "***" } });
  const job = await allswell.read<{ kind: string; spec: { heartbeat: { cron: string; timezone: string } } }>("monitors/backup");
  expect(job.spec.heartbeat).toMatchObject({ cron: "0 3 * * *", timezone: "Europe/Stockholm" });
  expect((await allswell.read<{ kind: string }>(`monitors/${encodeURIComponent(host)}`)).kind).toBe("tcp");
});

test("a monitor is changed with its secrets kept, and cloned", async ({ quiet: page, allswell, service }) => {
  const { id } = await allswell.write<{ id: number }>("POST", "monitors", { name: "vault", interval: "5s", http: { url: `${service.address}/vault`, bearer_token: "very secret" } });
  await page.goto(`${allswell.url}m/${id}`);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("vault");
  await page.keyboard.press("e");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Edit vault");
  await expect(page.getByRole("region", { name: /^Tried at/ })).toContainText("200");
  await page.evaluate(axe);
  expect(await violations(page)).toEqual([]);
  await page.getByLabel("Name", { exact: true }).fill("safe");
  await page.getByRole("button", { name: /^Save/ }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("safe");
  const changed = await allswell.read<{ id: number; spec: { http: object } }>("monitors/safe");
  expect(changed).toMatchObject({ id, spec: { http: { bearer_token: "***" } } });
  await page.getByRole("link", { name: "Clone" }).click();
  await expect(page.getByLabel("Name", { exact: true })).toHaveValue("safe copy");
  await page.getByText("Request", { exact: true }).click();
  await page.getByLabel(/^Bearer token/).fill("another");
  await page.getByRole("button", { name: "Save paused" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("safe copy");
  await expect(page.locator(".pill")).toContainText("Paused");
});

test("two who change the same are told of each other", async ({ page, allswell }) => {
  await page.goto(`${allswell.url}m/${await idOf(allswell, "safe")}/edit`);
  await expect(page.getByLabel("Name", { exact: true })).toHaveValue("safe");
  await allswell.write("PATCH", "monitors/safe", { tags: ["theirs"] });
  await page.getByLabel("Name", { exact: true }).fill("mine");
  await page.getByRole("button", { name: /^Save/ }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await page.getByRole("button", { name: "Load what it is now" }).click();
  await expect(page.getByLabel("Name", { exact: true })).toHaveValue("safe");
  await expect(page.getByLabel("Tags")).toHaveValue("theirs");
});

test("a deleted monitor can be taken back with all that it is, and is gone otherwise", async ({ quiet: page, allswell }) => {
  const id = await idOf(allswell, "safe");
  await page.goto(`${allswell.url}m/${id}`);
  await page.getByRole("button", { name: "Delete" }).click();
  await expect(page.getByText("safe is deleted.")).toBeVisible();
  await expect(page.getByRole("row", { name: /safe GET/ })).toHaveCount(0);
  await page.getByRole("button", { name: /^Undo/ }).click();
  await expect(page.getByRole("row", { name: /safe GET/ }).first()).toBeVisible();
  expect(await idOf(allswell, "safe")).toBe(id);
  await page.goto(`${allswell.url}m/${id}`);
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Delete it now, without waiting" }).click();
  await expect(page.getByText("safe is deleted.")).toHaveCount(0);
  await expect.poll(async () => (await fetch(`${allswell.url}api/v1/monitors/${id}`)).status).toBe(404);
});

test("what a file says is changed in the file, and the page says where", async ({ quiet: page, allswell }) => {
  await page.goto(`${allswell.url}m/${await idOf(allswell, "shop")}/edit`);
  await expect(page.getByText(/stands in the server's own file .*allswell\.yaml/)).toBeVisible();
  await page.getByRole("link", { name: "Back to the monitor" }).click();
  await expect(page.getByRole("button", { name: "Delete" })).toHaveCount(0);
});
