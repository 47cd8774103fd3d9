// Where one is signed in: browsers, with the way to end what one does not know.

import { useSignal } from "@preact/signals";
import { read, send } from "../api/client";
import type { Session, Sessions } from "../api/types";
import { FormFoot, refused, saidBy } from "../parts/form";
import { Skeleton } from "../parts/notice";
import { brief, exact, moment, visible } from "../state/format";
import { useLive } from "../state/live";
import { now } from "../state/now";
import { t } from "../texts";

/** A session is known to have been used, give or take a minute. */
const NOW_MS = 90_000;

/** The card. */
export function SessionsCard() {
  const live = useLive<Sessions>((_, signal) => read<Sessions>("me/sessions", signal), "sessions", 0);
  const problem = useSignal("");
  const list = live.value.value?.sessions;
  const end = async (path: string) => {
    try {
      await send("DELETE", path);
      problem.value = "";
      live.again();
    } catch (error) {
      problem.value = saidBy(refused(error));
    }
  };
  return (
    <section class="card" aria-labelledby="sessions">
      <header>
        <h2 id="sessions">{t.account.sessions}</h2>
      </header>
      {!list ? (
        <Skeleton height={90} />
      ) : (
        <ul class="keylist">
          {list.map((session) => (
            <One key={session.id} session={session} end={() => void end(`me/sessions/${session.id}`)} />
          ))}
        </ul>
      )}
      {problem.value && (
        <p class="body bad down" role="alert">
          {problem.value}
        </p>
      )}
      {list && list.length > 1 && (
        <FormFoot act={t.account.endOthers} press={() => void end("me/sessions")} />
      )}
    </section>
  );
}

function One({ session, end }: { session: Session; end: () => void }) {
  const used = now.value - Date.parse(session.used);
  const began = Date.parse(session.began);
  const name = browserOf(session.agent);
  return (
    <li>
      <span>
        <span class="strong" title={visible(session.agent)}>
          {name}
        </span>{" "}
        {session.current && <span class="tag">{t.account.here}</span>}
        <br />
        <span class="muted small num">
          {t.account.from(session.from)} · <span title={exact(began)}>{t.account.began(moment(began))}</span> · {used < NOW_MS ? t.account.seenNow : t.account.seen(brief(used))}
        </span>
      </span>
      {!session.current && (
        <button type="button" class="btn sm" aria-label={`${t.account.signOut} ${name}`} onClick={end}>
          {t.account.signOut}
        </button>
      )}
    </li>
  );
}

const BROWSERS = [
  [/\bEdg/, "Edge"],
  [/\bOPR\//, "Opera"],
  [/\bFirefox\//, "Firefox"],
  [/\b(Headless)?Chrome\//, "Chrome"],
  [/\bSafari\//, "Safari"],
] as const;
const SYSTEMS = [
  [/\b(iPhone|iPad)\b/, "iOS"],
  [/\bAndroid\b/, "Android"],
  [/\bWindows\b/, "Windows"],
  [/\bMac OS X\b/, "macOS"],
  [/\bLinux\b/, "Linux"],
] as const;

/** What a browser says of itself, in two words. All of them say that they are others too: the first that fits is it. */
function browserOf(agent: string): string {
  const first = (of: readonly (readonly [RegExp, string])[]) => of.find(([pattern]) => pattern.test(agent))?.[1] ?? "";
  return t.account.browser(first(BROWSERS) || visible(agent.split("/")[0] ?? ""), first(SYSTEMS));
}
