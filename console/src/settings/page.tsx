// `/settings`: who may ask, all that is configured as one file, how the server itself is.

import "../styles/settings.css";
import { Icon } from "../parts/icon";
import { Page } from "../parts/shell";
import { to } from "../state/route";
import { t } from "../texts";
import { HealthCard } from "./health";
import { ImportCard } from "./import";
import { KeysCard } from "./keys";

/** The page. */
export function SettingsPage() {
  return (
    <Page title={t.settings.title} crumbs={<b>{t.settings.title}</b>}>
      <h1 class="head">{t.settings.title}</h1>
      <div class="two">
        <div class="col">
          <KeysCard />
          <ImportCard />
        </div>
        <div class="col">
          <HealthCard />
          <section class="card" aria-labelledby="elsewhere">
            <header>
              <h2 id="elsewhere">{t.settings.elsewhere}</h2>
            </header>
            <ul class="links">
              {[
                ["/k8s", t.nav.rehearsal, false],
                ["/plain/", t.nav.plain, true],
                ["/api/docs", t.nav.api, true],
                ["/metrics", t.settings.metrics, true],
              ].map(([path, name, out]) => (
                <li>
                  <a class="row" href={to(String(path))} {...(out && { "data-out": true })}>
                    <Icon name="page" />
                    {name}
                  </a>
                </li>
              ))}
            </ul>
          </section>
        </div>
      </div>
    </Page>
  );
}
