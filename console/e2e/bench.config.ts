// Figures instead of tests: `cargo xtask bench --only console`.

import { defineConfig } from "@playwright/test";
import tests from "./playwright.config";

export default defineConfig({ ...tests, testDir: "bench", timeout: 400_000 });
