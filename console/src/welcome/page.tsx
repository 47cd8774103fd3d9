// `/welcome`: from a new server to an armed alert on one page: who one is, what is watched, where one is told.

import "../styles/welcome.css";
import { type Signal, useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { read, send } from "../api/client";
import type { MonitorInFull, Setup } from "../api/types";
import { MonitorForm } from "../add/form";
import { shownAt } from "../add/page";
import { kindOf } from "../add/pasted";
import { type Target, TargetField, useTarget } from "../add/target";
import { Found, Verdict } from "../add/tried";
import { type Tried, useTrial } from "../add/trial";
import { Folded } from "../parts/fields";
import { Refusals, saidBy, type Sending, useSending } from "../parts/form";
import { Icon, Logo } from "../parts/icon";
import { FirstUser } from "../people/first";
import { refresh } from "../state/fleet";
import { visible } from "../state/format";
import { know, who } from "../state/me";
import { to } from "../state/route";
import { leaveWelcome } from "../state/welcome";
import { t } from "../texts";
import { conditionsFor } from "./propose";
import { Tell, useTelling } from "./tell";

/** What is watched now, and who is told. */
interface Armed {
  monitor: MonitorInFull;
  channels: string[];
  /** How long it took from opening the page, in seconds. */
  seconds: number;
}

/** The page. It stands alone: there is nothing to go to yet. */
export function WelcomePage() {
  const began = useRef(Date.now());
  const armed = useSignal<Armed | null>(null);
  const alone = useSignal(false);
  const setup = useSignal<Setup | null>(null);
  const target = useTarget();
  const telling = useTelling(who.value?.user?.email ?? "");
  const sending = useSending();
  const tried = useTrial(target.began.value ? target.spec.value : null, null);
  useEffect(() => {
    document.title = `${t.welcome.title} · ${t.name}`;
    read<Setup>("setup").then((is) => (setup.value = is), () => undefined);
  }, []);
  useProposal(target, tried);
  const isYou = !!who.value?.user || alone.value || setup.value?.open === false;
  const start = async () => {
    if (!target.began.peek()) return;
    let channels: string[] = [];
    const isTold = await telling.sending.run(async () => {
      channels = await telling.save();
    });
    if (!isTold) return;
    await sending.run(async () => {
      const monitor = await send<MonitorInFull>("POST", "monitors", { ...target.spec.peek(), channels });
      leaveWelcome();
      armed.value = { monitor, channels, seconds: Math.round((Date.now() - began.current) / 1_000) };
      await refresh();
    });
  };
  return (
    <main id="main" class="welcome" tabIndex={-1}>
      <div class="row brand-row">
        <Logo /> <span class="strong">{t.name}</span>
        <a class="end small" href={to("/")} onClick={leaveWelcome}>
          {t.welcome.leave}
        </a>
      </div>
      <h1>{t.welcome.title}</h1>
      <p class="muted lead">{t.welcome.about}</p>
      {armed.value ? (
        <Done armed={armed.value} />
      ) : (
        <ol class="steps">
          <Step number={1} title={t.welcome.you} done={isYou}>
            {isYou ? <p class="muted">{youAre(setup.value)}</p> : setup.value && <You alone={alone} />}
          </Step>
          <Step number={2} title={t.welcome.what} done={tried.trial.value?.outcome === "pass"}>
            {isYou && <What target={target} tried={tried} refusal={sending.refusal.value} start={() => void start()} />}
          </Step>
          <Step number={3} title={t.welcome.tell} done={telling.tested.value?.accepted ?? false}>
            {isYou && <Tell telling={telling} />}
          </Step>
          {isYou && <Start target={target} sending={sending} start={() => void start()} />}
        </ol>
      )}
    </main>
  );
}

function youAre(setup: Setup | null): string {
  const user = who.value?.user;
  if (user) return t.welcome.youAre(visible(user.email), t.role[user.role]);
  return setup?.open === false ? t.welcome.youKey : t.welcome.youOpen;
}

/** What the first answer lets one propose, once for each target. */
function useProposal(target: Target, tried: Tried): void {
  const proposedFor = useRef("");
  const trial = tried.trial.value;
  useEffect(() => {
    if (!trial || proposedFor.current === trial.target) return;
    proposedFor.current = trial.target;
    const spec = target.spec.peek();
    const conditions = conditionsFor(trial);
    if (conditions.length > 0 && !(spec.conditions as string[] | undefined)?.length) target.spec.value = { ...spec, conditions };
  }, [trial]);
}

function Step({ number, title, done, children }: { number: number; title: string; done: boolean; children: ComponentChildren }) {
  return (
    <li>
      <span class="at num" aria-hidden="true">
        {done ? <Icon name="check" /> : number}
      </span>
      <div class="stack tight">
        <h2>
          {title} {done && <span class="vh">{t.welcome.done}</span>}
        </h2>
        {children}
      </div>
    </li>
  );
}

function You({ alone }: { alone: Signal<boolean> }) {
  return (
    <div class="card">
      <FirstUser label={t.welcome.make} done={() => void know()} />
      <div class="form-foot">
        <button type="button" class="linkish small" onClick={() => (alone.value = true)}>
          {t.welcome.without}
        </button>
      </div>
    </div>
  );
}

interface WhatProps {
  target: Target;
  tried: Tried;
  refusal: Parameters<typeof Refusals>[0]["refusal"];
  start: () => void;
}

function What({ target, tried, refusal, start }: WhatProps) {
  const spec = target.spec.value;
  const trial = tried.trial.value;
  const conditions = (spec.conditions as string[] | undefined) ?? [];
  return (
    <>
      <TargetField target={target} save={start} />
      {!target.began.value ? (
        <p class="muted small">{t.welcome.whatHint}</p>
      ) : (
        <div class="card">
          <div class="body stack" aria-busy={tried.busy.value || undefined}>
            <div class="row wrap" role="status">
              {trial ? (
                <>
                  <Verdict trial={trial} /> <span class="mono small muted target">{visible(trial.target)}</span>
                </>
              ) : tried.refusal.value ? (
                <p class="bad degraded">{saidBy(tried.refusal.value)}</p>
              ) : (
                kindOf(spec) !== "heartbeat" && <span class="muted">{t.welcome.trying}</span>
              )}
            </div>
            {trial && <Found trial={trial} withBody={false} />}
          </div>
          <Folded title={t.welcome.proposal} about={t.welcome.proposed(visible(String(spec.name ?? "")), String(spec.interval ?? ""), conditions.join(", "))} open={refusal !== null}>
            <MonitorForm spec={target.spec} refusal={refusal} tried={tried} withoutTell />
          </Folded>
        </div>
      )}
    </>
  );
}

interface StartProps {
  target: Target;
  sending: Sending;
  start: () => void;
}

function Start({ target, sending, start }: StartProps) {
  return (
    <li class="start">
      <span />
      <div class="stack tight">
        <Refusals refusal={sending.refusal.value} at={shownAt(target.spec.value)} />
        <div class="row wrap">
          <button type="button" class="btn pri lg" aria-disabled={sending.busy.value || !target.began.value} onClick={start}>
            {t.welcome.start}
          </button>
        </div>
      </div>
    </li>
  );
}

/** It is armed. */
function Done({ armed: { monitor, channels, seconds } }: { armed: Armed }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <section class="card empty" aria-labelledby="armed">
      <h2 id="armed" ref={heading} tabIndex={-1}>
        {t.welcome.armed}
      </h2>
      <p>
        {t.welcome.armedText(visible(monitor.name), channels.map(visible).join(", "))} {t.welcome.took(seconds)}
      </p>
      <div class="row wrap">
        <a class="btn pri" href={to(`/m/${monitor.id}`)}>
          {t.welcome.toMonitor}
        </a>
        <a class="btn" href={to("/add")}>
          {t.welcome.toAdd}
        </a>
        <a class="btn" href={to("/")}>
          {t.welcome.toOverview}
        </a>
      </div>
    </section>
  );
}
