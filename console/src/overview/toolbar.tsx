// What is above the list: filter, statuses, order.

import { Glyph } from "../parts/glyph";
import { Icon } from "../parts/icon";
import { counts, monitors } from "../state/fleet";
import { mayWrite } from "../state/me";
import { type Order, ORDERS } from "../state/order";
import { t } from "../texts";
import { SelectAll } from "./row";
import { only, order, problem, rows, search, sortBy, status, text } from "./search";
import { choosing, clear } from "./selection";

const OFFERED = ["down", "degraded", "maintenance", "paused", "unknown"] as const;

/** The tools of the list. */
export function Toolbar() {
  return (
    <div class="toolbar">
      <div class="qbox" role="search">
        <Icon name="find" />
        <input
          id="filter"
          type="search"
          aria-label={t.list.filter}
          aria-describedby="filter-problem"
          aria-invalid={problem.value ? true : undefined}
          placeholder={t.list.placeholder}
          autocomplete="off"
          spellcheck={false}
          value={text.value}
          onInput={(event) => search(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Escape" || (event.key === "Enter" && rows.peek().length > 0)) event.currentTarget.blur();
          }}
        />
        <kbd class="hide-m">/</kbd>
      </div>
      <Statuses />
      <label class="row small muted sort">
        <span class="vh">{t.list.sort}</span>
        <select value={order.value} onChange={(event) => sortBy(event.currentTarget.value as Order)}>
          {ORDERS.map((one) => (
            <option value={one}>{t.list.order[one]}</option>
          ))}
        </select>
      </label>
      {mayWrite.value && <Choose />}
      <p id="filter-problem" class={problem.value ? "small bad degraded" : "vh"} role="status">
        {problem.value}
      </p>
    </div>
  );
}

/** On a phone: shows what selects, and goes away again. */
function Choose() {
  return (
    <span class="row only-m">
      {choosing.value && (
        <label class="row tick small">
          <SelectAll /> {t.list.all(rows.value.length)}
        </label>
      )}
      <button type="button" class="btn sm" aria-pressed={choosing.value} onClick={() => (choosing.value ? clear() : (choosing.value = true))}>
        {choosing.value ? t.list.chosen : t.list.choose}
      </button>
    </span>
  );
}

/** One button for each status that is there. */
function Statuses() {
  const there = OFFERED.filter((one) => counts.value[one] > 0 || status.value === one);
  return (
    <div class="seg" role="group" aria-label={t.list.state}>
      <button type="button" aria-pressed={status.value === null} onClick={() => only(null)}>
        {t.list.all(monitors.value?.length ?? 0)}
      </button>
      {there.map((one) => (
        <button type="button" aria-pressed={status.value === one} onClick={() => only(one)}>
          <Glyph status={one} size={12} />
          {one === "maintenance" ? t.statusShort.maintenance : t.status[one]} {t.number(counts.value[one])}
        </button>
      ))}
    </div>
  );
}
