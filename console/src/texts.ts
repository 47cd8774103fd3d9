// The texts that the console shows, and the language they are in. Every one of them lies below `texts/`.
//
// Words as everywhere in Allswell: monitor, check, incident, channel. Numbers, plurals and moments go through `Intl`;
// moments are in the reader's own time zone.

export * as t from "./texts/en";
export { language } from "./texts/en/words";
