// The console against a real server that watches real targets, in the system's own Chromium.

import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: "tests",
  outputDir: process.env.ALLSWELL_TEST_OUTPUT ?? "../../target/console-e2e",
  workers: 1,
  timeout: 40_000,
  expect: { timeout: 15_000 },
  reporter: [["./summary.ts"]],
  use: {
    viewport: { width: 1440, height: 900 },
    locale: "en-GB",
    timezoneId: "Europe/Stockholm",
    launchOptions: { executablePath: process.env.ALLSWELL_TEST_CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] },
    trace: "off",
  },
});
