// A channel's form: its kind first, then the fields that the server says this kind has.

import "../styles/add.css";
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { read, send, tagOf } from "../api/client";
import type { Channel } from "../api/types";
import { useSchemas } from "../add/form";
import { Crumbs } from "../parts/crumbs";
import { Fields, Folded, keysOf } from "../parts/fields";
import { errorsAt, Field, Refusals, useSending } from "../parts/form";
import { Skeleton } from "../parts/notice";
import { Page } from "../parts/shell";
import type { Schema } from "../parts/schema";
import { visible } from "../state/format";
import { go, to } from "../state/route";
import { t } from "../texts";

type Spec = Record<string, unknown>;

interface Props {
  /** The channel that is changed; `null` for a new one. */
  channel: Channel | null;
  known: readonly Channel[];
  saved: () => void;
  test: (name: string) => void;
}

/** The schema of each kind, by its word. */
function kindsOf(all: Record<string, Schema>): Map<string, Schema> {
  const variants = all.ChannelSpec?.oneOf ?? [];
  return new Map(variants.flatMap((schema) => (schema.properties?.type?.enum ?? []).map((word) => [word, schema] as const)));
}

/** The form as a page. */
export function ChannelForm({ channel, known, saved, test }: Props) {
  const all = useSchemas();
  const kind = useSignal(channel?.type ?? "email");
  const name = useSignal(channel?.name ?? "");
  const spec = useSignal<Spec>((channel?.spec ?? {}) as Spec);
  // What it is when the form is opened: a change by somebody else meanwhile is refused.
  const tag = useSignal<string | null>(null);
  useEffect(() => {
    if (!channel) return;
    const path = `channels/${encodeURIComponent(channel.name)}`;
    read<Channel>(path).then(
      () => {
        tag.value = tagOf(path);
      },
      () => {
        // Saving says what is wrong with it.
      },
    );
  }, []);
  const sending = useSending();
  const kinds = all ? kindsOf(all) : null;
  const schema = kinds?.get(kind.value);
  const title = channel ? t.edit.of(visible(channel.name)) : t.alerting.addTitle;
  const save = (andTest: boolean) => {
    void sending.run(async () => {
      const called = name.peek().trim() || freeName(kind.peek(), known);
      const body = { ...spec.peek(), name: called, type: kind.peek() };
      if (channel) await send<Channel>("PUT", `channels/${encodeURIComponent(channel.name)}`, body, { tag: tag.peek() });
      else await send<Channel>("POST", "channels", body);
      saved();
      if (andTest) test(called);
      go("/alerting");
    });
  };
  const { refusal, busy } = sending;
  return (
    <Page title={title} crumbs={<Crumbs under={{ path: "/alerting", name: t.alerting.title }} name={channel ? visible(channel.name) : t.add.title} />}>
      <h1 class="head">{title}</h1>
      <form
        class="stack form-page"
        onSubmit={(event) => {
          event.preventDefault();
          save(event.submitter?.getAttribute("value") !== "quietly");
        }}
      >
        {!channel && (
          <div class="kinds" role="group" aria-label={t.alerting.kindOf}>
            {[...(kinds?.keys() ?? [])].map((one) => (
              <button type="button" class="btn" aria-pressed={one === kind.value} onClick={() => (kind.value = one)}>
                {t.alerting.kind(one)}
              </button>
            ))}
          </div>
        )}
        <section class="card" aria-label={t.add.settings}>
          <Field label={t.add.name} hint={t.alerting.nameHint} errors={errorsAt(refusal.value, "/name")}>
            {(control) => <input {...control} class="input" placeholder={channel ? "" : freeName(kind.value, known)} value={name.value} onInput={(event) => (name.value = event.currentTarget.value)} />}
          </Field>
          {schema && all ? <KindFields schema={schema} all={all} spec={spec.value} change={(to) => (spec.value = to)} refusal={refusal.value} /> : <Skeleton height={120} />}
        </section>
        <Refusals refusal={refusal.value} at={["/name", ...keysOf(schema ?? {}).map((key) => `/${key}`)]} />
        <div class="row wrap">
          <button type="submit" class="btn pri lg" aria-disabled={busy.value}>
            {t.alerting.saveAndTest}
          </button>
          <button type="submit" value="quietly" class="btn lg" aria-disabled={busy.value}>
            {t.edit.save}
          </button>
          <a class="btn lg ghost" href={to("/alerting")}>
            {t.form.cancel}
          </a>
        </div>
      </form>
    </Page>
  );
}

/** What has its field elsewhere, and what only the server's own file may say. */
const ELSEWHERE = ["name", "type", "tags"];

/** What must be said, then what may be. */
function KindFields({ schema, all, spec, change, refusal }: { schema: Schema; all: Record<string, Schema>; spec: Spec; change: (to: Spec) => void; refusal: Parameters<typeof Refusals>[0]["refusal"] }) {
  const keys = keysOf(schema, ELSEWHERE);
  const needed = keys.filter((key) => schema.required?.includes(key));
  const more = keys.filter((key) => !needed.includes(key));
  const fields = (only: readonly string[]) => <Fields schema={schema} all={all} value={spec} change={change} refusal={refusal} pointer="" only={only} />;
  const isWrong = more.some((key) => errorsAt(refusal, `/${key}`).length > 0);
  return (
    <>
      {fields(needed)}
      {more.length > 0 && (
        <Folded title={t.alerting.more} about={more.join(", ").replaceAll("_", " ")} open={isWrong || more.some((key) => spec[key] !== undefined)}>
          {fields(more)}
        </Folded>
      )}
    </>
  );
}

/** A name for who has none in mind. */
function freeName(kind: string, known: readonly Channel[]): string {
  const taken = new Set(known.map((channel) => channel.name));
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? kind : `${kind} ${number}`;
    if (!taken.has(name)) return name;
  }
}
