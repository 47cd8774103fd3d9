// A configuration as the YAML that somebody would write.

/** Words that YAML would not read as text. */
const SPECIAL = /^(|true|false|null|yes|no|on|off|~|-|[-+.\d].*)$/i;
const DURATION = /^(\d+(ms|s|m|h|d))+$/;
const PLAIN = /^[\p{L}\p{N}_/(][\p{L}\p{N}_ ./@()+-]*(?<! )$/u;

/** A value as YAML, with a line break at its end. */
export function yaml(value: Record<string, unknown>): string {
  return block(value, "");
}

function block(value: Record<string, unknown>, indent: string): string {
  return Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .map(([key, inner]) => `${indent}${scalar(key)}:${after(inner, indent)}`)
    .join("");
}

function after(value: unknown, indent: string): string {
  if (Array.isArray(value)) {
    if (value.length === 0) return " []\n";
    if (value.every((item) => typeof item !== "object")) return ` [${value.map(scalar).join(", ")}]\n`;
    return `\n${value.map((item) => listed(item as Record<string, unknown>, `${indent}  `)).join("")}`;
  }
  if (typeof value === "object" && value !== null) {
    return Object.keys(value).length === 0 ? " {}\n" : `\n${block(value as Record<string, unknown>, `${indent}  `)}`;
  }
  return ` ${scalar(value)}\n`;
}

function listed(item: Record<string, unknown>, indent: string): string {
  const text = block(item, `${indent}  `);
  return `${indent}- ${text.slice(indent.length + 2)}`;
}

function scalar(value: unknown): string {
  if (typeof value !== "string") return JSON.stringify(value ?? null);
  return DURATION.test(value) || (PLAIN.test(value) && !SPECIAL.test(value)) ? value : JSON.stringify(value);
}
