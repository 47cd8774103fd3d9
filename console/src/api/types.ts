// Made of the OpenAPI document; `UPDATE=1 cargo nextest run -p allswell-server types` writes it anew.

/** An account. */
export interface Account {
  id: number;
  /** How many monitors there are. */
  monitors: number;
  name: string;
  plan?: AccountPlan | null;
}

/** Who wants an account. */
export interface AccountAsked {
  /** The mail address to sign in with. */
  email: string;
}

/** A plan. */
export interface AccountPlan {
  /** The shortest time from one asking of a monitor to the next; `null` for no limit. */
  min_interval_s?: number | null;
  /** The most monitors; `null` for no limit. */
  monitors?: number | null;
  name: string;
}

/** Somebody sees to an outage. */
export interface Acknowledgement {
  /** Who. */
  by: string;
  /** Since when. */
  time: string;
}

/** What to do with each. */
export type Action = "pause" | "resume" | "delete" | "tag" | "untag" | "change";

/** A backup. */
export interface Backup {
  /** How many bytes it has as a file. */
  bytes: number;
  name: string;
  /** Whether results are in it: without, graphs begin anew. */
  results: boolean;
  taken: string;
}

/** A backup that did not come to be. */
export interface BackupFailed {
  /** Why. */
  detail: string;
  name: string;
  results: boolean;
  taken: string;
}

/** A backup that is being made. */
export interface BackupMaking {
  /** How many bytes are written. */
  bytes: number;
  /** How many there will be at most. */
  bytes_max: number;
  name: string;
  results: boolean;
  taken: string;
}

/** All backups, and the room for them. */
export interface Backups {
  /** The newest first. */
  backups: Backup[];
  /** How many bytes they take together. */
  bytes: number;
  failed?: BackupFailed | null;
  /** How many bytes are free where they lie. */
  free_bytes: number;
  making?: BackupMaking | null;
}

export interface BasicAuthSpec {
  /** The password. */
  password: string;
  /** The user. */
  user: string;
}

/** What to do with many monitors. */
export interface Bulk {
  /** What to do. */
  action: Action;
  /** Whether one that is refused keeps the others from being done. */
  all_or_nothing?: boolean;
  filter?: Filter | null;
  /** Which, by number or name. */
  ids?: string[];
  patch?: Record<string, unknown> | null;
  /** The tags to put on or to take off. */
  tags?: string[];
}

/** What became of many monitors. */
export interface BulkResults {
  results: OneOfMany[];
}

/** A channel, and how it is configured. */
export type Channel = Configured & {
  name: string;
  /** Where it leads, without anything secret; `null` where it cannot be used. */
  receiver?: string | null;
  /** `email`, `webhook`, ... */
  type: string;
};

export type ChannelSpec = {
  /** A PEM file with the roots to trust instead. */
  ca?: string;
  /** The sender: `allswell@example.com` or `Allswell <allswell@example.com>`. */
  from: string;
  /** Its name, unlike any other channel's. */
  name?: string;
  /** The password, when not in the URL. */
  password?: string;
  /** The relay: `smtp://user:password@host:port`, `smtps://` (TLS from the first byte, port 465) or `smtp+starttls://` (never in the clear, port 587). */
  smtp: string;
  /** Whether to turn to TLS after a greeting in the clear. A password never leaves in the clear but to this machine. One of `auto`, `required`, `off`. */
  starttls?: string;
  /** Also told of each monitor that has one of these tags, unless the monitor names its channels itself. */
  tags?: string[] | null;
  /** The recipients. More are a mailing list's job. */
  to: string[] | null;
  type: "email";
  /** The user, when not in the URL. */
  username?: string;
} | {
  /** A PEM file with the roots to trust instead. */
  ca?: string;
  /** More headers to send. */
  headers?: Record<string, string> | null;
  /** Its name, unlike any other channel's. */
  name?: string;
  /** Signs each request with HMAC-SHA256; unsigned when there is none. */
  secret?: string;
  /** Two secrets, while one replaces the other. */
  secrets?: string[] | null;
  /** Also told of each monitor that has one of these tags, unless the monitor names its channels itself. */
  tags?: string[] | null;
  type: "webhook";
  /** `http://` or `https://`. Who knows it may write to it, so it is kept like a password. */
  url: string;
} | {
  /** A PEM file with the roots to trust instead. */
  ca?: string;
  /** More labels, for its routes: `team=payments, env=prod`. */
  labels?: string;
  /** Its name, unlike any other channel's. */
  name?: string;
  /** The label `severity`. It is the same for all messages of an incident, for labels are what Alertmanager knows an alert by; the annotation `kind` says whether it is down or degraded. */
  severity?: string;
  /** Also told of each monitor that has one of these tags, unless the monitor names its channels itself. */
  tags?: string[] | null;
  type: "alertmanager";
  /** Alertmanager's address, with the user and password it asks for, if it does: `https://user:password@alerts.example.com`. */
  url: string;
} | {
  /** A PEM file with the roots to trust instead. */
  ca?: string;
  /** Its name, unlike any other channel's. */
  name?: string;
  /** Only those of the stored configuration that have this tag. */
  tag?: string;
  /** Also told of each monitor that has one of these tags, unless the monitor names its channels itself. */
  tags?: string[] | null;
  type: "apprise";
  /** Where it takes messages, with the key of a stored configuration: `http://apprise.example.com:8000/notify/KEY`. */
  url: string;
  /** Apprise URLs to tell, where no configuration is stored; then `url` ends with `/notify`. */
  urls?: string;
} | {
  /** A PEM file with the roots to trust instead. */
  ca?: string;
  /** Its name, unlike any other channel's. */
  name?: string;
  /** Also told of each monitor that has one of these tags, unless the monitor names its channels itself. */
  tags?: string[] | null;
  type: "discord";
  /** The webhook's address. Who knows it may write to the channel, so it is kept like a password. */
  url: string;
  /** The name that messages come under; the webhook's own when there is none. */
  username?: string;
} | {
  /** A PEM file with the roots to trust instead. */
  ca?: string;
  /** Its name, unlike any other channel's. */
  name?: string;
  /** The server. */
  server?: string;
  /** Also told of each monitor that has one of these tags, unless the monitor names its channels itself. */
  tags?: string[] | null;
  /** An access token, for a topic that is protected. */
  token?: string;
  /** The topic. On an open server who knows it may read and write, so it is kept like a password. */
  topic: string;
  type: "ntfy";
} | {
  /** A PEM file with the roots to trust instead. */
  ca?: string;
  /** Its name, unlike any other channel's. */
  name?: string;
  /** The integration key of the service (`Events API v2`). */
  routing_key: string;
  /** Another address: `https://events.eu.pagerduty.com` in the EU. */
  server?: string;
  /** How severe a monitor that is down is. Degraded ones and certificates are a `warning`. */
  severity?: string;
  /** Also told of each monitor that has one of these tags, unless the monitor names its channels itself. */
  tags?: string[] | null;
  type: "pagerduty";
} | {
  /** A PEM file with the roots to trust instead. */
  ca?: string;
  /** Its name, unlike any other channel's. */
  name?: string;
  /** Also told of each monitor that has one of these tags, unless the monitor names its channels itself. */
  tags?: string[] | null;
  type: "slack";
  /** The webhook's address. Who knows it may write to the channel, so it is kept like a password. */
  url: string;
} | {
  /** A PEM file with the roots to trust instead. */
  ca?: string;
  /** Its name, unlike any other channel's. */
  name?: string;
  /** Also told of each monitor that has one of these tags, unless the monitor names its channels itself. */
  tags?: string[] | null;
  type: "teams";
  /** The workflow's address. Who knows it may write to the channel, so it is kept like a password. */
  url: string;
} | {
  /** A PEM file with the roots to trust instead. */
  ca?: string;
  /** The chat's number, or `@name` of a public channel. The bot must be in it. */
  chat: string;
  /** Its name, unlike any other channel's. */
  name?: string;
  /** Another address, for a Bot API server of your own. */
  server?: string;
  /** Also told of each monitor that has one of these tags, unless the monitor names its channels itself. */
  tags?: string[] | null;
  /** The topic's number, in a group that has topics. */
  thread?: string;
  /** The bot's token, as @BotFather gave it. */
  token: string;
  type: "telegram";
};

/** All channels, by name. */
export interface Channels {
  channels: Channel[];
}

/** A condition, held against the answer. */
export interface Condition {
  /** As it is written. */
  condition: string;
  /** `null` where there was no answer to hold it against. */
  held?: boolean | null;
  /** What was there, `status is 200`, also where it held; `null` where it looks at nothing that can be shown, and where a monitor was checked and not tried. */
  seen?: string | null;
  /** Why it did not hold, with the value that was there. */
  why?: string | null;
}

/** How a resource is configured, and by whom. */
export interface Configured {
  /** The server's own file, where that is the owner. */
  file?: string | null;
  owner: Owner;
  /** Why it is not in force. */
  problem?: string | null;
  /** The number of its last change, which its ETag is made of; `null` where the file is the owner. */
  revision?: number | null;
  spec: Record<string, unknown>;
}

/** An invitation that was just made. */
export type CreatedInvitation = Invitation & {
  /** The link, to hand over. It is shown here and never again. */
  link: string;
  /** Whether it is on its way by mail as well: where the server has a relay, and that address was not written to too often. */
  mailed: boolean;
};

/** A key that was just made. */
export type CreatedKey = Key & {
  /** The secret. It is shown here and never again. */
  key: string;
};

/** Who was told, newest first. */
export interface Deliveries {
  deliveries: Delivery[];
}

/** One message to one channel. */
export interface Delivery {
  /** How often it was tried. */
  attempts: number;
  /** The key of the message that told this one too, when many came at once. */
  carrier?: string | null;
  /** The channel's name. */
  channel: string;
  created: string;
  id: number;
  /** The id of its incident. */
  incident: string;
  /** The idempotency key that the other side gets. */
  key: string;
  kind: NotificationKind;
  /** What the other side said last. */
  last_answer?: string | null;
  /** The monitor's name. */
  monitor: string;
  /** The monitor's number. */
  monitor_id: number;
  /** When it is tried next. */
  next?: string | null;
  /** When the other side took it. */
  sent?: string | null;
  state: DeliveryState;
}

/** One attempt to hand a message over. */
export interface DeliveryAttempt {
  began: string;
  /** From 1 on. */
  number: number;
  /** `sent`, `retried`, `refused`; `null` like `took_ms`. */
  result?: string | null;
  /** What the other side said, secrets masked. */
  said?: string | null;
  /** How long it took; `null` while it is under way, and for ever when the server was stopped meanwhile. */
  took_ms?: number | null;
}

/** A message with every attempt to hand it over. */
export type DeliveryInFull = Delivery & {
  /** The last thousand, oldest first. */
  tries: DeliveryAttempt[];
};

export type DeliveryState = "waiting" | "sent" | "refused";

/** A value that is different, secrets as `***`. */
export interface Difference {
  /** What it is now; `null` where it is not written. */
  from?: string | null;
  /** Which: `http.url`. */
  key: string;
  /** What it would be; `null` where it would not be written. */
  to?: string | null;
}

export interface DnsSpec {
  /** Whether the answer must, or must not, be authoritative. */
  authoritative?: boolean | string;
  /** The values the records must have, in any order, as a zone file writes them: `10 mail.example.com`. */
  expect?: string[] | null;
  /** Which addresses of the name to try. One of `any`, `ipv4`, `ipv6`. */
  ip_version?: string;
  /** `set`: these values and no others; `subset`: others may stand beside them. One of `set`, `subset`. */
  match?: string;
  /** The longest time to live of a record that is well. From 0s to 2147483647s, like `30s` or `1m30s`. */
  max_ttl?: string;
  /** The shortest time to live of a record that is well. A resolver counts it down; ask the authoritative server. From 0s to 2147483647s, like `30s` or `1m30s`. */
  min_ttl?: string;
  /** The name to ask for; for `type: PTR` an IP address will do. */
  name: string;
  /** The response code that is well. `NXDOMAIN` watches that a name is gone. One of `NOERROR`, `NXDOMAIN`, `SERVFAIL`, `REFUSED`, `FORMERR`, `NOTIMP`. */
  rcode?: string;
  /** The address of a DNS server to ask: `192.0.2.53` or `192.0.2.53:5353`. */
  resolver?: string;
  /** The server to ask: `192.0.2.53`, `192.0.2.53:5353` or `ns1.example.com`. The silence of the system's own is our trouble and alerts nobody; that of a server named here is a failure. */
  server?: string;
  /** How to speak TLS. */
  tls?: TlsOptionsSpec | null;
  /** `udp` turns to TCP when the answer does not fit; `tls` is RFC 7858, port 853, and needs a `server`. One of `udp`, `tcp`, `tls`. */
  transport?: string;
  /** The type of record. An answer without any record of it fails. One of `A`, `AAAA`, `CNAME`, `MX`, `NS`, `TXT`, `SOA`, `SRV`, `CAA`, `PTR`. */
  type?: string;
}

/** One thing that is wrong with a body. */
export interface FieldError {
  /** The kind of mistake; `allswell explain` tells more. */
  code: string;
  /** The column, in characters from 1 on. */
  column?: number | null;
  /** What is wrong, with the value. */
  detail: string;
  /** The file, where files were sent. */
  file?: string | null;
  /** The way out. */
  hint?: string | null;
  /** The line of the file, from 1 on. */
  line?: number | null;
  /** Where in the body: a JSON pointer (RFC 6901). */
  pointer: string;
}

/** Files that are one configuration together. */
export interface Files {
  /** In any order: a monitor may name a channel of another file. */
  files: OneFile[];
  /** The fingerprint of the plan that was shown: applied only when it is still the same. */
  fingerprint?: string | null;
  /** Whether what people wrote goes as well when no file says it. What the server's own file says always stays. */
  prune?: boolean;
}

/** Which monitors are meant. */
export interface Filter {
  /** They belong to this group. */
  group?: string | null;
  /** Their names hold this text. */
  search?: string | null;
  /** They have this tag. */
  tag?: string | null;
}

/** The first user. */
export interface FirstUser {
  /** The mail address to sign in with. */
  email: string;
  /** What people call them; what stands before the `@` when nothing is said. */
  name?: string | null;
  /** 12 to 256 characters. */
  password: string;
}

/** Monitors in columns: what stands at the same place belongs to the same monitor. */
export interface Fleet {
  /** Whole days until the first certificate of the chain ends, negative when one has ended. */
  certificate_days_left: (number | null)[];
  /** The HTTP status of the last asking. */
  code: (number | null)[];
  group: (string | null)[];
  id: number[];
  /** The incident that is open. */
  incident: (string | null)[];
  /** Seconds from one asking to the next. */
  interval_s: number[];
  kind: string[];
  /** How many seconds of these days are known. */
  known_s: (number | null)[];
  /** How long the last asking took. */
  latency_ms: (number | null)[];
  /** How many the filter let through. */
  matched: number;
  name: string[];
  /** The 95th percentile of the good ones among the last 48 askings. */
  p95_ms: (number | null)[];
  /** Where `/api/v1/events` goes on from: give it as `after`, or as `Last-Event-ID`. */
  position: string;
  /** Why the last asking was no plain pass. */
  reason: (string | null)[];
  /** When `status` began, in milliseconds since 1970; `null` before the first answer. */
  since_ms: (number | null)[];
  /** Indices into `statuses`. */
  status: number[];
  /** What the numbers in `status` mean. */
  statuses: string[];
  tags: string[][];
  /** What is asked, secrets masked. */
  target: string[];
  /** How many monitors there are. */
  total: number;
  /** Uptime over the last 30 days in percent, by time. Rounded down to a hundredth, so that no failure reads as 100; `null` when nothing is known. */
  uptime_percent: (number | null)[];
}

/** Who has lost their password. */
export interface Forgotten {
  /** The mail address to sign in with. */
  email: string;
}

export interface GrpcSpec {
  /** `host:port`; IPv6 in brackets: `[::1]:5432`. */
  address: string;
  /** Which addresses of the name to try. One of `any`, `ipv4`, `ipv6`. */
  ip_version?: string;
  /** Metadata to send. Their values are kept like passwords. */
  metadata?: Record<string, string> | null;
  /** The address of a DNS server to ask: `192.0.2.53` or `192.0.2.53:5353`. */
  resolver?: string;
  /** Whose health to ask for, as `grpc.health.v1` names it: `orders.v1.Orders`. */
  service?: string;
  /** How to speak TLS; `{}` speaks it as the system trusts. */
  tls?: TlsOptionsSpec | null;
}

/** How one part of the server is. */
export interface HealthCheck {
  age_ms?: number | null;
  critical: boolean;
  message?: string | null;
  since?: string | null;
  status: string;
  time: string;
}

/** Our own health document. */
export interface HealthDocument {
  checks: Record<string, HealthCheck>;
  ready: boolean;
  reason?: string | null;
  started: boolean;
  started_at: string;
  status: string;
  timestamp: string;
  up: boolean;
  version: string;
}

/** A heartbeat, where it is called, and when. */
export interface Heartbeat {
  /** Until when it is in time. */
  deadline?: string | null;
  /** When the next call is expected; `null` when the calendar has come to its end. */
  expected?: string | null;
  /** The monitor's number. */
  id: number;
  /** When a call last said how a run ended, or was missed; `null` before. */
  last?: string | null;
  /** The monitor's name. */
  name: string;
  /** When calls are expected, in words. */
  schedule: string;
  status: Status;
  /** Where the job calls; `/start`, `/fail`, `/log` or an exit code behind it say more. Who knows it may call. */
  url: string;
}

export interface HeartbeatSpec {
  /** Calls are expected when this line of cron says: `0 3 * * *`. */
  cron?: string;
  /** How much later than expected a call is in time. From 0s to 366d, like `30s` or `1m30s`. */
  grace?: string;
  /** How long a run may take from its `/start`. From 1s to 366d, like `30s` or `1m30s`. */
  max_run?: string;
  /** Calls are expected when systemd's `OnCalendar` says: `Mon..Fri 02:30`, `daily`. */
  on_calendar?: string;
  /** Calls are expected each time this long after the one before. From 1s to 366d, like `30s` or `1m30s`. */
  period?: string;
  /** The time zone of `cron` and `on_calendar`: `Europe/Berlin`. */
  timezone?: string;
  /** Who knows it may call. 16 to 128 letters, digits, dashes and underscores. `allswell heartbeats` lists the addresses. */
  token?: string;
}

/** All heartbeats that wait to be called, by name. */
export interface Heartbeats {
  heartbeats: Heartbeat[];
}

/** What was true of a monitor over a range, in stretches that follow one another. */
export interface History {
  from: string;
  /** The monitor's number. */
  id: number;
  /** The monitor's name. */
  name: string;
  /** Oldest first; those with the status that was asked for, where one was. */
  stretches: Stretch[];
  to: string;
}

export interface HttpSpec {
  /** User and password for basic authentication. */
  basic_auth?: BasicAuthSpec | null;
  /** A bearer token. */
  bearer_token?: string;
  /** The body to send. */
  body?: string;
  /** Connect to this `host:port` instead; the name in TLS and the Host header stay. */
  connect?: string;
  /** The status codes that are well: `200`, `2xx`, `200-204`. */
  expected_status?: string[] | null;
  /** Headers to send. Their values are kept like passwords. */
  headers?: Record<string, string> | null;
  /** Which addresses of the name to try. One of `any`, `ipv4`, `ipv6`. */
  ip_version?: string;
  /** The largest body in bytes, counted after decompression; a larger one fails. What is read lies in memory. */
  max_body?: number | string;
  /** How many redirects to follow. Browsers give up after twenty; 0 follows none. */
  max_redirects?: number | string;
  /** The method. */
  method?: string;
  /** The address of a DNS server to ask: `192.0.2.53` or `192.0.2.53:5353`. */
  resolver?: string;
  /** How to speak TLS. */
  tls?: TlsOptionsSpec | null;
  /** `http://` or `https://`. */
  url: string;
}

/** An outage. */
export interface Incident {
  acknowledged?: Acknowledgement | null;
  /** The first failure. */
  began: string;
  /** One sentence. */
  cause: string;
  /** The first good answer; `null` while it is open. */
  ended?: string | null;
  /** The monitor's number and the transition's, `12-7`. */
  id: string;
  kind: IncidentKind;
  lasted_ms: number;
  /** Its page. */
  link?: string | null;
  /** The monitor's name. */
  monitor: string;
  /** The monitor's number. */
  monitor_id: number;
  open: boolean;
  /** When it was confirmed. */
  opened: string;
}

/** An outage with all that is known of it. */
export type IncidentInFull = Incident & {
  /** What was seen at the first failure. */
  evidence: unknown;
  /** Oldest first. */
  timeline: IncidentLine[];
};

export type IncidentKind = "down" | "degraded" | "certificate";

/** What happened at one moment of an incident. */
export interface IncidentLine {
  text: string;
  time: string;
  /** `opened`, `turned`, `closed`, `acknowledged`, `silenced`, `note`, `update`, `sent`, `retried`, `refused`. */
  what: string;
}

/** The outages, newest first. */
export interface Incidents {
  incidents: Incident[];
}

/** Somebody who was asked in. */
export interface Invitation {
  email: string;
  /** From when on it is good no more. */
  expires: string;
  id: number;
  made: string;
  role: Role;
}

/** The invitations that nobody has come with yet, oldest first. */
export interface Invitations {
  invitations: Invitation[];
}

/** Who comes. */
export interface Join {
  /** What people call them; what stands before the `@` when nothing is said. */
  name?: string | null;
  /** 12 to 256 characters. */
  password: string;
  /** What stands in the link behind `token=`. */
  token: string;
}

/** A key, without its secret. */
export interface Key {
  created: string;
  expired: boolean;
  /** From when on it is worth nothing; `null` for never. */
  expires?: string | null;
  id: number;
  /** When it was used last, give or take a minute; `null` for never. */
  last_used?: string | null;
  name: string;
  /** What it is good for: `read`, `write` (which may do all), `heartbeat`. */
  scopes: string[];
}

/** What is different about a key from now on; what is not there stays as it is. */
export interface KeyPatch {
  /** From when on it is worth nothing; `null` for never. */
  expires?: string | null;
  /** What people call it; no two keys have the same name. */
  name?: string | null;
  scopes?: Scope[];
}

/** All keys, oldest first. */
export interface Keys {
  keys: Key[];
}

/** A tag or a group. */
export interface Label {
  /** How many monitors have it. */
  monitors: number;
  name: string;
  /** How many of them are `up`, `degraded`, `down`, `unknown`, `maintenance`, `paused`. */
  status: Record<string, number>;
}

/** What monitors are found by, and how they are. */
export interface Labels {
  labels: Label[];
}

/** A window of planned maintenance, when it is open, and how it is configured. */
export type Maintenance = Configured & {
  name: string;
  state?: MaintenanceState | null;
  /** The next five times that it is open, or those until the moment that was asked for; the one that is open now first. */
  upcoming: Opening[];
};

/** All planned maintenance, by name. */
export interface MaintenanceList {
  maintenance: Maintenance[];
}

export interface MaintenanceSpec {
  /** The time of day, `02:00`. */
  at?: string;
  /** From each of these moments on: minute, hour, day of the month, month, day of the week. */
  cron?: string;
  /** How long, in real time: as long on days on which clocks are moved as on others. From 1m to 366d, like `30s` or `1m30s`. */
  duration?: string;
  /** Once, from this moment on: `2026-12-24T22:00` by the clock of `timezone`, or `2026-12-24T21:00Z`. */
  from?: string;
  /** All monitors of these groups. */
  groups?: string[] | null;
  /** The names of the monitors that it covers. */
  monitors?: string[] | null;
  /** Its name, as those of monitors are; unlike any other window's. */
  name: string;
  /** All monitors with one of these tags. */
  tags?: string[] | null;
  /** Whose clock is meant, like `Europe/Berlin`. What begins in the hour that is left out begins when the clock is moved; what begins in the hour that comes twice begins once, the first time. */
  timezone?: string;
  /** The end of what is `from` a moment on, written as that; or write `duration`. */
  until?: string;
  /** On these days of each week, from `at` on. */
  weekly?: string[] | null;
}

export type MaintenanceState = "planned" | "open" | "over";

/** Something that happened elsewhere. */
export interface Mark {
  at: string;
  id: number;
  /** What it was, in a word: `deploy`. */
  kind: string;
  /** Where more is told. */
  link?: string | null;
  /** The number of the monitor it concerns; `null` for all. */
  monitor_id?: number | null;
  text: string;
}

/** What happened elsewhere, newest first. */
export interface Marks {
  events: Mark[];
}

/** Who asks. */
export interface Me {
  /** What who asks may do: `read`, `write`, `heartbeat`, and `own`: say who else may do what. */
  may: string[];
  /** The number of the session; `null` like `user`. */
  session?: number | null;
  user?: Oneself | null;
}

/** Who asks, and the account in which they do. */
export type MeInFull = Me & {
  account: Account;
  key?: OwnKey | null;
};

/** What is different about oneself from now on. */
export interface MePatch {
  /** What people call one. */
  name: string;
}

/** A monitor, and what is true of it now. */
export interface Monitor {
  /** When it was first watched. */
  created: string;
  /** What it belongs to; `null` when to nothing. */
  group?: string | null;
  /** Its number; it stays with the monitor for good. */
  id: number;
  /** The id of the incident that is open. */
  incident?: string | null;
  /** Seconds from one asking to the next. */
  interval_s: number;
  /** How it asks: `http`, `tcp`, `tls`, ... */
  kind: string;
  last_result?: Result | null;
  name: string;
  paused: boolean;
  /** When `status` began; `null` before the first answer. */
  since?: string | null;
  status: Status;
  /** Words it can be found by, sorted. */
  tags: string[];
  /** What is asked, secrets masked. */
  target: string;
  /** By the length of the window: `24h`, `7d`, `30d`, `90d`. */
  uptime: Record<string, UptimeNumber>;
}

/** A monitor, what is true of it now, and how it is configured. */
export type MonitorInFull = Monitor & Configured;

export interface MonitorOnPageSpec {
  /** What it is, in a few words. */
  about?: string;
  /** The monitor's name. */
  monitor: string;
  /** What the public sees. */
  name?: string;
}

export interface MonitorSpec {
  /** A certificate that ends within so many days is a warning. 0 warns never; an expired one fails all the same. */
  certificate_days?: number | string;
  /** The names of the channels that are told. `[]` tells nobody. */
  channels?: string[] | null;
  /** What must hold of an answer, in CEL; all of it. What cannot be evaluated does not hold. */
  conditions?: string[] | null;
  /** A pass slower than this is a warning. Less than the timeout, or it never could be. From 1ms to 1d, like `30s` or `1m30s`. */
  degraded_above?: string;
  /** The names of monitors without which it cannot be well. While one of them is down, nobody is told of this one by itself. */
  depends_on?: string[] | null;
  /** Ask a DNS server for records. */
  dns?: DnsSpec | null;
  /** Failures in a row until it is down. Two, so that one lost packet wakes nobody. */
  failure_threshold?: number | string;
  /** Outages within half an hour that are told as one that comes and goes: then once an hour, and when it has been the same for 15 minutes. 0 tells each outage. */
  flap_after?: number | string;
  /** What it belongs to: a service, a customer, a team. At most one, named as monitors are. */
  group?: string;
  /** Ask the health service of a gRPC server. */
  grpc?: GrpcSpec | null;
  /** Wait to be called. Down after the first call that does not come, unless `failure_threshold` says otherwise; `interval`, `timeout` and `initial_delay` mean nothing for it. */
  heartbeat?: HeartbeatSpec | null;
  /** Ask over HTTP. */
  http?: HttpSpec | null;
  /** How long a new monitor waits before it is asked for the first time. From 0s to 1d, like `30s` or `1m30s`. */
  initial_delay?: string;
  /** From one asking to the next. Shorter than a second is a load test; longer than a day goes unnoticed. From 1s to 1d, like `30s` or `1m30s`. */
  interval?: string;
  /** Log in to a MySQL or MariaDB server and send it one query. */
  mysql?: MysqlSpec | null;
  /** Its name: 1 to 128 characters, no control characters, unlike any other. Its history belongs to the name: one that is renamed says what it was called in `renamed_from`, else it is a new one. */
  name: string;
  /** Whether it is not asked for now. */
  paused?: boolean | string;
  /** Send echo requests (ICMP). */
  ping?: PingSpec | null;
  /** Log in to a PostgreSQL server and send it one query. */
  postgres?: PostgresSpec | null;
  /** Log in to a Redis server and PING it. */
  redis?: RedisSpec | null;
  /** How long until people are reminded of what lasts and nobody has acknowledged; again and again. From 1m to 30d, like `30s` or `1m30s`. */
  remind_every?: string;
  /** The name it had before. Its number and its history go on under the new name; once that is done the key means nothing and may stay or go. */
  renamed_from?: string;
  /** Successes in a row until it is up again. */
  success_threshold?: number | string;
  /** Words it can be found by: letters, digits, `-`, `_`, `.`, `:` and `/`. */
  tags?: string[] | null;
  /** Connect over TCP. */
  tcp?: TcpSpec | null;
  /** The one deadline of an asking, over all phases and redirects. Longer than the interval is refused; one that is inherited is shortened to the interval. From 100ms to 1d, like `30s` or `1m30s`. */
  timeout?: string;
  /** Speak TLS and look at the certificate. */
  tls?: TlsSpec | null;
  /** Open a WebSocket. */
  websocket?: WebsocketSpec | null;
}

/** Monitors, in the order that was asked for. */
export interface Monitors {
  /** How many the filter let through. */
  matched: number;
  monitors: Monitor[];
  /** Where the next page is; `null` on the last one. */
  next?: string | null;
  /** How many monitors there are. */
  total: number;
}

export interface MysqlSpec {
  /** `mysql://user:password@host:3306/database?ssl-mode=verify-full`, kept like a password. `ssl-mode` takes the words of PostgreSQL's `sslmode` and MySQL's own (`REQUIRED`, `VERIFY_IDENTITY`); `prefer` when it is not said, `verify-full` with a `tls` block. */
  dsn: string;
  /** What the first column of the first row must be, as text. */
  expect?: string;
  /** Which addresses of the name to try. One of `any`, `ipv4`, `ipv6`. */
  ip_version?: string;
  /** The one query. Give the user no more rights than it needs. */
  query?: string;
  /** The address of a DNS server to ask: `192.0.2.53` or `192.0.2.53:5353`. */
  resolver?: string;
  /** How to speak TLS. */
  tls?: TlsOptionsSpec | null;
}

/** A new account. */
export interface NewAccount {
  /** What the account is called; the mail address when nothing is said. */
  account?: string | null;
  /** What people call its owner; what stands before the `@` when nothing is said. */
  name?: string | null;
  /** 12 to 256 characters. */
  password: string;
  /** What stands in the link behind `token=`. */
  token: string;
}

/** Who sees to it. */
export interface NewAcknowledgement {
  /** Who; the key's name where nothing is said. */
  by?: string | null;
  note?: string | null;
}

/** What is to be in a backup. */
export interface NewBackup {
  /** Whether results are in it; not where nothing is said. */
  results?: boolean | null;
}

/** Who is asked in. */
export interface NewInvitation {
  /** The mail address that they will sign in with. */
  email: string;
  role: Role;
}

/** What a key is to be. */
export interface NewKey {
  /** From when on it is worth nothing. */
  expires?: string | null;
  /** What people call it; no two keys have the same name. */
  name: string;
  scopes?: Scope[];
}

/** What happened. */
export interface NewMark {
  /** When; now where nothing is said. */
  at?: string | null;
  /** What it was, in a word; `deploy` where nothing is said. */
  kind?: string | null;
  /** Where more is told: http:// or https://. */
  link?: string | null;
  /** Whom it concerns: a monitor's number or name; all where nothing is said. */
  monitor?: string | null;
  /** One sentence: `payments 1.43.0`. */
  text: string;
}

/** What somebody says of an incident. */
export interface NewNote {
  kind?: NoteKind | null;
  text: string;
}

/** A new password. */
export interface NewPassword {
  /** 12 to 256 characters. */
  password: string;
  /** What stands in the link behind `token=`. */
  token: string;
}

/** What a user is to be. */
export interface NewUser {
  /** The mail address to sign in with; no two users have the same. */
  email: string;
  /** What people call them; what stands before the `@` when nothing is said. */
  name?: string | null;
  /** 12 to 256 characters. */
  password: string;
  role: Role;
}

export type NoteKind = "note" | "update";

export type NotificationKind = "down" | "up" | "degraded" | "certificate" | "test";

/** The askings of a stretch of time as few numbers; latencies are those of askings that were answered well. */
export interface Numbers {
  avg_ms?: number | null;
  /** How many askings there were. */
  count: number;
  failed: number;
  /** The part of those we know of that failed, from 0 to 1. */
  failed_share?: number | null;
  max_ms?: number | null;
  min_ms?: number | null;
  p50_ms?: number | null;
  p95_ms?: number | null;
  p99_ms?: number | null;
  /** Of how many nobody knows, because of ourselves. */
  unknown: number;
}

/** One file. */
export interface OneFile {
  /** Its name, for messages. */
  name: string;
  /** Its text, in YAML: `defaults`, `channels`, `monitors`, `maintenance` and `status_pages`. */
  text: string;
}

/** What became of one of them. */
export interface OneOfMany {
  done: boolean;
  /** Its number; `null` when it was deleted, or never there. */
  id?: number | null;
  /** Its name. */
  name: string;
  /** Why it was not done. */
  problem?: string | null;
}

/** The user who asks. */
export interface Oneself {
  email: string;
  id: number;
  name: string;
  role: Role;
}

/** One time that a window is open. */
export interface Opening {
  from: string;
  /** `null` while nobody knows. */
  until?: string | null;
}

export type Order = "configured" | "trouble" | "name" | "slow";

export type Outcome = "pass" | "warn" | "fail" | "unknown";

/** The API key that asks. */
export interface OwnKey {
  id: number;
  name: string;
  scopes: string[];
}

export type Owner = "file" | "apply" | "api";

export type PageAccess = "public" | "password" | "token";

/** Another password. */
export interface PasswordChange {
  /** The one that was good until now. */
  current: string;
  /** 12 to 256 characters. */
  new: string;
}

/** Proof that it is the user who asks. */
export interface PasswordProof {
  password: string;
}

export type Patch = Record<string, unknown>;

/** Percentiles of a monitor's latencies. */
export type Percentiles = Numbers & {
  from: string;
  /** The monitor's number. */
  id: number;
  /** The monitor's name. */
  name: string;
  to: string;
};

/** The phases of an asking in milliseconds; one that was not reached or not needed is left out. */
export interface PhasesMs {
  connect?: number | null;
  dns?: number | null;
  first_byte?: number | null;
  tls?: number | null;
  total: number;
  transfer?: number | null;
}

export interface PingSpec {
  /** How many packets; 100 last 20 s. */
  count?: number | string;
  /** From one packet to the next. More packets a second are a flood. From 2ms to 1m, like `30s` or `1m30s`. */
  gap?: string;
  /** A name or an address. */
  host: string;
  /** Which addresses of the name to try. One of `any`, `ipv4`, `ipv6`. */
  ip_version?: string;
  /** How many packets of a hundred may be lost. More fail, fewer are a warning. */
  max_loss?: number | string;
  /** The address of a DNS server to ask: `192.0.2.53` or `192.0.2.53:5353`. */
  resolver?: string;
  /** How long to wait for replies after the last packet, as far as the timeout lets. What is not here then is lost. From 1ms to 1m, like `30s` or `1m30s`. */
  wait?: string;
}

/** What applying a configuration does. */
export interface Plan {
  /** Names this plan: the same files against a server that changed meanwhile make another one. */
  fingerprint: string;
  /** The names of what was written by people and is in no file; it stays. */
  kept: string[];
  /** What changes, channels and defaults before monitors, and those before maintenance and status pages. */
  steps: Step[];
  /** How many resources stay as they are. */
  unchanged: number;
}

export interface PostgresSpec {
  /** `postgres://user:password@host:5432/database?sslmode=verify-full`, kept like a password. `sslmode` is `disable`, `prefer` (TLS where the server speaks it, any certificate), `require` (TLS, any certificate) or `verify-full`; `prefer` when it is not said, `verify-full` with a `tls` block. */
  dsn: string;
  /** What the first column of the first row must be, as text. */
  expect?: string;
  /** Which addresses of the name to try. One of `any`, `ipv4`, `ipv6`. */
  ip_version?: string;
  /** The one query. Give the user no more rights than it needs. */
  query?: string;
  /** The address of a DNS server to ask: `192.0.2.53` or `192.0.2.53:5353`. */
  resolver?: string;
  /** How to speak TLS. */
  tls?: TlsOptionsSpec | null;
}

/** RFC 9457, with `field` and `hint` as extensions. */
export interface Problem {
  detail: string;
  /** All that is wrong with a body. */
  errors?: FieldError[];
  field?: string | null;
  hint?: string | null;
  /** The limit of the account's plan that was reached, as `/api/v1/me` names it. */
  limit?: string | null;
  status: number;
  title: string;
  type: string;
}

export type Reason = "dns_not_found" | "dns_failure" | "dns_timeout" | "address_forbidden" | "connect_refused" | "connect_unreachable" | "connect_timeout" | "connection_lost" | "tls_expired" | "tls_not_yet_valid" | "tls_wrong_name" | "tls_untrusted" | "tls_self_signed" | "tls_incomplete_chain" | "tls_unsupported" | "tls_handshake" | "tls_timeout" | "certificate_expiring" | "first_byte_timeout" | "transfer_timeout" | "http_protocol" | "headers_too_large" | "body_too_large" | "decode" | "too_many_redirects" | "redirect_refused" | "protocol" | "status" | "condition" | "expectation" | "health_degraded" | "health_unhealthy" | "authentication" | "refused" | "slow" | "packet_loss" | "heartbeat_missed" | "heartbeat_failed" | "own_network" | "own_resolver" | "own_starved" | "own_store" | "own_fault" | "own_absence";

/** Codes on paper for who has lost the app, each good once. They are shown here and never again. */
export interface RecoveryCodes {
  recovery_codes: string[];
}

export interface RedisSpec {
  /** `redis://user:password@host:6379/0`, kept like a password; `redis://:password@host` without a user; `rediss://` speaks TLS. */
  dsn: string;
  /** Which addresses of the name to try. One of `any`, `ipv4`, `ipv6`. */
  ip_version?: string;
  /** The address of a DNS server to ask: `192.0.2.53` or `192.0.2.53:5353`. */
  resolver?: string;
  /** How to speak TLS. */
  tls?: TlsOptionsSpec | null;
}

/** What one asking gave. */
export interface Result {
  /** What else is known: message, address, version, the app's own checks, certificate. */
  detail?: unknown;
  outcome: Outcome;
  phases_ms: PhasesMs;
  reason?: Reason | null;
  /** The HTTP status. */
  status?: number | null;
  /** When it began. */
  time: string;
}

/** What the askings of a monitor gave, newest first. */
export interface Results {
  /** The monitor's number. */
  id: number;
  /** The monitor's name. */
  name: string;
  /** Where the older ones are, when there may be some. */
  next?: string | null;
  results: Result[];
}

export type Role = "viewer" | "editor" | "owner";

export type Scope = "heartbeat" | "read" | "write";

/** The second factor of who asks. */
export interface SecondFactor {
  /** Whether a code is asked for. */
  on: boolean;
  /** How many codes on paper were not used yet. */
  recovery_codes_left: number;
}

/** A code that the app shows. */
export interface SecondFactorCode {
  /** Six digits. */
  code: string;
}

/** What an app must know to make codes. It is shown here and never again. */
export interface SecondFactorSecret {
  /** For typing: Base32. */
  secret: string;
  /** For apps: an address that begins with `otpauth://`. */
  uri: string;
}

export interface SectionSpec {
  /** All monitors of these groups, under their own names. Each monitor is on a page once. */
  groups?: string[] | null;
  /** Monitors by name, each with the name that the public sees. One that is not there is shown without data, and the log tells so. */
  monitors?: MonitorOnPageSpec[] | null;
  /** Its heading. */
  name?: string;
  /** All monitors with one of these tags, under their own names. */
  tags?: string[] | null;
}

/** How long a monitor's askings took over time, in columns: what stands at the same place belongs to the same stretch. */
export interface Series {
  avg_ms: (number | null)[];
  /** How many askings were begun in each stretch; where there is none, nothing is known. */
  count: number[];
  /** The part that failed, from 0 to 1. */
  failed_share: (number | null)[];
  from: string;
  /** The monitor's number. */
  id: number;
  max_ms: (number | null)[];
  min_ms: (number | null)[];
  /** The monitor's name. */
  name: string;
  p95_ms: (number | null)[];
  /** How long a stretch is. */
  step_s: number;
  to: string;
  /** The same over the whole range. */
  whole: Numbers;
}

/** An account of the server. */
export interface ServerAccount {
  created: string;
  id: number;
  /** How many monitors there are in it. */
  monitors: number;
  name: string;
  /** The plan by which it is kept; `null` for no limits. */
  plan?: string | null;
  /** How many users it has. */
  users: number;
}

/** What is different about an account from now on. */
export interface ServerAccountPatch {
  /** The plan by which it is kept, one of `plans` in the server's own file; `null` for no limits. */
  plan: string | null;
}

/** Accounts by their number. */
export interface ServerAccounts {
  accounts: ServerAccount[];
  /** Where the next page is; `null` on the last one. */
  next?: string | null;
}

/** A browser in which somebody is signed in. */
export interface Session {
  /** What the browser said of itself. */
  agent: string;
  began: string;
  /** Whether it is the one that asks. */
  current: boolean;
  /** When it ends if nobody uses it. */
  ends: string;
  /** The address from which it was begun. */
  from: string;
  id: number;
  /** When it was used last, give or take a minute. */
  used: string;
}

/** The sessions of who asks, the one that was used last first. */
export interface Sessions {
  sessions: Session[];
}

/** How far the server is set up. */
export interface Setup {
  /** Whether everything is open: there is neither a user nor an API key. */
  open: boolean;
  /** Whether whoever has a mail address may make an account of their own. */
  sign_up: boolean;
  /** Whether there are users who can sign in. */
  users: boolean;
}

/** A part of a window. */
export interface Share {
  ms: number;
  percent: number;
}

/** Who wants to sign in. */
export interface SignIn {
  /** Where the user has a second factor: the six digits of the app, or a code on paper. A 401 whose `field` is `code` asks for it. */
  code?: string | null;
  /** The mail address. */
  email: string;
  /** The password. */
  password: string;
}

export type Status = "up" | "degraded" | "down" | "unknown" | "maintenance" | "paused";

/** A status page, where it is found, and how it is configured. */
export type StatusPage = Configured & {
  access?: PageAccess | null;
  /** Where it is found; `null` where it cannot be used. */
  address?: string | null;
  /** The monitors that it names and that are not there; it shows them without data. */
  missing: string[];
  slug: string;
  /** How many have said that they want its news by e-mail. */
  subscribers: number;
  title: string;
};

export interface StatusPageSpec {
  /** Who may see it: everybody, who knows `password`, or who has the link with `?token=`. One of `public`, `password`, `token`. */
  access?: string;
  /** The colour of buttons and of the line at the top, like `#0f62fe`. The banner's follows from what is true. */
  colour?: string;
  /** The one for dark surroundings. */
  colour_dark?: string;
  /** A sentence or two for visitors. */
  description?: string;
  /** A host that shows this page at `/` and nothing else of the server: `status.example.com`, without a port. */
  domain?: string;
  /** The slugs it had before, the oldest first. They lead to it, and its subscribers stay with it. A page that is renamed through the API knows them by itself. */
  formerly?: string[] | null;
  /** Where logo and title lead: your own site, `https://` or `http://`. */
  link?: string;
  /** An SVG, PNG, JPEG or WebP of at most 128 KiB; shown 32 pixels high beside the title. */
  logo?: string;
  /** The one for dark surroundings. */
  logo_dark?: string;
  /** 8 characters at least; with `access: password`. */
  password?: string;
  /** What it shows, in order. A page shows at most 300 components. */
  sections: SectionSpec[] | null;
  /** Its address is `/s/SLUG/`: small letters, digits and dashes, unlike any other page's. */
  slug: string;
  /** Whether visitors may have its news sent to them by e-mail. */
  subscribe?: boolean | string;
  /** What it is called. */
  title: string;
  /** 16 letters, digits, dashes and underscores at least; with `access: token`. */
  token?: string;
}

/** All status pages, by slug. */
export interface StatusPages {
  status_pages: StatusPage[];
}

/** One resource that changes. */
export interface Step {
  /** How it asks and what, for a new monitor; the type of a new channel; when new maintenance is; the title of a new page. */
  about?: string | null;
  /** `create`, `change` or `delete`. */
  action: string;
  /** What is different in it. */
  changes: Difference[];
  /** `monitor`, `channel`, `maintenance`, `status_page` or `defaults`. */
  kind: string;
  /** Its name. */
  name: string;
  /** The name it had, where it is renamed. */
  renamed_from?: string | null;
}

/** A stretch of time in which one thing was true. */
export interface Stretch {
  from: string;
  status: Status;
  to: string;
}

/** The last askings of a monitor, oldest first, 48 at most. */
export interface Strip {
  latency_ms: number[];
  /** Indices into `outcomes`. */
  outcome: number[];
}

/** The last askings of some monitors, oldest first. */
export interface Strips {
  /** What the numbers in `outcome` mean. */
  outcomes: string[];
  /** By the monitor's number. */
  strips: Record<string, Strip>;
}

export interface TcpSpec {
  /** `host:port`; IPv6 in brackets: `[::1]:5432`. */
  address: string;
  /** What the answer must contain, within its first 64 KiB. */
  expect?: string;
  /** Which addresses of the name to try. One of `any`, `ipv4`, `ipv6`. */
  ip_version?: string;
  /** The address of a DNS server to ask: `192.0.2.53` or `192.0.2.53:5353`. */
  resolver?: string;
  /** What to say after connecting; `\r`, `\n`, `\t`, `\\` and `\xNN` are understood. */
  send?: string;
}

/** How a test message ended. */
export interface Tested {
  /** Whether the other side took it. */
  accepted: boolean;
  /** What it said, or what happened. */
  answer: string;
}

export interface TlsOptionsSpec {
  /** A PEM file with the roots to trust instead. */
  ca?: string;
  /** A PEM file with the client's certificate chain. */
  client_cert?: string;
  /** A PEM file with the client's key. */
  client_key?: string;
  /** Accept any certificate. What is wrong with it is still recorded and shown. */
  insecure?: boolean | string;
  /** The name to ask for and to verify. */
  server_name?: string;
}

export interface TlsSpec {
  /** `host:port`; IPv6 in brackets: `[::1]:5432`. */
  address: string;
  /** Which addresses of the name to try. One of `any`, `ipv4`, `ipv6`. */
  ip_version?: string;
  /** The address of a DNS server to ask: `192.0.2.53` or `192.0.2.53:5353`. */
  resolver?: string;
  /** The protocol to leave by STARTTLS. One of `smtp`, `imap`, `pop3`, `postgres`. */
  starttls?: string;
  /** How to speak TLS. */
  tls?: TlsOptionsSpec | null;
}

/** What one asking brought back, all of it. */
export interface Trial {
  /** Which address was asked. */
  address?: string | null;
  body_bytes?: number | null;
  certificate?: Record<string, unknown> | null;
  /** Each condition, whether it held, and where it did not the value that was there. */
  conditions: Condition[];
  /** The same in a sentence. */
  detail?: string | null;
  final_url?: string | null;
  health?: Record<string, unknown> | null;
  http_version?: string | null;
  outcome: Outcome;
  phases_ms: PhasesMs;
  reason?: Reason | null;
  said?: Record<string, unknown> | null;
  /** The HTTP status. */
  status?: number | null;
  /** What was asked, secrets masked. */
  target: string;
}

/** How one monitor fared. */
export interface Uptime {
  /** The monitor's number. */
  id: number;
  /** Calendar months, the newest first, where they were asked for. */
  months?: UptimeMonth[] | null;
  /** The monitor's name. */
  name: string;
  /** By the length of the window: `24h`, `7d`, `30d`, `90d`. */
  uptime: Record<string, UptimeWindow>;
  window?: UptimeWindow | null;
}

/** A calendar month, as long as its time zone makes it; the running one until now. */
export type UptimeMonth = UptimeWindow & {
  /** `2026-11`. */
  month: string;
};

/** Uptime as a number and as people read it. `percent` is `null` when nothing is known. */
export interface UptimeNumber {
  /** How much of the window is known. */
  coverage_percent: number;
  percent?: number | null;
  /** Rounded down, so that no failure reads as 100 %. */
  text: string;
}

/** How all monitors fared. */
export interface UptimeOfAll {
  /** How many the filter let through. */
  matched: number;
  monitors: Uptime[];
  /** Where the next page is; `null` on the last one. */
  next?: string | null;
  /** How many monitors there are. */
  total: number;
}

/** One window: the number, how much of it is known, and its parts, which add up to the whole. */
export type UptimeWindow = UptimeNumber & {
  from: string;
  /** By what was true: `up`, `degraded`, `down`, `unknown`, `maintenance`, `paused`. */
  shares: Record<string, Share>;
  to: string;
  window_ms: number;
};

/** Somebody who may sign in. */
export interface User {
  created: string;
  email: string;
  id: number;
  /** When one of these was used last, give or take a minute; `null` while there is none. */
  last_seen?: string | null;
  name: string;
  role: Role;
  /** Whether signing in asks them for a code beside the password. */
  second_factor: boolean;
  /** In how many browsers they are signed in. */
  sessions: number;
}

/** What is different about a user from now on; what is not there stays as it is. */
export interface UserPatch {
  /** What people call them. */
  name?: string | null;
  /** 12 to 256 characters; signs them out everywhere. */
  password?: string | null;
  role?: Role;
}

/** All users, oldest first. */
export interface Users {
  users: User[];
}

export interface WebsocketSpec {
  /** Connect to this `host:port` instead; the name in TLS and the Host header stay. */
  connect?: string;
  /** What one of the messages that come must contain; each has at most 64 KiB, all of them together too. */
  expect?: string;
  /** Headers of the handshake. Their values are kept like passwords. */
  headers?: Record<string, string> | null;
  /** Which addresses of the name to try. One of `any`, `ipv4`, `ipv6`. */
  ip_version?: string;
  /** The address of a DNS server to ask: `192.0.2.53` or `192.0.2.53:5353`. */
  resolver?: string;
  /** The text message to send once it is open. */
  send?: string;
  /** The subprotocol that the server must agree to. */
  subprotocol?: string;
  /** How to speak TLS. */
  tls?: TlsOptionsSpec | null;
  /** `ws://` or `wss://`. */
  url: string;
}
