// How English counts: what the texts put numbers and plurals with.

/** The language of the texts, for `Intl`. */
export const language = "en-GB";

/** Which plural a number takes. */
export const plurals = new Intl.PluralRules(language);

/** Whole numbers, `1,284`. */
export const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });

/** With one digit behind the point, `3.4`. */
export const tenths = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** Parts of a hundred that were rounded already, `99.98`. */
export const hundredths = new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** `1 monitor`, `1,284 monitors`. */
export function count(number: number, one: string, other = `${one}s`): string {
  return `${whole.format(number)} ${plurals.select(number) === "one" ? one : other}`;
}
