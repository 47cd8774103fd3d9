//! Every promise of [`Store`], as a test that any store must pass.
//!
//! A store runs them all by `conformance::tests!(open, check)`: `open(&Path)` opens the store in a directory, again if it was
//! closed; `check(&Path)` looks at what was left there after each test.

pub(super) mod access;
pub(super) mod accounts;
pub(super) mod decisions;
pub(super) mod enlisting;
pub(super) mod outbox;
pub(super) mod people;
pub(super) mod presence;
pub(super) mod public;
pub(super) mod results;
pub(super) mod subscriptions;

use std::sync::Arc;
use std::time::Duration;

use allswell_core::check::{Memory, Status};
use allswell_core::streak::Streak;
use allswell_core::uptime::Presence;
use allswell_core::{Phases, Reason, Verdict, Wall, incident};

use super::{
    Decision, Enlisted, Enlistment, IncidentChange, IncidentFilter, OutboxRow, ResultRow, Store, TransitionRow,
};
use crate::model::{IncidentId, MonitorId};
use crate::notification::Kind;

/// Opens the store under test; again, when it was closed.
pub(super) type Open<'a> = &'a dyn Fn() -> Arc<dyn Store>;

/// Writes a test function for each promise.
macro_rules! tests {
    (@ $open:path, $check:path, $($room:ident :: $promise:ident,)+) => { $(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $promise() {
            let dir = tempfile::tempdir().expect("a directory for the test");
            $crate::store::conformance::$room::$promise(&|| $open(dir.path())).await;
            $check(dir.path());
        }
    )+ };
    ($open:path, $check:path) => {
        $crate::store::conformance::tests!(@ $open, $check,
            enlisting::monitors_come_back_in_the_order_of_the_list,
            enlisting::a_name_keeps_its_number,
            enlisting::a_number_is_never_given_twice,
            enlisting::one_that_is_named_no_more_is_retired_and_its_incident_closed_in_silence,
            enlisting::pausing_and_resuming_are_changes,
            enlisting::a_monitor_is_found_by_its_number_before_its_name,
            enlisting::many_are_told_of_at_once_as_each_is_alone,
            enlisting::a_name_given_twice_is_refused_and_nothing_changed,
            decisions::a_decision_comes_back_after_a_restart,
            decisions::the_same_decision_again_changes_nothing,
            decisions::another_decision_with_a_taken_number_is_dropped_as_a_whole,
            decisions::decisions_are_written_together_or_not_at_all,
            decisions::a_decision_that_does_not_follow_the_last_is_refused,
            decisions::one_bad_decision_does_not_spoil_those_beside_it,
            decisions::what_a_retired_monitor_decides_is_dropped,
            decisions::an_incident_opens_turns_and_closes,
            decisions::incidents_are_found_by_monitor_and_by_being_open,
            decisions::the_first_who_sees_to_an_incident_is_noted_for_good,
            decisions::an_incident_that_has_ended_is_seen_to_by_nobody,
            outbox::a_message_is_claimed_when_it_is_due,
            outbox::a_message_with_a_known_key_is_not_written_again,
            outbox::messages_to_channels_left_out_stay_and_do_not_count,
            outbox::nobody_overtakes_within_an_incident_and_a_channel,
            outbox::channels_that_have_no_place_left_are_passed_over,
            outbox::a_refused_message_makes_room_for_the_next,
            outbox::a_lease_that_ran_out_is_given_to_the_next_and_the_old_token_is_worth_nothing,
            outbox::many_claimers_never_hold_the_same_message,
            outbox::every_attempt_is_kept_with_its_end_and_one_cut_off_without,
            outbox::settling_twice_is_settling_once,
            outbox::a_retry_waits_and_the_timeline_tells_the_same_answer_once,
            outbox::a_restart_frees_what_was_claimed,
            outbox::the_gauge_counts_what_waits_and_what_was_refused,
            outbox::messages_that_go_together_wait_and_then_go_as_one,
            outbox::nobody_overtakes_by_going_together,
            outbox::all_that_a_message_tells_of_is_acknowledged_at_once,
            outbox::deliveries_are_found_by_what_they_are_about,
            outbox::only_what_was_delivered_long_ago_is_forgotten,
            presence::marks_begin_with_the_one_before_the_window,
            presence::planned_maintenance_is_laid_over_what_was_true,
            decisions::what_people_were_told_comes_back_and_so_does_why_they_were_not,
            presence::watched_stretches_are_in_order_and_do_not_overlap,
            public::monitors_are_found_by_name_group_and_tag_in_the_order_of_the_list,
            public::incidents_without_their_causes_are_those_that_are_open_or_ended_lately,
            results::results_come_back_newest_first_within_range_and_limit,
            results::nothing_changes_when_the_hour_turns_or_the_process_restarts,
            results::a_detail_is_good_until_the_next_one,
            results::results_that_come_late_find_their_place,
            results::a_clock_that_was_wrong_for_a_moment_loses_nothing,
            results::durations_are_kept_in_ten_microseconds_and_extremes_do_not_break_anything,
            results::old_results_are_forgotten_and_their_last_detail_stays_good,
            results::the_last_asking_is_known_after_a_restart,
            results::reads_beside_writes_see_each_result_once,
            results::a_closed_store_says_so,
            accounts::accounts_come_back_after_a_restart_with_their_owners_and_plans,
            accounts::accounts_are_counted_each_by_itself_and_in_pages,
            accounts::an_account_goes_with_all_that_belongs_to_it_and_its_number_never_comes_again,
            accounts::what_one_view_writes_is_there_for_no_other,
            accounts::a_way_to_an_account_is_good_once_and_for_one_address,
            access::keys_come_back_after_a_restart,
            access::a_key_is_changed_and_keeps_its_secret,
            access::a_key_s_name_is_given_once_and_its_number_never_again,
            access::a_request_is_taken_once_and_its_answer_outlasts_the_process,
            access::an_answer_is_forgotten_in_time,
            people::users_come_back_after_a_restart,
            people::an_address_is_taken_once_and_a_number_never_given_again,
            people::sessions_come_back_and_end_with_their_user,
            people::a_new_password_ends_the_sessions_it_is_meant_to_end,
            people::sessions_that_are_over_are_forgotten,
            people::a_second_factor_comes_back_and_goes_with_its_user,
            people::no_code_is_taken_twice,
            people::an_invitation_is_replaced_forgotten_and_gone_when_its_guest_has_come,
            people::a_way_to_a_new_password_is_good_once_and_ends_all_sessions,
            subscriptions::only_who_said_yes_is_told_and_each_thing_once,
            subscriptions::who_asks_again_is_written_to_again_but_not_at_once,
            subscriptions::who_leaves_is_forgotten_with_the_mails_that_were_to_go_there,
            subscriptions::a_mail_that_was_put_off_comes_again_and_one_that_is_done_does_not,
        );
    };
}
pub(super) use tests;

/// The moment `ms` milliseconds after an hour began, long after 1970.
fn at(ms: i64) -> Wall {
    Wall::from_ms(496_000 * HOUR + ms)
}

/// An hour in milliseconds.
const HOUR: i64 = 3_600_000;
/// How long a lease lasts here.
const LEASE: Duration = Duration::from_secs(60);

fn named(name: &str) -> Enlistment {
    Enlistment {
        name: name.to_owned(),
        kind: "http".to_owned(),
        target: format!("GET http://{name}.test/ready"),
        interval: Duration::from_secs(10),
        tags: vec!["eu".to_owned(), name.to_owned()],
        group: Some("shop".to_owned()),
        paused: false,
        renamed_from: None,
    }
}

async fn enlist(store: &dyn Store, names: &[&str], now: Wall) -> Vec<Enlisted> {
    let list = names.iter().map(|name| named(name)).collect();
    store.enlist(list, now).await.expect("the list is written")
}

/// The store with one monitor, `api`, enlisted at the beginning.
async fn with_one(open: Open<'_>) -> (Arc<dyn Store>, MonitorId) {
    let store = open();
    let id = enlist(&*store, &["api"], at(0)).await[0].id;
    (store, id)
}

async fn known(store: &dyn Store, id: MonitorId) -> Enlisted {
    let monitors = store.monitors().await.expect("the monitors are read");
    monitors.into_iter().map(|row| row.enlisted).find(|monitor| monitor.id == id).expect("it is enlisted")
}

fn memory(confirmed: Status) -> Memory {
    Memory {
        confirmed,
        blind: false,
        since: at(-1),
        failures: Streak::of(3),
        troubles: Streak::of(u32::MAX),
        successes: Streak::of(0),
        passes: Streak::of(1),
        began: [at(1), at(2), at(3), Wall::from_ms(-4)],
    }
}

fn transition(seq: u32, from: Presence, to: Presence, at: Wall) -> TransitionRow {
    let reason = (to == Presence::Down).then_some(Reason::Status);
    TransitionRow { seq, from, to, began: at - Duration::from_secs(10), at, reason }
}

fn message(id: IncidentId, kind: Kind, channel: &str) -> OutboxRow {
    let key = format!("{id}:{}:{channel}", kind.as_str());
    OutboxRow {
        body: format!("{{\"key\":\"{key}\"}}"),
        key,
        incident: id,
        channel: channel.to_owned(),
        kind,
        together: None,
    }
}

/// It goes down by transition `seq`, confirmed at `now`, and `channels` are told.
fn down(monitor: MonitorId, seq: u32, now: Wall, channels: &[&str]) -> Decision {
    let id = IncidentId { monitor, seq };
    let transition = transition(seq, Presence::Up, Presence::Down, now);
    let change = IncidentChange::Open {
        kind: incident::Kind::Down,
        began: transition.began,
        cause: "it answered 503".to_owned(),
        evidence: r#"{"status":503}"#.to_owned(),
    };
    Decision {
        transition: Some(transition),
        incident: Some((id, change)),
        outbox: channels.iter().map(|channel| message(id, Kind::Down, channel)).collect(),
        ..Decision::nothing(monitor, now, memory(Status::Down))
    }
}

/// It comes up again by transition `seq`, which closes the incident opened by `opened`.
fn up(monitor: MonitorId, opened: u32, seq: u32, now: Wall, channels: &[&str]) -> Decision {
    let id = IncidentId { monitor, seq: opened };
    Decision {
        transition: Some(transition(seq, Presence::Down, Presence::Up, now)),
        incident: Some((id, IncidentChange::Close)),
        outbox: channels.iter().map(|channel| message(id, Kind::Up, channel)).collect(),
        ..Decision::nothing(monitor, now, memory(Status::Up))
    }
}

const ALL: IncidentFilter = IncidentFilter { monitor: None, open_only: false, limit: usize::MAX };

/// A passing result, different for each moment.
fn passed(monitor: MonitorId, asked: Wall) -> ResultRow {
    let part =
        |ms| Some(Duration::from_millis(ms) + Duration::from_micros(asked.ms().rem_euclid(997).unsigned_abs() * 10));
    let phases = Phases { dns: None, connect: part(1), tls: part(4), first_byte: part(20), transfer: part(0) };
    ResultRow {
        monitor,
        asked,
        verdict: Verdict::Pass,
        reason: None,
        status: Some(200),
        phases,
        total: Duration::from_millis(100),
        detail: None,
    }
}

async fn rows(store: &dyn Store, monitor: MonitorId) -> Vec<ResultRow> {
    let all = Wall::from_ms(i64::MIN)..Wall::from_ms(i64::MAX);
    store.results(monitor, all, usize::MAX).await.expect("the results are read")
}
