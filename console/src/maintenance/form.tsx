// Planned work: whom it covers and when, by the clock of which zone.

import { type Signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { read, send, tagOf } from "../api/client";
import type { Maintenance } from "../api/types";
import { Chips } from "../parts/chips";
import { Crumbs } from "../parts/crumbs";
import { withKey } from "../parts/fields";
import { Choice, errorsAt, Field, Refusals, type Sending, useSending } from "../parts/form";
import { Empty } from "../parts/notice";
import { Page } from "../parts/shell";
import { monitors } from "../state/fleet";
import { visible } from "../state/format";
import { go, to } from "../state/route";
import { t } from "../texts";
import { covers } from "./covers";

type Spec = Record<string, unknown>;
const WAYS = ["once", "weekly", "cron", "open"] as const;
type Way = (typeof WAYS)[number];
const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

function wayOf(spec: Spec): Way {
  if (spec.weekly !== undefined) return "weekly";
  if (spec.cron !== undefined) return "cron";
  return spec.from !== undefined && spec.until === undefined && spec.duration === undefined ? "open" : "once";
}

const here = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** A moment as the field of a browser and the server write it: `2026-12-24T22:00`. */
function local(ms: number): string {
  const at = new Date(ms);
  return new Date(ms - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

const PROPOSED: Record<Way, () => Spec> = {
  once: () => ({ from: local(Date.now() + 3_600_000), until: local(Date.now() + 7_200_000) }),
  weekly: () => ({ weekly: ["sun"], at: "02:00", duration: "1h" }),
  cron: () => ({ cron: "0 2 * * SUN", duration: "1h" }),
  open: () => ({ from: local(Date.now()) }),
};

/** The keys that say when. */
const TIMES = ["from", "until", "duration", "weekly", "at", "cron"];

/** The form as a page. */
export function MaintenanceForm({ maintenance, saved }: { maintenance: Maintenance | null; saved: () => void }) {
  const spec = useSignal<Spec>(maintenance ? ({ name: maintenance.name, ...maintenance.spec } as Spec) : { name: "", timezone: here(), ...PROPOSED.once() });
  const tag = useSignal<string | null>(null);
  const sending = useSending();
  const path = maintenance ? `maintenance/${encodeURIComponent(maintenance.name)}` : "maintenance";
  useEffect(() => {
    if (!maintenance) return;
    read(path).then(
      () => {
        tag.value = tagOf(path);
      },
      () => {
        // Saving says what is wrong with it.
      },
    );
  }, []);
  const save = (event: Event) => {
    event.preventDefault();
    void sending.run(async () => {
      await send<Maintenance>(maintenance ? "PUT" : "POST", path, spec.peek(), { tag: tag.peek() });
      saved();
      go("/maintenance");
    });
  };
  const title = maintenance ? t.edit.of(visible(maintenance.name)) : t.maintenance.planTitle;
  const isOurs = maintenance?.owner !== "file";
  return (
    <Page title={title} crumbs={<Crumbs under={{ path: "/maintenance", name: t.maintenance.title }} name={maintenance ? visible(maintenance.name) : t.maintenance.plan} />}>
      <h1 class="head">{title}</h1>
      {isOurs ? (
        <form class="stack form-page" onSubmit={save}>
          <Keys spec={spec} sending={sending} />
          <Refusals refusal={sending.refusal.value} at={["/name", "/timezone", "/monitors", "/groups", "/tags", ...TIMES.map((key) => `/${key}`)]} />
          <div class="row wrap">
            <button type="submit" class="btn pri lg" aria-disabled={sending.busy.value}>
              {maintenance ? t.edit.save : t.maintenance.plan}
            </button>
            <a class="btn lg ghost" href={to("/maintenance")}>
              {t.form.cancel}
            </a>
          </div>
        </form>
      ) : (
        <Empty title={t.edit.inFile} text={t.maintenance.inFile(visible(maintenance?.file ?? ""))} />
      )}
    </Page>
  );
}

function Keys({ spec, sending }: { spec: Signal<Spec>; sending: Sending }) {
  const value = spec.value;
  const refusal = sending.refusal.value;
  const set = (key: string, to: unknown) => {
    spec.value = withKey(spec.peek(), key, to);
  };
  const all = monitors.value ?? [];
  const words = (key: string) => (value[key] ?? []) as string[];
  const offered = { monitors: all.map((one) => one.name), groups: [...new Set(all.map((one) => one.group).filter(Boolean))], tags: [...new Set(all.flatMap((one) => one.tags))] };
  const way = wayOf(value);
  const text = (key: string, type: "text" | "time" | "datetime-local" = "text", placeholder = "") => (
    <Field label={t.maintenance.key[key] ?? key} hint={t.maintenance.keyHint[key]} errors={errorsAt(refusal, `/${key}`)}>
      {(control) => {
        const shared = { ...control, class: "input", value: String(value[key] ?? ""), onInput: (event: { currentTarget: HTMLInputElement }) => set(key, event.currentTarget.value) };
        return type === "text" ? <input {...shared} placeholder={placeholder} /> : <input {...shared} type={type} />;
      }}
    </Field>
  );
  return (
    <section class="card" aria-label={t.add.settings}>
      {text("name", "text", t.maintenance.namePlaceholder)}
      {(["monitors", "groups", "tags"] as const).map((key) => (
        <Field key={key} label={t.maintenance.key[key] ?? key} errors={errorsAt(refusal, `/${key}`)} hint={key === "tags" ? t.maintenance.covered(covers(value)) : undefined}>
          {(control) => <Chips control={control} value={words(key)} set={(to) => set(key, to)} offered={offered[key]} />}
        </Field>
      ))}
      <div class="field">
        <span class="label">{t.maintenance.whenLabel}</span>
        <span>
          <Choice
            label={t.maintenance.whenLabel}
            of={WAYS.map((one) => [one, t.maintenance.ways[one]] as const)}
            chosen={way}
            choose={(one) => (spec.value = { ...Object.fromEntries(Object.entries(spec.peek()).filter(([key]) => !TIMES.includes(key))), ...PROPOSED[one]() })}
          />
        </span>
      </div>
      {way === "once" && (
        <>
          {text("from", /Z$|[+-]\d\d:\d\d$/.test(String(value.from ?? "")) ? "text" : "datetime-local")}
          {value.duration === undefined ? text("until", /Z$|[+-]\d\d:\d\d$/.test(String(value.until ?? "")) ? "text" : "datetime-local") : text("duration")}
        </>
      )}
      {way === "open" && text("from", /Z$|[+-]\d\d:\d\d$/.test(String(value.from ?? "")) ? "text" : "datetime-local")}
      {way === "weekly" && (
        <>
          <div class="field">
            <span class="label">{t.maintenance.key.weekly}</span>
            <span class="row wrap" role="group" aria-label={t.maintenance.key.weekly}>
              {DAYS.map((day) => (
                <label class="row tick">
                  <input
                    type="checkbox"
                    checked={words("weekly").includes(day)}
                    // The last one stays: without a day it would be another kind of window.
                    disabled={words("weekly").length === 1 && words("weekly").includes(day)}
                    onChange={(event) => set("weekly", event.currentTarget.checked ? DAYS.filter((one) => one === day || words("weekly").includes(one)) : words("weekly").filter((one) => one !== day))}
                  />
                  {t.maintenance.day[day]}
                </label>
              ))}
            </span>
          </div>
          {text("at", "time")}
          {text("duration")}
        </>
      )}
      {way === "cron" && (
        <>
          {text("cron")}
          {text("duration")}
        </>
      )}
      <Field label={t.maintenance.key.timezone ?? ""} hint={t.maintenance.keyHint.timezone} errors={errorsAt(refusal, "/timezone")}>
        {(control) => (
          <>
            <input {...control} class="input" list="zones" placeholder="UTC" value={String(value.timezone ?? "")} onInput={(event) => set("timezone", event.currentTarget.value)} />
            <datalist id="zones">
              {Intl.supportedValuesOf("timeZone").map((zone) => (
                <option value={zone} />
              ))}
            </datalist>
          </>
        )}
      </Field>
    </section>
  );
}
