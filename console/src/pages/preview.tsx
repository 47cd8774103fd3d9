// The page as visitors will see it, in a frame: made by the server half a second after the last key, and kept nowhere.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { type Refusal, sendForPlace } from "../api/client";
import { Choice, refused, saidBy } from "../parts/form";
import { t } from "../texts";
import type { Spec } from "./editor";

const QUIET_MS = 500;
type Width = "wide" | "narrow";

/** The card. `like` is the page whose secrets `***` stands for. */
export function Preview({ spec, like }: { spec: Spec; like: string | null }) {
  const place = useSignal("");
  const refusal = useSignal<Refusal | null>(null);
  const width = useSignal<Width>("wide");
  // An address is not needed to look at it.
  const { slug: _, ...rest } = spec;
  const wanted = JSON.stringify(rest);
  useEffect(() => {
    const running = new AbortController();
    const look = async () => {
      try {
        place.value = await sendForPlace(like === null ? "status-pages/preview" : `status-pages/preview?page=${encodeURIComponent(like)}`, JSON.parse(wanted), running.signal);
        refusal.value = null;
      } catch (error) {
        if (!running.signal.aborted) refusal.value = refused(error);
      }
    };
    const timer = setTimeout(() => void look(), QUIET_MS);
    return () => {
      clearTimeout(timer);
      running.abort();
    };
  }, [wanted, like]);
  return (
    <section class="card preview" aria-labelledby="preview">
      <header>
        <h2 id="preview">{t.pages.preview}</h2>
        <span class="end">
          <Choice label={t.pages.width} of={(["wide", "narrow"] as const).map((one) => [one, t.pages[one]] as const)} chosen={width.value} choose={(one) => (width.value = one)} />
        </span>
      </header>
      <p class="small muted note" role="status">
        {refusal.value ? `${t.pages.previewWaits} ${saidBy(refusal.value)}` : ""}
      </p>
      {place.value && <iframe class={width.value} title={t.pages.preview} src={place.value} sandbox="" />}
    </section>
  );
}
