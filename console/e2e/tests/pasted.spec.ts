// What needs no browser: what somebody pasted, read as monitors.

import { expect, test } from "@playwright/test";
import { words } from "../../src/add/curl";
import { asKind, readAll, type Spec } from "../../src/add/pasted";
import { yaml } from "../../src/add/yaml";

function check(text: string, spec: Spec): void {
  const [reading, ...more] = readAll(text);
  expect(more).toEqual([]);
  expect(reading?.problem, text).toBe("");
  const { name: _, ...rest } = reading?.spec ?? {};
  expect(rest, text).toEqual(spec);
}

test("a target is read as what it is", () => {
  check("https://api.example.com/ready?x=1", { http: { url: "https://api.example.com/ready?x=1" } });
  check("example.com", { http: { url: "https://example.com" } });
  check("localhost/ready", { http: { url: "http://localhost/ready" } });
  check("db.example.com:5432", { tcp: { address: "db.example.com:5432" } });
  check("[::1]:5432", { tcp: { address: "[::1]:5432" } });
  check("example.com:443", { tls: { address: "example.com:443" } });
  check("192.0.2.7", { ping: { host: "192.0.2.7" } });
  check("tls://example.com", { tls: { address: "example.com:443" } });
  check("dns://192.0.2.53/example.com?type=mx", { dns: { name: "example.com", server: "192.0.2.53", type: "MX" } });
  check("dns:///example.com", { dns: { name: "example.com" } });
  check("ping://example.com", { ping: { host: "example.com" } });
  check("wss://example.com/live", { websocket: { url: "wss://example.com/live" } });
  check("grpcs://example.com/shop.v1.Orders", { grpc: { address: "example.com:443", service: "shop.v1.Orders", tls: {} } });
  check("postgres://user:password@db:5432/shop", { postgres: { dsn: "postgres://user:password@db:5432/shop" } });
});

test("a name is made of the target and holds no password", () => {
  const named = (text: string) => readAll(text)[0]?.spec?.name;
  expect(named("https://api.example.com/ready/?token=1")).toBe("api.example.com/ready");
  expect(named("postgres://user:password@db:5432/shop")).toBe("db:5432/shop");
  expect(named("30 2 * * 1-5 FLAG=1 /opt/jobs/nightly.sh --all")).toBe("nightly");
});

test("a line of cron becomes a heartbeat", () => {
  const [job] = readAll("*/15 * * * * /usr/bin/sync");
  expect(job?.spec).toMatchObject({ name: "sync", heartbeat: { cron: "*/15 * * * *", grace: "5m" } });
  expect(String((job?.spec?.heartbeat as Spec).token)).toMatch(/^[0-9a-f]{32}$/);
  expect(readAll("@daily /usr/bin/sync")[0]?.spec).toMatchObject({ heartbeat: { cron: "0 0 * * *" } });
});

test("a curl command is read with its method, headers, body and password", () => {
  check(`curl 'https://a.example/x' -X PUT -H 'Accept: text/plain' -H "Authorization: Bearer abc" --data-raw '{"a": 1}' --compressed -m 3`, {
    timeout: "3s",
    http: {
      url: "https://a.example/x",
      method: "PUT",
      bearer_token: "abc",
      body: '{"a": 1}',
      headers: { Accept: "text/plain", "Content-Type": "application/x-www-form-urlencoded" },
    },
  });
  check("curl -sS -u me:se:cret \\\n  -k a.example", { http: { url: "http://a.example", basic_auth: { user: "me", password: "se:cret" }, tls: { insecure: true } } });
  check("curl -XPOST -dx=1 -dy=2 https://a.example", {
    http: { url: "https://a.example", method: "POST", body: "x=1&y=2", headers: { "Content-Type": "application/x-www-form-urlencoded" } },
  });
  expect(words(`a 'b c' "d \\" e" f\\ g $'h\\n'`)).toEqual(["a", "b c", 'd " e', "f g", "h\n"]);
  expect(readAll("curl -H")[0]?.problem).toBe("The curl command ends too early.");
  expect(readAll("curl -s")[0]?.problem).toBe("The curl command names no URL.");
});

test("what is no target says so, line by line", () => {
  const lines = readAll("# a comment\nhttps://a.example\n\nnonsense\nftp://b.example\n");
  expect(lines.map((line) => line.problem)).toEqual(["", expect.stringContaining("no target"), expect.stringContaining("ftp://")]);
});

test("a target is asked in another way with what it has", () => {
  const [http] = readAll("https://api.example.com:8443/ready");
  const as = (kind: Parameters<typeof asKind>[1]) => asKind(http?.spec ?? {}, kind)[kind];
  expect(as("tcp")).toEqual({ address: "api.example.com:8443" });
  expect(as("dns")).toEqual({ name: "api.example.com" });
  expect(as("ping")).toEqual({ host: "api.example.com" });
});

test("a configuration is written as one would write it", () => {
  expect(yaml({ monitors: [{ name: "shop", http: { url: "https://a.example/x" }, interval: "30s", tags: ["prod", "true"], paused: true }] })).toBe(
    'monitors:\n  - name: shop\n    http:\n      url: "https://a.example/x"\n    interval: 30s\n    tags: [prod, "true"]\n    paused: true\n',
  );
});
