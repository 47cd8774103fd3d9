// A month as a calendar: a cell for each day, with what is planned and what happened.

import { Glyph } from "../parts/glyph";
import { Icon } from "../parts/icon";
import { exact, minute, visible } from "../state/format";
import { mayWrite } from "../state/me";
import { now } from "../state/now";
import { to } from "../state/route";
import { language, t } from "../texts";
import { type Day, daysOf, emptyBefore, type Entry } from "./month";

/** Entries that a day has room for; the rest is folded away. */
const ROOM = 4;
const weekday = new Intl.DateTimeFormat(language, { weekday: "short" });
const whole = new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long" });

/** The calendar. */
export function Calendar({ month, entries }: { month: Date; entries: readonly Entry[] }) {
  const days = daysOf(month, entries);
  const today = new Date(now.value).toDateString();
  // 2024 began on a Monday.
  const names = Array.from({ length: 7 }, (_, index) => weekday.format(new Date(2024, 0, 1 + index)));
  return (
    <section class="card cal" aria-label={t.maintenance.calendar}>
      <div class="names" aria-hidden="true">
        {names.map((name) => (
          <span>{name}</span>
        ))}
      </div>
      <ol style={{ "--before": emptyBefore(month) + 1 }}>
        {days.map((day) => (
          <li key={day.from} class={[new Date(day.from).toDateString() === today ? "today" : "", day.entries.length === 0 ? "none" : ""].join(" ").trim()}>
            <time dateTime={day_of(day.from)} aria-label={whole.format(day.from)}>
              {day.number}
            </time>
            <List day={day} entries={day.entries.slice(0, ROOM)} />
            <Rest day={day} entries={day.entries.slice(ROOM)} />
          </li>
        ))}
      </ol>
    </section>
  );
}

function day_of(ms: number): string {
  const day = new Date(ms);
  return [day.getFullYear(), day.getMonth() + 1, day.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
}

interface Part {
  day: Day;
  entries: readonly Entry[];
}

function List({ day, entries }: Part) {
  if (entries.length === 0) return null;
  return (
    <ul>
      {entries.map((entry) => (
        <li>
          <One entry={entry} from={day.from} />
        </li>
      ))}
    </ul>
  );
}

/** What a day has no room for. */
function Rest({ day, entries }: Part) {
  if (entries.length === 0) return null;
  return (
    <details>
      <summary class="muted small" aria-label={t.maintenance.moreOn(entries.length, whole.format(day.from))}>
        {t.maintenance.more(entries.length)}
      </summary>
      <List day={day} entries={entries} />
    </details>
  );
}

function One({ entry, from }: { entry: Entry; from: number }) {
  const name = visible(entry.name);
  const time = entry.at >= from ? minute(entry.at) : t.maintenance.goesOn;
  const text = (
    <>
      {entry.look === "mark" ? <Icon name="ship" size={12} /> : <Glyph status={entry.look} size={12} />}
      <span class="ell">
        {name} <span class="num">{time}</span>
      </span>
    </>
  );
  const label = `${t.maintenance.entry[entry.kind]}: ${name}, ${time}`;
  // What the reader cannot change leads nowhere.
  const leads = entry.path && (entry.kind !== "maintenance" || mayWrite.value);
  return leads ? (
    <a class={`entry ${entry.look}`} href={to(entry.path)} title={`${name}, ${exact(entry.at)}`} aria-label={label}>
      {text}
    </a>
  ) : (
    <span class={`entry ${entry.look}`} title={`${name}, ${exact(entry.at)}`}>
      {text}
    </span>
  );
}
