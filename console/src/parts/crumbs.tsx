// The way back from where one is, at the top of a page.

import { byId } from "../state/fleet";
import { visible } from "../state/format";
import { to } from "../state/route";
import { t } from "../texts";

interface Props {
  /** What the page is called there. */
  name: string;
  /** The page that it lies under; the overview where none is said. */
  under?: { path: string; name: string };
  /** The monitor that it lies under, when there is one with this number. */
  monitor?: number;
}

/** Where the page lies, with the way back. On a phone only the nearest is shown. */
export function Crumbs({ name, under = { path: "/", name: t.nav.overview }, monitor }: Props) {
  const known = monitor === undefined ? undefined : byId.value.get(monitor);
  return (
    <>
      <a class="hide-m" href={to(under.path)}>
        {under.name}
      </a>
      <span class="hide-m" aria-hidden="true">
        /
      </span>
      {known && (
        <>
          <a class="ell" href={to(`/m/${known.id}`)}>
            {visible(known.name)}
          </a>
          <span aria-hidden="true">/</span>
        </>
      )}
      <b>{name}</b>
    </>
  );
}
