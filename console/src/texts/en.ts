// Every text of the console in English, put together from its subjects: this is what a translator has twice.
//
// Another language is another file like this one with a folder of the same subjects beside it, its `words.ts` counting
// as that language does. A page takes with it only the subjects that it names.

export * from "./en/account";
export * from "./en/add";
export * from "./en/alerting";
export * from "./en/around";
export * from "./en/backup";
export * from "./en/common";
export * from "./en/incidents";
export * from "./en/maintenance";
export * from "./en/monitor";
export * from "./en/overview";
export * from "./en/pages";
export * from "./en/rehearsal";
export * from "./en/settings";
export * from "./en/welcome";
