// A curl command, read as a monitor: the words as a shell parts them, the options that say what is asked.

import { t } from "../texts";

type Spec = Record<string, unknown>;

/** Options of curl that take a value and say nothing that a monitor has. */
const SKIPPED = new Set(["-o", "--output", "-w", "--write-out", "-c", "--cookie-jar", "--retry", "--retry-delay", "--connect-timeout", "--cacert", "-x", "--proxy"]);
const DATA = new Set(["-d", "--data", "--data-raw", "--data-binary", "--data-ascii", "--json"]);

/** The words of a command, without their quotes. */
export function words(command: string): string[] {
  const found: string[] = [];
  let word: string | null = null;
  for (const [part, single, ansi, double, escaped, space, plain] of command.matchAll(/'([^']*)'|\$'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|\\([\s\S])|(\s+)|([^\s'"\\$]+|\$)/g)) {
    if (space !== undefined) {
      if (word !== null) found.push(word);
      word = null;
      continue;
    }
    const text = single ?? ansi?.replace(/\\n/g, "\n").replace(/\\(.)/g, "$1") ?? double?.replace(/\\(["\\$`])/g, "$1") ?? escaped ?? plain ?? part;
    word = (word ?? "") + text;
  }
  if (word !== null) found.push(word);
  return found;
}

/** The keys of the monitor that asks what this command asks. */
export function curl(command: string): Spec {
  const rest = words(command).slice(1);
  const http: Spec = {};
  const headers: Record<string, string> = {};
  const spec: Spec = {};
  const data: string[] = [];
  const take = (): string => {
    const value = rest.shift();
    if (value === undefined) throw new Error(t.add.curlEnds);
    return value;
  };
  while (rest.length > 0) {
    const word = rest.shift() ?? "";
    const joined = /^(--[\w-]+)=(.*)$/s.exec(word) ?? /^(-[XHdumAbe])(.+)$/s.exec(word);
    if (joined && word !== joined[1]) rest.unshift(joined[2] ?? "");
    const option = joined?.[1] ?? word;
    if (option === "-X" || option === "--request") http.method = take();
    else if (option === "-H" || option === "--header") header(take(), headers);
    else if (option === "-A" || option === "--user-agent") headers["User-Agent"] = take();
    else if (option === "-e" || option === "--referer") headers.Referer = take();
    else if (option === "-b" || option === "--cookie") headers.Cookie = take();
    else if (DATA.has(option)) {
      data.push(take());
      if (option === "--json") headers["Content-Type"] = "application/json";
    } else if (option === "-u" || option === "--user") {
      const [user, ...password] = take().split(":");
      http.basic_auth = { user: user ?? "", password: password.join(":") };
    } else if (option === "-I" || option === "--head") http.method = "HEAD";
    else if (option === "-k" || option === "--insecure") http.tls = { insecure: true };
    else if (option === "-m" || option === "--max-time") spec.timeout = `${take()}s`;
    else if (option === "--url") http.url = take();
    else if (SKIPPED.has(option)) take();
    else if (!option.startsWith("-")) http.url ??= option;
  }
  if (typeof http.url !== "string") throw new Error(t.add.curlNoUrl);
  if (!/^https?:\/\//i.test(http.url)) http.url = `http://${http.url}`;
  if (data.length > 0) {
    http.body = data.join("&");
    http.method ??= "POST";
    if (!Object.keys(headers).some((name) => name.toLowerCase() === "content-type")) headers["Content-Type"] = "application/x-www-form-urlencoded";
  }
  const bearer = Object.keys(headers).find((name) => name.toLowerCase() === "authorization" && /^bearer\s/i.test(headers[name] ?? ""));
  if (bearer) {
    http.bearer_token = (headers[bearer] ?? "").replace(/^bearer\s+/i, "");
    delete headers[bearer];
  }
  if (Object.keys(headers).length > 0) http.headers = headers;
  return { ...spec, http };
}

function header(text: string, headers: Record<string, string>): void {
  const at = text.indexOf(":");
  // `Accept;` and `Accept:` are curl's ways to send a header empty or not at all.
  if (at < 0 || !text.slice(at + 1).trim()) return;
  headers[text.slice(0, at).trim()] = text.slice(at + 1).trim();
}
