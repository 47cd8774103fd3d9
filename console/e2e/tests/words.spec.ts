// What needs no browser: the filter's language, durations, sentences.

import { expect, test } from "@playwright/test";
import { read } from "../../src/state/filter";
import { brief, duration, latency, sentence, visible } from "../../src/state/format";
import type { Monitor } from "../../src/state/model";
import { place, sorted } from "../../src/state/order";
import { t } from "../../src/texts";

function monitor(name: string, more: Partial<Monitor> = {}): Monitor {
  return {
    id: 1,
    name,
    kind: "http",
    target: `GET https://${name}.example/ready`,
    group: "",
    tags: [],
    status: "up",
    since: 0,
    asked: 0,
    latency: 50,
    said: "",
    p95: null,
    uptime: null,
    known: 0,
    certificate: null,
    incident: null,
    text: `${name} get https://${name}.example/ready`,
    place: 0,
    ...more,
  };
}

test("a filter joins its words", () => {
  const cart = monitor("cart", { tags: ["prod", "Payments"], group: "Edge & CDN", status: "down", p95: 620, uptime: 99.85, certificate: 9 });
  const fits = (text: string) => read(text).test(cart);
  for (const text of [
    "",
    "CART",
    "tag:prod",
    "tag:payments status:down",
    'group:"edge & cdn"',
    "p95>500",
    "p95>=620 -tag:test",
    "p95>0.6s",
    "uptime<99.9",
    "uptime>99.8%",
    "cert<14d",
    "cert<10 cert>192h",
    "status:up,down",
    "https://cart",
    "kind:http",
  ]) {
    expect(fits(text), text).toBe(true);
  }
  for (const text of ["shop", "tag:pro", "status:up", "p95>620", "p95>0.7s", "uptime<99.8", "cert<7d", "-tag:prod", "kind:tcp", "group:edge"]) {
    expect(fits(text), text).toBe(false);
  }
});

test("what a filter cannot use is named", () => {
  expect(read("colour:red").problem).toContain("“colour:”");
  expect(read("p95>fast").problem).toContain("p95>500");
  expect(read("status:sideways").problem).toContain("sideways");
  expect(read("status: tag:prod p95>5 plain words").problem).toBeNull();
});

test("trouble comes first and names decide among equals", () => {
  const all = [
    monitor("b"),
    monitor("a"),
    monitor("down-long", { status: "down", since: 1 }),
    monitor("down-new", { status: "down", since: 9 }),
    monitor("c10"),
    monitor("c9"),
    monitor("slow", { status: "degraded" }),
  ];
  place(all, new Map());
  expect(sorted(all, "trouble").map((one) => one.name)).toEqual(["down-new", "down-long", "slow", "a", "b", "c9", "c10"]);
});

test("a place among the names is made anew when a name changes, and then alone", () => {
  const named = (...names: string[]) => names.map((name, index) => monitor(name, { id: index + 1 }));
  const places = (all: Monitor[], before: Monitor[]) => {
    place(all, new Map(before.map((one) => [one.id, one])));
    return all.map((one) => one.place);
  };
  const before = [monitor("b", { id: 1, place: 70 }), monitor("a", { id: 2, place: 60 })];
  expect(places(named("b", "a"), [])).toEqual([1, 0]);
  expect(places(named("b", "a"), before)).toEqual([70, 60]);
  expect(places(named("b", "c"), before)).toEqual([0, 1]);
  expect(places(named("b", "a", "0"), before)).toEqual([2, 1, 0]);
});

test("durations are as long as they must be", () => {
  expect([latency(0.84), latency(52.4), latency(1_880), latency(12_345)]).toEqual(["0.8 ms", "52 ms", "1.88 s", "12.3 s"]);
  expect([duration(252_000), duration(60_000), duration(97_200_000), duration(420)]).toEqual(["4 m 12 s", "1 m", "1 d 3 h", "420 ms"]);
  expect([brief(252_000), brief(0), brief(33 * 86_400_000)]).toEqual(["4 m", "0 s", "33 d"]);
});

test("a cause becomes a sentence, and nothing in it acts on what is around it", () => {
  expect(sentence("the app says database failed")).toBe("The app says database failed.");
  expect(sentence("example.com does not exist")).toBe("example.com does not exist.");
  expect(visible("a\u202eb\u0000\tc\n")).toBe("a⟨202E⟩b⟨0000⟩\tc\n");
});

test("numbers and plurals agree", () => {
  expect(t.overview.headline(2, 1, 9)).toBe("2 down, 1 needs a look");
  expect(t.overview.headline(0, 0, 9)).toBe("All is well");
  expect(t.monitors(1_284)).toBe("1,284 monitors");
  expect(t.incidents.headline(1)).toBe("1 incident is open");
});
