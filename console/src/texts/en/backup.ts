// Backups.

import { count, tenths, whole } from "./words";

/** `640 kB`, `3.4 MB`, `12.0 GB`; the unit is that of the rounded number. */
function size(bytes: number): string {
  if (bytes < 999_500) return `${whole.format(Math.ceil(bytes / 1e3))} kB`;
  if (bytes < 999_950_000) return `${tenths.format(bytes / 1e6)} MB`;
  return bytes < 999_950_000_000 ? `${tenths.format(bytes / 1e9)} GB` : `${tenths.format(bytes / 1e12)} TB`;
}

export const backup = {
  title: "Backups",
  room: (number: number, bytes: number, free: number) => `${number === 0 ? "" : `${count(number, "backup")}, ${size(bytes)}; `}${size(free)} free`,
  none: "There is no backup yet.",
  size,
  results: "with results",
  download: "Download",
  downloadOf: (name: string) => `Download ${name}`,
  delete: "Delete",
  making: (bytes: number, most: number) => (most > 0 ? `Being made: ${size(bytes)} of up to ${size(most)}` : "Being made"),
  makingLabel: "How far the backup is",
  failed: (taken: string, why: string) => `The backup of ${taken} could not be made: ${why}`,
  take: "Back up now",
  begun: "Begun: it takes a while.",
  made: "Done: the backup is there.",
  deleted: "The backup is deleted.",
  withResults: "Results",
  withResultsTick: "Results too",
  withResultsHint: "Without them a backup is much smaller, and graphs begin anew.",
  inIt: "What is in it",
  inItAll:
    "Everything of all accounts as it was at one moment: monitors, channels, status pages, incidents, messages that wait, users and keys; and the keys of this server, so that heartbeats and links stay good. Who has a backup has all of it: keep it as you keep a password.",
  notInIt: "The server's own file is not in it: keep that beside it.",
  elsewhere: "Backups lie on this server's disk. Download them: a disk that breaks takes them along.",
  restore: "How to restore",
  restoreSteps: ["Stop the server.", "Unpack the file into an empty data directory, as the server's user.", "Start the server."],
  restored: "It goes on where the backup was taken: what was not delivered then is delivered now, under the same names.",
  program: "Without a browser",
  closed: "Backups are for who runs the server",
  closedText: "An owner of the server's first account takes and downloads them.",
};
