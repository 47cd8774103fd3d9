//! `main.db`: monitors and their state, transitions, incidents, the outbox. What a call wrote is durable when it returns.

mod accounts;
mod attempts;
mod columns;
mod decide;
mod enlist;
mod factors;
mod gathering;
mod incidents;
mod invitations;
mod keys;
mod marks;
mod once;
mod outbox;
mod people;
mod public;
mod resets;
mod resources;
mod scribe;
mod sign_ups;
mod status;
mod subscriptions;
mod told;

use allswell_core::Wall;
use rusqlite::{Connection, params};

pub(super) use accounts::{
    accounts, add_account, counted_accounts, find_account, remove_account, set_plan, whose_invitation, whose_message,
    whose_monitor,
};
pub(super) use decide::commit;
pub(super) use enlist::{enlist, histories, monitor, monitors};
pub(super) use factors::{factor, set_factor, take_recovery, take_step, with_factor};
pub(super) use gathering::told;
pub(super) use incidents::{acknowledge, incident, incidents, write_note};
pub(super) use invitations::{invitations, invite, remove_invitation};
pub(super) use keys::{add_key, change_key, key_used, keys, remove_key};
pub(super) use marks::{add_mark, added_marks, remove_mark};
pub(super) use once::{claim_once, settle_once};
pub(super) use outbox::one as delivery;
pub(super) use outbox::{claim, deliveries, forget, gauge, next_due, settle};
pub(super) use people::{
    add_session, add_user, change_user, end_sessions, remove_user, session_used, sessions, set_password, users,
};
pub(super) use public::{public_incidents, public_monitors};
pub(super) use resets::{add_reset, reset_password, whose_reset};
pub(super) use resources::{change, resources};
pub(super) use scribe::{MainJob, MainScribe};
pub(super) use sign_ups::{add_sign_up, sign_up, whose_sign_up};
pub(super) use status::{marks, watched, watching};
pub(super) use subscriptions::{
    ask_subscriber, confirm_subscriber, due_mails, next_mail, remove_subscriber, settle_mail, subscribers,
    tell_subscribers,
};

use crate::model::AccountId;

/// Takes the database over for this process: the account is there, and nobody else holds a message.
pub(super) fn found(connection: &Connection, account: AccountId, now: Wall) -> rusqlite::Result<()> {
    connection.execute(
        "INSERT INTO account (id, name, created) VALUES (?, 'default', ?) ON CONFLICT DO NOTHING",
        params![account.0, now.ms()],
    )?;
    outbox::free_leases(connection)
}
