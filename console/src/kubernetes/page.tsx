// `/k8s`: a rehearsal as a picture, of a file or of the link that `allswell rehearse --open` opens. The document stays in the
// browser; nothing is sent.

import "../styles/incident.css";
import "../styles/kubernetes.css";
import "../styles/monitor.css";
import { signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Copy } from "../parts/copy";
import { Glyph } from "../parts/glyph";
import { Page } from "../parts/shell";
import { duration, visible } from "../state/format";
import { t } from "../texts";
import { Lanes } from "./lanes";
import { pack, unpack } from "./link";
import { parse, picture, type Rehearsal } from "./rehearsal";

/** The rehearsal that is shown, and what stands for it in a link; kept while the reader looks at other pages. */
const shown = signal<{ rehearsal: Rehearsal; packed: string } | null>(null);

/** The address that shows a rehearsal to whoever opens it. */
const link = (packed: string) => `${location.origin}${location.pathname}#${packed}`;

/** The page. */
export function RehearsalPage() {
  const problem = useSignal("");
  const show = async (reading: Promise<{ rehearsal: Rehearsal; packed: string }>) => {
    try {
      shown.value = await reading;
      problem.value = "";
    } catch (error) {
      problem.value = error instanceof Error ? error.message : String(error);
    }
  };
  const choose = (file: File | undefined) => {
    if (!file) return;
    void show(ofFile(file)).then(() => {
      // A page that is loaded again shows the same.
      if (shown.value && !problem.value) history.replaceState(history.state, "", link(shown.value.packed));
    });
  };
  useEffect(() => {
    const arrived = () => {
      const packed = location.hash.slice(1);
      if (packed && packed !== shown.peek()?.packed) void show(ofLink(packed));
    };
    arrived();
    addEventListener("hashchange", arrived);
    return () => removeEventListener("hashchange", arrived);
  }, []);
  return (
    <Page title={shown.value ? visible(shown.value.rehearsal.workload) : t.rehearsal.title} crumbs={<b>{t.rehearsal.title}</b>}>
      <div
        class="drop"
        onDragOver={(event) => event.preventDefault()}
        onDrop={(event) => {
          event.preventDefault();
          choose(event.dataTransfer?.files[0]);
        }}
      >
        {problem.value && (
          <div class="notice" role="alert">
            {problem.value}
          </div>
        )}
        {shown.value ? <Shown {...shown.value} choose={choose} /> : <Start choose={choose} />}
      </div>
    </Page>
  );
}

async function ofFile(file: File) {
  const text = await file.text();
  return { rehearsal: parse(text), packed: await pack(text) };
}

async function ofLink(packed: string) {
  const text = await unpack(packed).catch(() => {
    throw new Error(t.rehearsal.noLink);
  });
  return { rehearsal: parse(text), packed };
}

function Choose({ choose }: { choose: (file: File | undefined) => void }) {
  return (
    <label class="btn pri">
      {t.rehearsal.choose}
      <input
        class="vh"
        type="file"
        accept="application/json,.json"
        onChange={(event) => {
          choose(event.currentTarget.files?.[0]);
          event.currentTarget.value = "";
        }}
      />
    </label>
  );
}

function Start({ choose }: { choose: (file: File | undefined) => void }) {
  return (
    <section class="card empty">
      <h1>{t.rehearsal.startTitle}</h1>
      <p>{t.rehearsal.startText}</p>
      <pre class="code" tabIndex={0} role="group" aria-label={t.rehearsal.command}>
        {t.rehearsal.example}
      </pre>
      <Choose choose={choose} />
      <p class="small">{t.rehearsal.stays}</p>
    </section>
  );
}

const seconds = (value: number | null | undefined) => (value == null ? t.none : duration(value * 1_000));

function Shown({ rehearsal, packed, choose }: { rehearsal: Rehearsal; packed: string; choose: (file: File | undefined) => void }) {
  const drawn = picture(rehearsal);
  const bad = rehearsal.failed_on.length;
  const status = bad > 0 ? "down" : rehearsal.advice.length > 0 ? "degraded" : "up";
  const numbers: [string, string][] = [
    [t.rehearsal.restarts, t.number(rehearsal.restarts)],
    [t.rehearsal.readyAfter, seconds(rehearsal.ready_after_seconds)],
    [t.rehearsal.unready, seconds(rehearsal.unready_seconds)],
    [t.rehearsal.detection, seconds(rehearsal.detection_seconds)],
    [t.rehearsal.shutdown, seconds(rehearsal.shutdown_seconds) + (rehearsal.shutdown_by_sigkill ? ` (${t.rehearsal.sigkill})` : "")],
    ...(rehearsal.requests_sent == null
      ? []
      : ([[t.rehearsal.dropped, `${t.number(rehearsal.requests_dropped ?? 0)} / ${t.number(rehearsal.requests_sent)}`]] as [string, string][])),
  ];
  return (
    <>
      <div class="row between wrap monitor-head">
        <div class="row wrap titles">
          <h1>{t.rehearsal.headline(rehearsal.restarts, rehearsal.ready_after_seconds !== null)}</h1>
          <span class={`pill ${status}`}>
            <Glyph status={status} size={16} />
            {t.rehearsal.verdict(bad)}
          </span>
        </div>
        <div class="row wrap">
          <Copy text={link(packed)} label={t.rehearsal.copyLink} quiet={false} />
          <Choose choose={choose} />
        </div>
      </div>
      <p class="muted head">{t.rehearsal.about(visible(rehearsal.workload), visible(rehearsal.container), seconds(rehearsal.length_seconds))}</p>
      <dl class="card facts-strip">
        {numbers.map(([name, value]) => (
          <div>
            <dt class="muted small">{name}</dt>
            <dd class="num">{value}</dd>
          </div>
        ))}
      </dl>
      <div class="two">
        <div class="col">
          <Lanes drawn={drawn} />
          <Decisions rehearsal={rehearsal} lines={drawn.decisions} />
        </div>
        <Findings rehearsal={rehearsal} />
      </div>
    </>
  );
}

function Decisions({ rehearsal, lines }: { rehearsal: Rehearsal; lines: Rehearsal["timeline"] }) {
  const all = useSignal(false);
  const rows = all.value ? rehearsal.timeline : lines;
  const several = new Set(rows.map((line) => line.replica)).size > 1;
  return (
    <section class="card" aria-labelledby="decisions">
      <header>
        <h2 id="decisions">{t.rehearsal.decisions}</h2>
        <button type="button" class="btn sm ghost end" aria-pressed={all.value} onClick={() => (all.value = !all.value)}>
          {t.rehearsal.everyProbe}
        </button>
      </header>
      <div class="scroll" role="group" aria-labelledby="decisions" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th>{t.rehearsal.time}</th>
              {several && <th>{t.rehearsal.replica}</th>}
              <th>{t.rehearsal.event}</th>
              <th>{t.rehearsal.why}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((line) => (
              <tr>
                <td class="mono num nowrap">{line.seconds.toFixed(1)} s</td>
                {several && <td class="num">{line.replica}</td>}
                <td class={`nowrap ${line.type === "Warning" ? "strong" : ""}`}>{visible(line.reason)}</td>
                <td class="muted said">{visible(line.message)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Findings({ rehearsal }: { rehearsal: Rehearsal }) {
  return (
    <section class="card" aria-labelledby="findings">
      <header>
        <h2 id="findings">{t.rehearsal.findings}</h2>
      </header>
      <ul class="find">
        {rehearsal.failed_on.map((text) => (
          <li>
            <Glyph status="down" size={17} label={t.rehearsal.failed} />
            <span>{visible(text)}</span>
          </li>
        ))}
        {rehearsal.advice.map((text) => (
          <li>
            <Glyph status="degraded" size={17} label={t.rehearsal.advice} />
            <span>{visible(text)}</span>
          </li>
        ))}
        {rehearsal.failed_on.length + rehearsal.advice.length === 0 && (
          <li>
            <Glyph status="up" size={17} />
            <span>{t.rehearsal.nothingFound}</span>
          </li>
        )}
      </ul>
    </section>
  );
}
