// ⌘K: search or jump to. All of it is found on this machine, out of what the page knows anyway.

import "../styles/palette.css";
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Glyph } from "../parts/glyph";
import { Icon, type IconName } from "../parts/icon";
import type { Status } from "../state/model";
import { paletteShown } from "../state/palette";
import { t } from "../texts";
import { find, type Found } from "./found";

const SECTIONS = ["monitors", "do", "go"] as const;
const isStatus = (mark: Status | IconName): mark is Status => mark in t.status;

/** The palette, as long as it is wanted. */
export function Palette() {
  const dialog = useRef<HTMLDialogElement>(null);
  const text = useSignal("");
  const at = useSignal(0);
  const said = useSignal("");
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const { found, number } = find(text.value, (what) => (said.value = what));
  const current = Math.min(at.value, found.length - 1);
  const close = () => {
    paletteShown.value = false;
  };
  const choose = (one: Found | undefined) => {
    if (!one) return;
    close();
    one.act();
  };
  const move = (by: number) => {
    at.value = (current + by + found.length) % Math.max(1, found.length);
    requestAnimationFrame(() => document.getElementById(`found-${found[at.peek()]?.id}`)?.scrollIntoView({ block: "nearest" }));
  };
  return (
    <dialog
      ref={dialog}
      class="palette"
      aria-label={t.palette.title}
      onClose={close}
      onClick={(event) => {
        if (event.target === dialog.current) close();
      }}
    >
      <div class="ask">
        <Icon name="find" size={18} />
        <input
          role="combobox"
          aria-label={t.palette.title}
          aria-expanded="true"
          aria-controls="found"
          aria-activedescendant={found[current] ? `found-${found[current]?.id}` : undefined}
          autocomplete="off"
          spellcheck={false}
          autofocus
          placeholder={t.palette.placeholder}
          value={text.value}
          onInput={(event) => {
            text.value = event.currentTarget.value;
            at.value = 0;
          }}
          onKeyDown={(event) => {
            const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
            if (by !== 0) {
              event.preventDefault();
              move(by);
            }
            if (event.key === "Enter") {
              event.preventDefault();
              choose(found[current]);
            }
          }}
        />
        <kbd>esc</kbd>
      </div>
      <div role="listbox" id="found" aria-label={t.palette.results}>
        {SECTIONS.filter((section) => found.some((one) => one.section === section)).map((section) => (
          <div role="group" aria-label={t.palette.section[section]} key={section}>
            <div class="cap" aria-hidden="true">
              {section === "monitors" ? t.palette.monitors(number) : t.palette.section[section]}
            </div>
            {found.map((one, index) =>
              one.section === section ? (
                <div key={one.id} id={`found-${one.id}`} role="option" aria-selected={index === current} onClick={() => choose(one)} onMouseMove={() => (at.value = index)}>
                  {isStatus(one.mark) ? <Glyph status={one.mark} label={t.status[one.mark]} /> : <Icon name={one.mark} />}
                  <span>
                    <Marked text={one.text} wanted={text.value.trim()} />
                  </span>
                  <span class="muted small ell grow">{one.about}</span>
                  {index === current && <kbd>↵</kbd>}
                </div>
              ) : null,
            )}
          </div>
        ))}
      </div>
      {found.length === 0 && <p class="muted nothing">{t.palette.nothing}</p>}
      <p class="muted small foot" role="status">
        {said.value || (
          <>
            <kbd>↑</kbd> <kbd>↓</kbd> {t.keys.move} <kbd>↵</kbd> {t.keys.open}
          </>
        )}
      </p>
    </dialog>
  );
}

/** The text with what was looked for marked. */
function Marked({ text, wanted }: { text: string; wanted: string }) {
  const at = wanted ? text.toLowerCase().indexOf(wanted.toLowerCase()) : -1;
  if (at < 0) return <>{text}</>;
  return (
    <>
      {text.slice(0, at)}
      <mark>{text.slice(at, at + wanted.length)}</mark>
      {text.slice(at + wanted.length)}
    </>
  );
}
