// Pictures instead of tests: `cargo xtask screenshots`.

import { defineConfig } from "@playwright/test";
import tests from "./playwright.config";

export default defineConfig({ ...tests, testDir: "screenshots", timeout: 400_000 });
