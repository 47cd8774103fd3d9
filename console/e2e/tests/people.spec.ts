// People in an outage: one sees to it, says what was found, tells those who wait.

import { axe, violations } from "../axe";
import { type Allswell, expect, type Service, test } from "../world";

async function incidentOf(allswell: Allswell, monitor: string): Promise<string> {
  const { incidents } = await allswell.read<{ incidents: { id: string; monitor: string }[] }>("incidents?open=true");
  return incidents.find((one) => one.monitor === monitor)?.id ?? "";
}

/** Breaks the service anew: an outage of an earlier test is over first. */
async function breaks(allswell: Allswell, service: Service): Promise<void> {
  service.well = true;
  await expect.poll(() => incidentOf(allswell, "payments-api")).toBe("");
  service.well = false;
  await expect.poll(() => incidentOf(allswell, "payments-api")).not.toBe("");
}

test("an outage is acknowledged from the overview, and everybody sees by whom", async ({ quiet: page, allswell }) => {
  await page.goto(allswell.url);
  const line = page.getByRole("region", { name: "Needs attention" }).getByRole("listitem").filter({ hasText: "nobody-home" });
  await line.getByRole("button", { name: "Acknowledge nobody-home" }).click();
  const dialog = page.getByRole("dialog", { name: "Acknowledge nobody-home" });
  await expect(dialog).toBeVisible();
  await page.evaluate(axe);
  expect(await violations(page)).toEqual([]);
  await page.emulateMedia({ colorScheme: "dark" });
  expect(await violations(page)).toEqual([]);
  await dialog.getByLabel("Your name").fill("Mara");
  await dialog.getByLabel("Note").fill("the old host is gone");
  await dialog.getByRole("button", { name: "Acknowledge", exact: true }).click();
  await expect(line).toContainText("Mara sees to it");
  await expect(line.getByRole("button")).toHaveCount(0);
  const id = await incidentOf(allswell, "nobody-home");
  const { acknowledged } = await allswell.read<{ acknowledged: { by: string } }>(`incidents/${id}`);
  expect(acknowledged.by).toBe("Mara");
});

test("the keyboard alone acknowledges an incident, writes a note and tells the public", async ({ quiet: page, allswell, service }) => {
  await breaks(allswell, service);
  const id = await incidentOf(allswell, "payments-api");
  await page.goto(`${allswell.url}i/${id}`);
  await expect(page.getByRole("button", { name: /^Acknowledge/ })).toBeVisible();
  await page.keyboard.press("a");
  await expect(page.getByLabel("Your name")).toBeFocused();
  await page.keyboard.type("Ada");
  await page.keyboard.press("Enter");
  const happened = page.getByRole("region", { name: "What happened" });
  await expect(happened).toContainText("Acknowledged");
  await expect(page.getByText(/, by Ada$/)).toBeVisible();
  await expect(page.getByRole("button", { name: /^Acknowledge/ })).toHaveCount(0);
  const write = page.getByRole("region", { name: "Tell people" });
  await write.getByLabel("Text").focus();
  await page.keyboard.type("the pool of the database is full");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(write.getByRole("status")).toHaveText("The note is on the timeline.");
  await expect(happened).toContainText("the pool of the database is full");
  await write.getByRole("button", { name: "Public update" }).click();
  await write.getByLabel("Text").fill("We are rolling the release back.");
  await write.getByRole("button", { name: "Post" }).click();
  await expect(happened.getByRole("listitem").filter({ hasText: "Public update" })).toContainText("We are rolling the release back.");
  await expect
    .poll(async () => {
      await page.goto(`${allswell.url}s/acme/`);
      return page.locator("body").textContent();
    })
    .toContain("We are rolling the release back.");
  await expect(page.locator("body")).not.toContainText("the pool of the database");
  service.well = true;
});

test("what is over cannot be acknowledged, and says so", async ({ page, allswell, service }) => {
  await breaks(allswell, service);
  await page.goto(`${allswell.url}i/${await incidentOf(allswell, "payments-api")}`);
  await page.getByRole("button", { name: /^Acknowledge/ }).click();
  service.well = true;
  await expect.poll(() => incidentOf(allswell, "payments-api")).toBe("");
  await page.getByRole("dialog").getByRole("button", { name: "Acknowledge", exact: true }).click();
  await expect(page.getByRole("alert")).toContainText("The incident ended at");
});
