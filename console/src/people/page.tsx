// `/settings/people`: who may sign in, who was asked in, and the keys of programs.

import "../styles/settings.css";
import { read } from "../api/client";
import type { Users } from "../api/types";
import { Empty, Skeleton } from "../parts/notice";
import { SettingsFrame } from "../settings/tabs";
import { useLive } from "../state/live";
import { mayOwn } from "../state/me";
import { t } from "../texts";
import { InvitationsCard } from "./invitations";
import { KeysCard } from "./keys";
import { FirstUserCard, UsersCard } from "./users";

/** The page. */
export function PeoplePage() {
  return <SettingsFrame part="people">{mayOwn.value ? <Cards /> : <Empty title={t.people.closed} text={t.people.closedText} />}</SettingsFrame>;
}

function Cards() {
  const users = useLive<Users>((_, signal) => read<Users>("users", signal), "users", 0);
  const all = users.value.value?.users;
  return (
    <div class="two">
      <div class="col">
        {!all ? <Skeleton height={160} /> : all.length === 0 ? <FirstUserCard done={users.again} /> : <UsersCard users={all} again={users.again} />}
        <KeysCard />
      </div>
      <div class="col">{all && all.length > 0 && <InvitationsCard />}</div>
    </div>
  );
}
