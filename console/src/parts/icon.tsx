// The line icons. They never stand for a status.

const PATHS = {
  home: "M2.5 7.2 8 2.6l5.5 4.6v6H9.8V9.6H6.2v3.6H2.5z",
  bolt: "M8.8 1.5 3 9.2h4.2L6.8 14.5 13 6.6H8.6z",
  page: "M3.5 1.8h6l3 3v9.4h-9zM9.5 1.8v3h3M5.8 8h4.6M5.8 10.8h4.6",
  ship: "M8 1.8l5.6 3.1v6.2L8 14.2 2.4 11.1V4.9zM2.4 4.9 8 8m0 6.2V8m5.6-3.1L8 8",
  bell: "M4 6.8a4 4 0 0 1 8 0c0 3.6 1.5 4.6 1.5 4.6h-11S4 10.4 4 6.8zM6.7 13.6a1.5 1.5 0 0 0 2.6 0",
  find: "M7 2.3a4.7 4.7 0 1 0 0 9.4 4.7 4.7 0 0 0 0-9.4zM10.5 10.5l3.3 3.3",
  sun: "M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6zM8 1.4v1.3M8 13.3v1.3M1.4 8h1.3M13.3 8h1.3M3.3 3.3l.9.9M11.8 11.8l.9.9M12.7 3.3l-.9.9M4.2 11.8l-.9.9",
  down: "M3.5 6 8 10.5 12.5 6",
  check: "M3 8.5l3.2 3.2L13 4.8",
  x: "M4 4l8 8M12 4l-8 8",
  plus: "M8 3v10M3 8h10",
  write: "M3 13l.6-2.6L10.8 3.2l2 2L5.6 12.4z",
  calendar: "M2.5 3.5h11v10h-11zM2.5 6.5h11M5.5 1.8v3M10.5 1.8v3",
  person: "M8 2.2a2.7 2.7 0 1 0 0 5.4 2.7 2.7 0 0 0 0-5.4zM2.8 13.8c.4-2.7 2.5-4.2 5.2-4.2s4.8 1.5 5.2 4.2",
  mail: "M2 3.5h12v9H2zM2 4.5l6 4.5 6-4.5",
  gear: "M8 5.6a2.4 2.4 0 1 0 0 4.8 2.4 2.4 0 0 0 0-4.8zM8 1.5v1.8M8 12.7v1.8M1.5 8h1.8M12.7 8h1.8M3.4 3.4l1.3 1.3M11.3 11.3l1.3 1.3M12.6 3.4l-1.3 1.3M4.7 11.3l-1.3 1.3",
  tag: "M2 2.5h5.5l6 6-5 5-6.5-6.5zM5 5.3h.01",
  play: "M5 3l7.5 5L5 13z",
  pause: "M5.5 3v10M10.5 3v10",
  left: "M10 3.5 5.5 8l4.5 4.5",
  right: "M6 3.5 10.5 8 6 12.5",
  copy: "M5.5 5.5h8v8h-8zM3.5 10.5h-1v-8h8v1",
  clock: "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8zM8 4.5V8l2.4 1.6",
  keys: "M1.5 4h13v8h-13zM4 6.5h.01M6.7 6.5h.01M9.3 6.5h.01M12 6.5h.01M4.5 9.5h7",
  swap: "M2.5 5.5h9M9 3l2.5 2.5L9 8M13.5 10.5h-9M7 8l-2.5 2.5L7 13",
} as const;

export type IconName = keyof typeof PATHS;

/** An icon; a word must stand beside it. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      stroke-width="1.4"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The mark of the house. */
export function Logo() {
  return (
    <svg width="26" height="26" viewBox="0 0 26 26" aria-hidden="true">
      <rect width="26" height="26" rx="7" fill="var(--ink)" />
      <path d="M4.5 14h4l2.3-6.5 4 12 2.7-5.500h4" fill="none" stroke="var(--on-ink)" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" />
    </svg>
  );
}
