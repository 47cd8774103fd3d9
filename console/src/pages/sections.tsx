// What a status page shows: sections in order, each with monitors under public names, or whole groups and tags.

import type { Refusal } from "../api/client";
import { Chips } from "../parts/chips";
import { Folded, withKey } from "../parts/fields";
import { errorsAt, Field } from "../parts/form";
import { Icon } from "../parts/icon";
import { monitors } from "../state/fleet";
import { visible } from "../state/format";
import { t } from "../texts";

/** A monitor as visitors see it. */
interface Component {
  monitor: string;
  name?: string;
  about?: string;
}

/** A section as a configuration has it. */
export interface Section {
  name?: string;
  monitors?: Component[];
  groups?: string[];
  tags?: string[];
}

/** `list` with what is at `from` moved to `to`. */
function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const rest = list.filter((_, at) => at !== from);
  return [...rest.slice(0, to), ...list.slice(from, from + 1), ...rest.slice(to)];
}

interface ListProps {
  value: readonly Section[];
  set: (to: Section[]) => void;
  refusal: Refusal | null;
}

/** The sections. */
export function Sections({ value, set, refusal }: ListProps) {
  return (
    <div class="stack">
      {value.map((section, at) => (
        <One
          key={at}
          section={section}
          number={at + 1}
          set={(to) => set(value.map((one, index) => (index === at ? to : one)))}
          move={(by) => set(moved(value, at, at + by))}
          remove={() => set(value.filter((_, index) => index !== at))}
          isFirst={at === 0}
          isLast={at === value.length - 1}
          refusal={refusal}
        />
      ))}
      {errorsAt(refusal, "/sections")
        .filter((error) => error.pointer === "/sections")
        .map((error) => (
          <p class="small bad down" role="alert">
            {visible(error.detail)}
          </p>
        ))}
      <div class="row">
        <button type="button" class="btn" onClick={() => set([...value, {}])}>
          <Icon name="plus" size={14} /> {t.pages.sectionAdd}
        </button>
      </div>
    </div>
  );
}

interface OrderProps {
  name: string;
  move: (by: number) => void;
  remove: (() => void) | null;
  isFirst: boolean;
  isLast: boolean;
}

/** Up, down, away. */
function Order({ name, move, remove, isFirst, isLast }: OrderProps) {
  return (
    <span class="row order end">
      <button type="button" class="btn sm icon ghost turn" aria-label={t.pages.up(name)} aria-disabled={isFirst} onClick={() => !isFirst && move(-1)}>
        <Icon name="left" />
      </button>
      <button type="button" class="btn sm icon ghost turn" aria-label={t.pages.down(name)} aria-disabled={isLast} onClick={() => !isLast && move(1)}>
        <Icon name="right" />
      </button>
      {remove && (
        <button type="button" class="btn sm icon ghost" aria-label={t.form.remove(name)} onClick={remove}>
          <Icon name="x" />
        </button>
      )}
    </span>
  );
}

interface OneProps {
  section: Section;
  number: number;
  set: (to: Section) => void;
  move: (by: number) => void;
  remove: () => void;
  isFirst: boolean;
  isLast: boolean;
  refusal: Refusal | null;
}

function One({ section, number, set, move, remove, isFirst, isLast, refusal }: OneProps) {
  const at = `/sections/${number - 1}`;
  const name = t.pages.section(number);
  const all = monitors.value ?? [];
  const components = section.monitors ?? [];
  const with_ = (key: keyof Section, to: unknown) => set(withKey(section as Record<string, unknown>, key, to) as Section);
  const offered = { groups: [...new Set(all.map((one) => one.group).filter(Boolean))], tags: [...new Set(all.flatMap((one) => one.tags))] };
  const said = errorsAt(refusal, at).filter((error) => !["/name", "/monitors", "/groups", "/tags"].some((key) => error.pointer.startsWith(at + key)));
  return (
    <section class="card" aria-label={name}>
      <header>
        <h2>{name}</h2>
        <Order name={name} move={move} remove={isFirst && isLast ? null : remove} isFirst={isFirst} isLast={isLast} />
      </header>
      <Field label={t.pages.sectionName} errors={[...errorsAt(refusal, `${at}/name`), ...said]}>
        {(control) => <input {...control} class="input" value={section.name ?? ""} onInput={(event) => with_("name", event.currentTarget.value)} />}
      </Field>
      <div class="components">
        {components.map((component, index) => (
          <Row
            key={index}
            component={component}
            number={index + 1}
            set={(to) => with_("monitors", components.map((one, place) => (place === index ? to : one)))}
            move={(by) => with_("monitors", moved(components, index, index + by))}
            remove={() => with_("monitors", components.filter((_, place) => place !== index))}
            isFirst={index === 0}
            isLast={index === components.length - 1}
            errors={errorsAt(refusal, `${at}/monitors/${index}`).map((error) => visible(error.detail))}
          />
        ))}
        <select
          class="input"
          aria-label={`${t.pages.monitorAdd}, ${name}`}
          value=""
          onChange={(event) => {
            const chosen = event.currentTarget.value;
            event.currentTarget.value = "";
            if (chosen) with_("monitors", [...components, { monitor: chosen }]);
          }}
        >
          <option value="">{t.pages.monitorAdd}…</option>
          {all
            .filter((monitor) => !components.some((one) => one.monitor === monitor.name))
            .map((monitor) => (
              <option value={monitor.name}>{visible(monitor.name)}</option>
            ))}
        </select>
      </div>
      <Folded title={`${t.pages.groups}, ${t.pages.tags.toLowerCase()}`} about={[...(section.groups ?? []), ...(section.tags ?? [])].map(visible).join(", ") || t.pages.groupsAbout} open={["groups", "tags"].some((key) => errorsAt(refusal, `${at}/${key}`).length > 0)}>
        {(["groups", "tags"] as const).map((key) => (
          <Field key={key} label={t.pages[key]} errors={errorsAt(refusal, `${at}/${key}`)}>
            {(control) => <Chips control={control} value={section[key] ?? []} set={(to) => with_(key, to)} offered={offered[key]} />}
          </Field>
        ))}
      </Folded>
    </section>
  );
}

interface RowProps {
  component: Component;
  number: number;
  set: (to: Component) => void;
  move: (by: number) => void;
  remove: () => void;
  isFirst: boolean;
  isLast: boolean;
  errors: string[];
}

/** A monitor with what visitors read of it. */
function Row({ component, set, move, remove, isFirst, isLast, errors }: RowProps) {
  const name = visible(component.monitor);
  const input = (key: "name" | "about", label: string, placeholder: string) => (
    <input
      class="input"
      aria-label={`${label}, ${name}`}
      placeholder={placeholder}
      value={component[key] ?? ""}
      onInput={(event) => set(withKey({ ...component }, key, event.currentTarget.value) as unknown as Component)}
    />
  );
  return (
    <div class="component" role="group" aria-label={name}>
      <div class="row">
        <span class="strong ell">{name}</span>
        <Order name={name} move={move} remove={remove} isFirst={isFirst} isLast={isLast} />
      </div>
      <div class="pair">
        {input("name", t.pages.publicName, `${t.pages.publicName}: ${t.pages.asItIs}`)}
        {input("about", t.pages.what, `${t.pages.what} ${t.form.optional}`)}
      </div>
      {errors.map((error) => (
        <p class="small bad down">{error}</p>
      ))}
    </div>
  );
}
