// A status page's editor: what it is called and shows at the left, the page as visitors will see it at the right.

import { type Signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { read, type Refusal, send, tagOf } from "../api/client";
import type { StatusPage } from "../api/types";
import { Crumbs } from "../parts/crumbs";
import { Folded, withKey } from "../parts/fields";
import { Choice, errorsAt, Field, Refusals, useSending } from "../parts/form";
import { Empty } from "../parts/notice";
import { Page } from "../parts/shell";
import { visible } from "../state/format";
import { isGuest } from "../state/me";
import { go, to } from "../state/route";
import { t } from "../texts";
import { Colour, Logo } from "./looks";
import { Preview } from "./preview";
import { type Section, Sections } from "./sections";

/** The keys of a status page as a configuration has them. */
export type Spec = Record<string, unknown>;

const ACCESS = ["public", "password", "token"] as const;
const SHOWN = ["title", "slug", "description", "access", "password", "token", "domain", "link", "colour", "colour_dark", "logo", "logo_dark", "sections"].map((key) => `/${key}`);

/** An address made of a title: `Acme status` is at `acme-status`. */
const slugOf = (title: string) =>
  title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");

/** The editor as a page. */
export function PageEditor({ page, saved }: { page: StatusPage | null; saved: () => void }) {
  const spec = useSignal<Spec>(page ? { slug: page.slug, ...page.spec } : { title: "", sections: [{}] });
  const tag = useSignal<string | null>(null);
  const sending = useSending();
  const path = page ? `status-pages/${encodeURIComponent(page.slug)}` : "status-pages";
  useEffect(() => {
    if (!page) return;
    read<StatusPage>(path).then(
      (whole) => {
        spec.value = { slug: whole.slug, ...whole.spec };
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
      const body = { ...spec.peek(), slug: String(spec.peek().slug ?? slugOf(String(spec.peek().title ?? ""))) };
      await send<StatusPage>(page ? "PUT" : "POST", path, body, { tag: tag.peek() });
      saved();
      go("/pages");
    });
  };
  const title = page ? t.edit.of(visible(page.title || page.slug)) : t.pages.addTitle;
  const refusal = sending.refusal.value;
  return (
    <Page title={title} crumbs={<Crumbs under={{ path: "/pages", name: t.pages.title }} name={page ? visible(page.title || page.slug) : t.add.title} />}>
      <h1 class="head">{title}</h1>
      {page?.owner === "file" ? (
        <Empty title={t.edit.inFile} text={t.edit.inFileText(visible(page.file ?? ""))} />
      ) : (
        <div class="editor">
          <form class="stack" onSubmit={save}>
            <Keys spec={spec} refusal={refusal} isNew={!page} />
            <Refusals refusal={refusal} at={SHOWN} />
            <div class="row wrap">
              <button type="submit" class="btn pri lg" aria-disabled={sending.busy.value}>
                {page ? t.edit.save : t.pages.add}
              </button>
              <a class="btn lg ghost" href={to("/pages")}>
                {t.form.cancel}
              </a>
            </div>
          </form>
          <Preview spec={spec.value} like={page?.slug ?? null} />
        </div>
      )}
    </Page>
  );
}

interface KeysProps {
  spec: Signal<Spec>;
  refusal: Refusal | null;
  isNew: boolean;
}

function Keys({ spec, refusal, isNew }: KeysProps) {
  const value = spec.value;
  const set = (key: string, to: unknown) => {
    spec.value = withKey(spec.peek(), key, to);
  };
  const text = (key: keyof typeof t.pages.hint | "title", shown = String(value[key] ?? "")) => (
    <Field label={t.pages.key[key]} hint={key === "title" ? undefined : t.pages.hint[key]} errors={errorsAt(refusal, `/${key}`)}>
      {(control) => <input {...control} class="input" autocomplete="off" value={shown} onInput={(event) => set(key, event.currentTarget.value)} />}
    </Field>
  );
  const access = ACCESS.find((one) => one === value.access) ?? "public";
  return (
    <>
      <section class="card" aria-label={t.add.settings}>
        {text("title")}
        {text("slug", String(value.slug ?? (isNew ? slugOf(String(value.title ?? "")) : "")))}
        {text("description")}
        <div class="field">
          <span class="label">{t.pages.key.access}</span>
          <div class="stack tight">
            <span>
              <Choice
                label={t.pages.key.access}
                of={ACCESS.map((one) => [one, t.pages.access[one]] as const)}
                chosen={access}
                choose={(one) => {
                  const { access: _, password: _p, token: _t, ...rest } = spec.peek();
                  spec.value = one === "public" ? rest : { ...rest, access: one };
                }}
              />
            </span>
            <span class="muted small">{t.pages.accessAbout[access]}</span>
          </div>
        </div>
        {access === "password" && (
          <Field label={t.pages.key.password} hint={t.pages.hint.password} errors={errorsAt(refusal, "/password")}>
            {(control) => <input {...control} class="input" type="password" autocomplete="new-password" value={String(value.password ?? "")} onInput={(event) => set("password", event.currentTarget.value)} />}
          </Field>
        )}
        {access === "token" && text("token")}
        <Folded title={t.pages.looks} about={t.pages.looksAbout} open={["logo", "logo_dark", "colour", "colour_dark", "domain", "link"].some((key) => errorsAt(refusal, `/${key}`).length > 0)}>
          {(["logo", "logo_dark"] as const).map((key) => (
            <Logo key={key} label={t.pages.key[key]} value={value[key] as string | undefined} set={(to) => set(key, to)} errors={errorsAt(refusal, `/${key}`)} />
          ))}
          {(["colour", "colour_dark"] as const).map((key) => (
            <Colour key={key} label={t.pages.key[key]} value={value[key] as string | undefined} set={(to) => set(key, to)} errors={errorsAt(refusal, `/${key}`)} />
          ))}
          {!isGuest.value && text("domain")}
          {text("link")}
          <div class="field">
            <span class="label">{t.pages.key.subscribe}</span>
            <label class="row tick">
              <input type="checkbox" checked={value.subscribe !== false && value.subscribe !== "false"} onChange={(event) => set("subscribe", event.currentTarget.checked ? undefined : false)} />
              {t.pages.subscribe}
            </label>
          </div>
        </Folded>
      </section>
      <Sections value={(value.sections ?? []) as Section[]} set={(to) => (spec.value = { ...spec.peek(), sections: to })} refusal={refusal} />
    </>
  );
}
