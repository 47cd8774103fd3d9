// Names what failed and ends with the line that `cargo xtask test` counts.

import type { FullResult, Reporter, TestCase, TestResult } from "@playwright/test/reporter";

/** Prints failures as they come and one line at the end. */
export default class Summary implements Reporter {
  private readonly began = Date.now();
  private readonly counts = { passed: 0, failed: 0, skipped: 0 };

  onTestEnd(test: TestCase, result: TestResult): void {
    const name = test.titlePath().filter(Boolean).join(" › ");
    for (const note of result.annotations) if (note.type === "measured") console.log(`  ${note.description}`);
    if (result.status === "passed") this.counts.passed += 1;
    else if (result.status === "skipped") this.counts.skipped += 1;
    else {
      this.counts.failed += 1;
      console.log(`FAILED ${name}`);
      for (const error of result.errors) console.log(error.stack ?? error.message ?? "");
    }
  }

  onError(error: { stack?: string; message?: string }): void {
    this.counts.failed += 1;
    console.log(error.stack ?? error.message ?? "");
  }

  onEnd(_: FullResult): void {
    const { passed, failed, skipped } = this.counts;
    console.log(`${passed} passed, ${failed} failed, ${skipped} skipped in ${((Date.now() - this.began) / 1_000).toFixed(2)}s`);
  }

  printsToStdio(): boolean {
    return true;
  }
}
