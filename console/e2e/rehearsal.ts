// A rehearsal that was really run: a service that hangs until the kubelet's rules restart it.

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BINARY } from "./world";

const PROBE = (path: string) => ({ httpGet: { path, port: 8000 }, periodSeconds: 1, failureThreshold: 2 });

const MANIFEST = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "orders" },
  spec: {
    selector: { matchLabels: { app: "orders" } },
    template: {
      metadata: { labels: { app: "orders" } },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [{ name: "api", image: "orders:1", ports: [{ containerPort: 8000 }], readinessProbe: PROBE("/ready"), livenessProbe: { ...PROBE("/health"), failureThreshold: 3 } }],
      },
    },
  },
};

const SERVICE = `require("node:http").createServer((_, response) => response.end("ok")).listen(process.argv[1]);`;

/** What `allswell rehearse --json` writes of it, and how its page is headed. */
export async function rehearse(): Promise<{ json: string; headline: string }> {
  const folder = mkdtempSync(join(tmpdir(), "allswell-e2e-"));
  try {
    const manifest = join(folder, "deployment.yaml");
    writeFileSync(manifest, JSON.stringify(MANIFEST));
    const flags = ["--port", "0", "--for", "14s", "--fault", "hang@3s..9s", "--fail-on", "restarts>0", "--json"];
    const command = ["--", process.execPath, "-e", SERVICE, "{port}"];
    const json = await new Promise<string>((written) => {
      // Its exit code is 1: it was restarted.
      execFile(BINARY, ["rehearse", manifest, ...flags, ...command], (_, stdout) => written(stdout));
    });
    return { json, headline: "It would be restarted once" };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
