// `/settings`: how the server itself is, all that is configured as one file, and what else it has.

import "../styles/settings.css";
import { Icon } from "../parts/icon";
import { to } from "../state/route";
import { t } from "../texts";
import { HealthCard } from "./health";
import { ImportCard } from "./import";
import { SettingsFrame } from "./tabs";

/** The page. */
export function SettingsPage() {
  return (
    <SettingsFrame part="server">
      <div class="two">
        <div class="col">
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
                ["/alerting", t.nav.alerting, false],
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
    </SettingsFrame>
  );
}
