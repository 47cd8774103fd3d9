// `allswell serve --demo`: the page of the mails that it would have sent.

import { isSound } from "../axe";
import { withDemo } from "../demo";
import { expect, test } from "../world";

test("the mails that a demo caught are listed soundly, and anew for who follows them", async ({ quiet: page }) => {
  await withDemo(async (mails) => {
    await page.goto(mails);
    await expect(page.getByText("No mail yet.")).toBeVisible();
    await isSound(page);
    await page.getByRole("link", { name: "Follow" }).click();
    await expect(page.getByRole("listitem").first()).toBeVisible({ timeout: 60_000 });
    await page.getByRole("link", { name: "Hold still" }).click();
    await isSound(page);
    await page.getByRole("listitem").first().getByRole("link").first().click();
    await expect(page.getByRole("heading", { name: "payments-api is down" })).toBeVisible();
  });
});
