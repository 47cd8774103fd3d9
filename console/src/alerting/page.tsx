// `/alerting`: the channels, each with a test that really sends, and every message with every attempt to hand it over.

import "../styles/alerting.css";
import { useSignal } from "@preact/signals";
import { read, send } from "../api/client";
import type { Channel, Channels, Deliveries, Delivery, Tested } from "../api/types";
import { refused, saidBy } from "../parts/form";
import { State } from "../parts/glyph";
import { Icon } from "../parts/icon";
import { Empty, Loading, Refused } from "../parts/notice";
import { Page } from "../parts/shell";
import { Sure } from "../parts/sure";
import { brief, exact, sentence, visible } from "../state/format";
import { useLive } from "../state/live";
import { mayWrite } from "../state/me";
import { now } from "../state/now";
import { query, to } from "../state/route";
import { t } from "../texts";
import { ChannelForm } from "./form";
import { DeliveriesCard, statusOf } from "./log";

/** How often the log is read again; what did not change costs no bytes. */
const AGAIN_MS = 4_000;
const STEP = 100;

interface Facts {
  channels: Channel[];
  deliveries: Delivery[];
}

async function readFacts(limit: number, signal: AbortSignal): Promise<Facts> {
  const [channels, deliveries] = await Promise.all([read<Channels>("channels", signal), read<Deliveries>(`deliveries?limit=${limit}`, signal)]);
  return { channels: channels.channels, deliveries: deliveries.deliveries };
}

/** What a test came to, by channel. */
type Tests = Map<string, { accepted: boolean; answer: string } | "running">;

/** The page. `?add` and `?edit=NAME` show a channel's form. */
export function AlertingPage() {
  const limit = useSignal(STEP);
  const tests = useSignal<Tests>(new Map());
  const facts = useLive<Facts>((_, signal) => readFacts(limit.peek(), signal), `${limit.value}`, Math.floor(now.value / AGAIN_MS));
  const parameters = new URLSearchParams(query.value);
  if (facts.value.value === null) return facts.error.value ? <Refused error={facts.error.value} retry={facts.again} /> : <Loading title={t.alerting.title} />;
  const { channels, deliveries } = facts.value.value;
  const edited = parameters.get("edit");
  const shown = channels.find((channel) => channel.name === edited) ?? null;
  const test = async (name: string) => {
    const set = (result: { accepted: boolean; answer: string } | "running") => {
      tests.value = new Map(tests.peek()).set(name, result);
    };
    set("running");
    try {
      set(await send<Tested>("POST", `channels/${encodeURIComponent(name)}/test`));
    } catch (error) {
      set({ accepted: false, answer: saidBy(refused(error)) });
    }
  };
  if (mayWrite.value && (parameters.has("add") || shown)) {
    return <ChannelForm key={edited ?? ""} channel={shown} known={channels} saved={facts.again} test={(name) => void test(name)} />;
  }
  return (
    <Page title={t.alerting.title} crumbs={<b>{t.alerting.title}</b>} actions={channels.length > 0 && <AddButton />}>
      <div class="head">
        <h1>{t.alerting.title}</h1>
        <p class="muted">{t.alerting.about}</p>
      </div>
      <div class="stack">
        {channels.length === 0 ? (
          <Empty title={t.alerting.empty} text={mayWrite.value ? t.alerting.emptyText : ""}>
            <AddButton />
          </Empty>
        ) : (
          <section class="card" aria-labelledby="channels">
            <header>
              <h2 id="channels">{t.alerting.channels}</h2>
            </header>
            <ul class="channels">
              {channels.map((channel) => (
                <Row
                  key={channel.name}
                  channel={channel}
                  last={deliveries.find((one) => one.channel === channel.name)}
                  result={tests.value.get(channel.name)}
                  test={() => void test(channel.name)}
                  again={facts.again}
                />
              ))}
            </ul>
          </section>
        )}
        <DeliveriesCard deliveries={deliveries} more={deliveries.length >= limit.value ? () => (limit.value += STEP) : null} />
      </div>
    </Page>
  );
}

function AddButton() {
  if (!mayWrite.value) return null;
  return (
    <a class="btn pri add" href={to("/alerting?add")}>
      <Icon name="plus" />
      <span>{t.alerting.add}</span>
    </a>
  );
}

interface RowProps {
  channel: Channel;
  last: Delivery | undefined;
  result: { accepted: boolean; answer: string } | "running" | undefined;
  test: () => void;
  again: () => void;
}

function Row({ channel, last, result, test, again }: RowProps) {
  const problem = useSignal("");
  const name = visible(channel.name);
  const remove = async () => {
    try {
      await send("DELETE", `channels/${encodeURIComponent(channel.name)}`);
      again();
    } catch (error) {
      problem.value = saidBy(refused(error));
    }
  };
  return (
    <li>
      <div class="who">
        <span class="strong ell">{name}</span>
        <span class="muted small ell">
          {t.alerting.kind(channel.type)}
          {channel.receiver && ` · ${visible(channel.receiver)}`}
        </span>
      </div>
      <div class="last small">
        {channel.problem ? <State status="down">{sentence(visible(channel.problem))}</State> : last ? <Last delivery={last} /> : <span class="muted">{t.alerting.never}</span>}
      </div>
      {mayWrite.value && (
        <div class="row wrap">
          <button type="button" class="btn sm" aria-label={`${t.alerting.test} ${name}`} aria-disabled={result === "running"} onClick={test}>
            {result === "running" ? t.alerting.testing : t.alerting.test}
          </button>
          {channel.owner === "file" ? (
            <span class="tag" title={visible(channel.file ?? "")}>
              {t.alerting.inFile}
            </span>
          ) : (
            <>
              <a class="btn sm" aria-label={`${t.monitor.edit} ${name}`} href={to(`/alerting?edit=${encodeURIComponent(channel.name)}`)}>
                {t.monitor.edit}
              </a>
              <Sure small label={t.monitor.delete} name={name} act={() => void remove()} />
            </>
          )}
        </div>
      )}
      <div class="said small" role="status">
        {problem.value && <State status="down">{problem.value}</State>}
        {result && result !== "running" && (
          <State status={result.accepted ? "up" : "down"}>{result.accepted ? t.alerting.taken(visible(result.answer)) : t.alerting.notTaken(visible(result.answer))}</State>
        )}
      </div>
    </li>
  );
}

function Last({ delivery }: { delivery: Delivery }) {
  const at = Date.parse(delivery.sent ?? delivery.created);
  return (
    <State status={statusOf(delivery)}>
      {t.alerting.state[delivery.state] ?? delivery.state}{" "}
      <span class="muted num" title={exact(at)}>
        {t.alerting.ago(brief(now.value - at))}
      </span>
    </State>
  );
}
