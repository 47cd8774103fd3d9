// What the server's own description says of a configuration's keys: which there are, what they mean, what they take.

import { address } from "../api/client";

/** A schema of the OpenAPI document, as far as forms need it. */
export interface Schema {
  type?: string | string[];
  description?: string;
  enum?: string[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  oneOf?: Schema[];
  anyOf?: Schema[];
  $ref?: string;
  additionalProperties?: boolean | Schema;
}

/** What a key takes. */
export type Shape =
  | { is: "text" | "secret" | "long" | "number" | "switch" | "list" | "pairs" }
  | { is: "words"; words: string[] }
  | { is: "block"; schema: Schema };

type Schemas = Record<string, Schema>;

let asked: Promise<Schemas> | undefined;

/** All schemas of the server by name; fetched once. */
export function schemas(): Promise<Schemas> {
  asked ??= fetch(address("api/openapi.json"), { credentials: "same-origin" })
    .then((response) => (response.ok ? response.json() : Promise.reject(new Error(String(response.status)))))
    .then((document: { components: { schemas: Schemas } }) => document.components.schemas);
  asked.catch(() => {
    asked = undefined;
  });
  return asked;
}

const SECRET = /^(password|secret|token|bearer_token|routing_key)$/;
const LONG = /^(body|query|send|labels)$/;
const WORDS = /One of ((?:`[^`]+`(?:, )?)+)\.?\s*$/;

/** What a key takes, seen from its schema. */
export function shapeOf(key: string, schema: Schema, all: Schemas): Shape {
  const words = WORDS.exec(schema.description ?? "")?.[1];
  if (words) return { is: "words", words: [...words.matchAll(/`([^`]+)`/g)].map((found) => found[1] ?? "") };
  const choices = schema.anyOf ?? schema.oneOf ?? [];
  const named = [schema, ...choices].find((one) => one.$ref)?.$ref?.split("/").at(-1);
  const block = named ? all[named] : undefined;
  if (block) return { is: "block", schema: block };
  const types = [schema, ...choices].flatMap((one) => one.type ?? []);
  if (types.includes("boolean")) return { is: "switch" };
  if (types.includes("integer") || types.includes("number")) return { is: "number" };
  if (types.includes("array")) return { is: "list" };
  if (types.includes("object")) return { is: "pairs" };
  if (SECRET.test(key)) return { is: "secret" };
  return { is: LONG.test(key) ? "long" : "text" };
}

/** A key as a label: `max_redirects` is `Max redirects`. */
export function labelOf(key: string): string {
  const known: Record<string, string> = { url: "URL", dsn: "DSN", ip_version: "IP version", rcode: "Response code", ca: "CA file", smtp: "SMTP relay", tls: "TLS", cron: "Cron line" };
  return known[key] ?? key.charAt(0).toUpperCase() + key.slice(1).replaceAll("_", " ");
}

/** What a key means, without the list of its words. */
export const meaningOf = (schema: Schema): string => (schema.description ?? "").replace(WORDS, "").trim();
