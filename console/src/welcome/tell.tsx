// Where people are told: one way, with a test that really sends.

import { type Signal, useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { read, send } from "../api/client";
import type { Channel, Channels, Tested } from "../api/types";
import { type Control, errorsAt, Field, FormFoot, Refusals, type Sending, useSending } from "../parts/form";
import { State } from "../parts/glyph";
import { Icon, type IconName } from "../parts/icon";
import { visible } from "../state/format";
import { t } from "../texts";
import { relayOf } from "./propose";

type New = "email" | "webhook" | "slack";
type Way = New | "known" | "none";
const ICONS: Record<Way, IconName> = { email: "mail", webhook: "bolt", slack: "bell", known: "check", none: "x" };

/** The way that is being set up. */
export interface Telling {
  way: Signal<Way>;
  fields: Signal<Record<string, string>>;
  known: Signal<Channel[]>;
  sending: Sending;
  tested: Signal<Tested | null>;
  /** Saves the channel unless it is saved as it is; the names of those that are told. */
  save: () => Promise<string[]>;
  test: () => void;
}

/** The keys of a channel, out of what was written. */
function specOf(way: New, fields: Record<string, string>): Record<string, unknown> {
  const text = (key: string) => (fields[key] ?? "").trim();
  if (way !== "email") return { type: way, url: text("url") };
  const relay = text("smtp");
  const login = fields.password ? { username: text("to"), password: fields.password } : {};
  return { type: "email", smtp: relay && !relay.includes("://") ? `smtp://${relay}` : relay, from: text("to"), to: [text("to")], ...login };
}

/** Sets a way up; `email` is the reader's own address where it is known. */
export function useTelling(email: string): Telling {
  const way = useSignal<Way>("email");
  const fields = useSignal<Record<string, string>>({});
  const known = useSignal<Channel[]>([]);
  const saved = useSignal<{ name: string; as: string } | null>(null);
  const tested = useSignal<Tested | null>(null);
  const sending = useSending();
  useEffect(() => {
    read<Channels>("channels").then(
      (list) => {
        known.value = list.channels;
        if (list.channels.length > 0) way.value = "known";
      },
      () => {
        // Without the list a new one is made.
      },
    );
  }, []);
  useEffect(() => {
    if (email) fields.value = { smtp: relayOf(email), ...fields.peek(), to: email };
  }, [email]);
  const save = async (): Promise<string[]> => {
    const chosen = way.peek();
    if (chosen === "none") return [];
    if (chosen === "known") return known.peek().map((channel) => channel.name);
    const spec = specOf(chosen, fields.peek());
    const as = JSON.stringify(spec);
    const before = saved.peek();
    if (before?.as === as) return [before.name];
    const name = before?.name ?? nameFor(chosen, known.peek());
    // What was tried and does not work is written anew, not added to.
    if (before) await send<Channel>("PUT", `channels/${encodeURIComponent(name)}`, { ...spec, name });
    else await send<Channel>("POST", "channels", { ...spec, name });
    saved.value = { name, as };
    return [name];
  };
  const test = () =>
    void sending.run(async () => {
      tested.value = null;
      for (const name of await save()) {
        tested.value = await send<Tested>("POST", `channels/${encodeURIComponent(name)}/test`);
        if (!tested.value.accepted) return;
      }
    });
  return { way, fields, known, sending, tested, save, test };
}

function nameFor(kind: string, known: readonly Channel[]): string {
  const taken = new Set(known.map((channel) => channel.name));
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? kind : `${kind} ${number}`;
    if (!taken.has(name)) return name;
  }
}

/** The step. */
export function Tell({ telling }: { telling: Telling }) {
  const { way, known, sending, tested } = telling;
  const ways: Way[] = [...(known.value.length > 0 ? (["known"] as const) : []), "email", "webhook", "slack", "none"];
  const choose = (one: Way) => {
    way.value = one;
    tested.value = null;
    sending.refusal.value = null;
  };
  return (
    <div class="stack">
      <div class="ways" role="group" aria-label={t.welcome.ways}>
        {ways.map((one) => (
          <button type="button" class="btn" aria-pressed={one === way.value} onClick={() => choose(one)}>
            <Icon name={ICONS[one]} />
            {t.welcome.way[one]}
          </button>
        ))}
      </div>
      {way.value === "none" ? (
        <p class="muted">{t.welcome.noneAbout}</p>
      ) : (
        <form
          class="card narrow"
          onSubmit={(event) => {
            event.preventDefault();
            telling.test();
          }}
        >
          {way.value === "known" ? <p class="body">{t.welcome.knownAbout(known.value.map((channel) => visible(channel.name)).join(", "))}</p> : <NewWay way={way.value} telling={telling} />}
          <Refusals refusal={sending.refusal.value} at={["/to", "/smtp", "/password", "/url"]} />
          <FormFoot act={sending.busy.value ? t.alerting.testing : t.welcome.test} off={sending.busy.value} said={tested.value ? <Came of={tested.value} /> : ""} />
        </form>
      )}
    </div>
  );
}

function NewWay({ way, telling }: { way: New; telling: Telling }) {
  const field = (key: string, label: string, hint: string, input: (shared: Control & ReturnType<typeof written>) => ComponentChildren) => (
    <Field key={key} label={label} hint={hint} errors={errorsAt(telling.sending.refusal.value, `/${key}`)}>
      {(control) => input({ ...control, ...written(telling, key) })}
    </Field>
  );
  if (way !== "email") {
    return field("url", t.welcome.url, way === "slack" ? t.welcome.slackHint : t.welcome.urlHint, (shared) => <input {...shared} type="url" placeholder="https://" />);
  }
  return (
    <>
      {field("to", t.welcome.to, "", (shared) => (
        <input {...shared} type="email" placeholder="ada@example.com" />
      ))}
      {field("smtp", t.welcome.relay, t.welcome.relayHint, (shared) => (
        <input {...shared} />
      ))}
      {field("password", `${t.welcome.relayPassword} ${t.form.optional}`, t.welcome.relayPasswordHint, (shared) => (
        <input {...shared} type="password" autocomplete="new-password" />
      ))}
    </>
  );
}

/** What all fields share: they are kept by their key. */
const written = (telling: Telling, key: string) => ({
  class: "input",
  autocomplete: "off",
  spellcheck: false,
  value: telling.fields.value[key] ?? "",
  onInput: (event: { currentTarget: HTMLInputElement }) => {
    telling.fields.value = { ...telling.fields.peek(), [key]: event.currentTarget.value };
  },
});

/** What the other side said to the test. */
function Came({ of: { accepted, answer } }: { of: Tested }) {
  const text = visible(answer);
  return <State status={accepted ? "up" : "down"}>{accepted ? t.alerting.taken(text) : t.alerting.notTaken(text)}</State>;
}
