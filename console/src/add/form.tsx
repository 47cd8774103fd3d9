// The form of a monitor: what everybody says first, the rest folded away with its meaning in words.

import { type Signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { read, type Refusal } from "../api/client";
import type { Channel, Channels } from "../api/types";
import { Copy } from "../parts/copy";
import { Fields, Folded, withKey } from "../parts/fields";
import { Choice, errorsAt, Field } from "../parts/form";
import { type Schema, schemas } from "../parts/schema";
import { monitors } from "../state/fleet";
import { visible } from "../state/format";
import { leastWritten, offeredIntervals, plan } from "../state/plan";
import { t } from "../texts";
import { Conditions } from "./conditions";
import { blockOf, kindOf, MAIN, type Spec } from "./pasted";
import type { Tried } from "./trial";
import { yaml } from "./yaml";

const DOWN = ["failure_threshold", "success_threshold", "timeout", "remind_every", "flap_after", "depends_on", "initial_delay"] as const;
const JUDGED = ["degraded_above", "certificate_days"] as const;

interface Props {
  spec: Signal<Spec>;
  refusal: Refusal | null;
  tried: Tried;
  /** Whether what is asked has its field here too; where one adds, it stands above. */
  withTarget?: boolean;
  /** Whether who is told is asked for elsewhere. */
  withoutTell?: boolean;
}

/** Everything the server's description names, once it is here. */
export function useSchemas(): Record<string, Schema> | null {
  const all = useSignal<Record<string, Schema> | null>(null);
  useEffect(() => {
    schemas().then(
      (read) => {
        all.value = read;
      },
      () => {
        // The first fields do without; the folded ones come when the server answers again.
      },
    );
  }, []);
  return all.value;
}

/** The form. */
export function MonitorForm({ spec, refusal, tried, withTarget = false, withoutTell = false }: Props) {
  const all = useSchemas();
  const value = spec.value;
  const kind = kindOf(value);
  const set = (key: string, to: unknown) => {
    spec.value = withKey(spec.peek(), key, to);
  };
  const block = blockOf(value);
  const setBlock = (to: Spec) => {
    spec.value = { ...spec.peek(), [kind]: to };
  };
  const monitorSchema = all?.MonitorSpec;
  const kindSchema = all?.[`${kind.charAt(0).toUpperCase()}${kind.slice(1)}Spec`];
  const some = (keys: readonly string[]) => (kind === "heartbeat" ? keys.filter((key) => key !== "timeout" && key !== "initial_delay") : keys);
  const main = MAIN[kind];
  return (
    <section class="card" aria-label={t.add.settings}>
      {withTarget && kind !== "heartbeat" && (
        <Field label={t.add.target} errors={errorsAt(refusal, `/${kind}/${main}`)}>
          {(control) => (
            <input {...control} class="input mono" spellcheck={false} value={String(block[main] ?? "")} onInput={(event) => setBlock(withKey(block, main, event.currentTarget.value))} />
          )}
        </Field>
      )}
      <Field label={t.add.name} errors={errorsAt(refusal, "/name")}>
        {(control) => <input {...control} class="input" value={String(value.name ?? "")} onInput={(event) => set("name", event.currentTarget.value)} />}
      </Field>
      {kind === "heartbeat" ? <Expected block={block} change={setBlock} refusal={refusal} schema={kindSchema} all={all} /> : <Every value={String(value.interval ?? "")} set={(to) => set("interval", to)} refusal={refusal} />}
      {!withoutTell && <Tell value={value.channels as string[] | undefined} set={(to) => (spec.value = to === undefined ? withKey(spec.peek(), "channels", undefined) : { ...spec.peek(), channels: to })} />}
      <Field label={t.add.group} errors={errorsAt(refusal, "/group")}>
        {(control) => (
          <>
            <input {...control} class="input" list="groups" value={String(value.group ?? "")} onInput={(event) => set("group", event.currentTarget.value)} />
            <datalist id="groups">
              {[...new Set((monitors.value ?? []).map((monitor) => monitor.group).filter(Boolean))].map((group) => (
                <option value={group} />
              ))}
            </datalist>
          </>
        )}
      </Field>
      <Field label={t.add.tags} hint={t.add.tagsHint} errors={errorsAt(refusal, "/tags")}>
        {(control) => <Tags control={control} value={(value.tags ?? []) as string[]} set={(to) => set("tags", to)} />}
      </Field>
      {kind !== "heartbeat" && (
        <Folded title={t.add.success} about={t.add.successAbout(kind, value)} open={((value.conditions as unknown[]) ?? []).length > 0}>
          <div class="field">
            <span class="label">{t.add.conditions}</span>
            <Conditions conditions={(value.conditions ?? []) as string[]} change={(to) => set("conditions", to)} trial={tried.trial.value} refusal={refusal ?? tried.refusal.value} />
          </div>
          {kindSchema?.properties?.expected_status && <Fields schema={kindSchema} all={all ?? {}} value={block} change={setBlock} refusal={refusal} pointer={`/${kind}`} only={["expected_status"]} />}
          {monitorSchema && <Fields schema={monitorSchema} all={all ?? {}} value={value} change={(to) => (spec.value = to)} refusal={refusal} pointer="" only={JUDGED} />}
        </Folded>
      )}
      {kindSchema && (
        <Folded title={t.add.request} about={t.add.requestAbout(kind, block)}>
          <Fields schema={kindSchema} all={all ?? {}} value={block} change={setBlock} refusal={refusal} pointer={`/${kind}`} without={kind === "heartbeat" ? EXPECTED : [main, "expected_status"]} />
        </Folded>
      )}
      {monitorSchema && (
        <Folded title={t.add.downWhen} about={t.add.downAbout(value)}>
          <Fields schema={monitorSchema} all={all ?? {}} value={value} change={(to) => (spec.value = to)} refusal={refusal} pointer="" only={some(DOWN)} />
        </Folded>
      )}
      <Folded title={t.add.asCode} about={t.add.asCodeAbout}>
        <div class="body stack">
          <pre class="code" tabIndex={0} role="group" aria-label={t.add.asCode}>
            {yaml({ monitors: [value] })}
          </pre>
          <div class="row">
            <Copy text={yaml({ monitors: [value] })} quiet={false} />
          </div>
        </div>
      </Folded>
    </section>
  );
}

const EXPECTED = ["period", "cron", "on_calendar", "timezone", "grace"];

/** When a heartbeat is expected. */
function Expected({ block, change, refusal, schema, all }: { block: Spec; change: (to: Spec) => void; refusal: Refusal | null; schema: Schema | undefined; all: Record<string, Schema> | null }) {
  if (!schema || !all) return null;
  const by = ["cron", "on_calendar"].find((key) => block[key] !== undefined) ?? "period";
  return (
    <>
      <div class="field">
        <span class="label">{t.add.expected}</span>
        <span>
          <Choice
            label={t.add.expected}
            of={(["period", "cron", "on_calendar"] as const).map((key) => [key, t.add.expectedBy[key]] as const)}
            chosen={by as "period" | "cron" | "on_calendar"}
            choose={(key) => {
              const { period: _p, cron: _c, on_calendar: _o, ...rest } = block;
              change({ ...rest, [key]: { period: "1h", cron: "0 3 * * *", on_calendar: "daily" }[key] });
            }}
          />
        </span>
      </div>
      <Fields schema={schema} all={all} value={block} change={change} refusal={refusal} pointer="/heartbeat" only={by === "period" ? ["period", "grace"] : [by, "timezone", "grace"]} />
    </>
  );
}

/** The shortest interval, where the plan of the account says one. */
export function intervalLimit(): string | undefined {
  return plan.value?.min_interval_s == null ? undefined : t.plan.least(visible(plan.value.name), t.add.spaced(leastWritten.value));
}

/** From one asking to the next. */
function Every({ value, set, refusal }: { value: string; set: (to: string) => void; refusal: Refusal | null }) {
  const offered = offeredIntervals.value;
  const other = useSignal(value !== "" && !offered.includes(value));
  const shown = other.value ? "other" : value;
  return (
    <Field label={t.add.every} hint={intervalLimit()} errors={errorsAt(refusal, "/interval")}>
      {(control) => (
        <div class="row wrap">
          <Choice
            label={t.add.every}
            of={[...offered.map((one) => [one, t.add.spaced(one)] as const), ["", t.form.usual] as const, ["other", t.add.other] as const]}
            chosen={shown}
            choose={(one) => {
              other.value = one === "other";
              if (one !== "other") set(one);
            }}
          />
          <input {...control} class={`input short ${other.value ? "" : "vh"}`} tabIndex={other.value ? 0 : -1} placeholder="90s" value={value} onInput={(event) => set(event.currentTarget.value.trim())} />
        </div>
      )}
    </Field>
  );
}

/** Tags, written with spaces or commas between them. */
function Tags({ control, value, set }: { control: object; value: string[]; set: (to: string[]) => void }) {
  const text = useSignal(value.join(" "));
  const parts = (all: string) => all.split(/[\s,]+/).filter(Boolean);
  if (parts(text.peek()).join(" ") !== value.join(" ")) text.value = value.join(" ");
  return (
    <input
      {...control}
      class="input"
      spellcheck={false}
      value={text.value}
      onInput={(event) => {
        text.value = event.currentTarget.value;
        set(parts(event.currentTarget.value));
      }}
    />
  );
}

type Who = "usual" | "these" | "nobody";

/** Who is told. */
function Tell({ value, set }: { value: string[] | undefined; set: (to: string[] | undefined) => void }) {
  const channels = useSignal<Channel[]>([]);
  useEffect(() => {
    read<Channels>("channels").then(
      (list) => {
        channels.value = list.channels;
      },
      () => {
        // Without the list the usual ones are told.
      },
    );
  }, []);
  const who: Who = value === undefined ? "usual" : value.length === 0 ? "nobody" : "these";
  const chosen = useSignal<Who>(who);
  const choose = (one: Who) => {
    chosen.value = one;
    if (one === "usual") set(undefined);
    if (one === "nobody") set([]);
    if (one === "these") set(channels.value.map((channel) => channel.name));
  };
  return (
    <div class="field">
      <span class="label">{t.add.tell}</span>
      <div class="stack tight">
        <span>
          <Choice label={t.add.tell} of={(["usual", "these", "nobody"] as const).map((one) => [one, t.add.who[one]] as const)} chosen={chosen.value} choose={choose} />
        </span>
        {chosen.value === "these" &&
          (channels.value.length === 0 ? (
            <span class="muted small">{t.add.noChannels}</span>
          ) : (
            <span class="row wrap">
              {channels.value.map((channel) => (
                <label class="row tick">
                  <input
                    type="checkbox"
                    checked={value?.includes(channel.name) ?? false}
                    onChange={(event) => {
                      const rest = (value ?? []).filter((one) => one !== channel.name);
                      set(event.currentTarget.checked ? [...rest, channel.name] : rest);
                    }}
                  />
                  {visible(channel.name)} <span class="muted small">{channel.type}</span>
                </label>
              ))}
            </span>
          ))}
      </div>
    </div>
  );
}
