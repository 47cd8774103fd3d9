//! The words that answers share, each list a schema of its own.

use allswell_core::uptime::Presence;
use allswell_core::{Reason, Verdict, incident};
use allswell_monitor::access::{Role, Scope};
use allswell_monitor::fleet::Order;
use allswell_monitor::notification;
use allswell_monitor::status_page::Access;
use allswell_monitor::store::{DeliveryState, Owner};
use utoipa::openapi::Ref;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, OneOfBuilder, Type};

/// The lists of words that answers share, by the names of their schemas.
pub(super) fn words() -> [(&'static str, ObjectBuilder); 13] {
    [
        (STATUS, word(Presence::ALL.map(Presence::as_str))),
        (OUTCOME, word(Verdict::ALL.map(Verdict::as_str))),
        (REASON, word(Reason::ALL.iter().map(|reason| reason.as_str()))),
        (INCIDENT_KIND, word(incident::Kind::ALL.map(incident::Kind::as_str))),
        (NOTIFICATION_KIND, word(notification::Kind::ALL.map(notification::Kind::as_str))),
        (DELIVERY_STATE, word(DeliveryState::ALL.map(DeliveryState::as_str))),
        (NOTE_KIND, word(["note", "update"])),
        (ORDER, word(Order::ALL.map(Order::as_str))),
        (ROLE, word(Role::ALL.map(Role::as_str))),
        (SCOPE, word(Scope::ALL.map(Scope::as_str))),
        (OWNER, word(Owner::ALL.map(Owner::as_str))),
        (MAINTENANCE_STATE, word(["planned", "open", "over"])),
        (PAGE_ACCESS, word(Access::WORDS)),
    ]
}

const STATUS: &str = "Status";
const OUTCOME: &str = "Outcome";
const REASON: &str = "Reason";
const INCIDENT_KIND: &str = "IncidentKind";
const NOTIFICATION_KIND: &str = "NotificationKind";
const DELIVERY_STATE: &str = "DeliveryState";
const NOTE_KIND: &str = "NoteKind";
const ORDER: &str = "Order";
const ROLE: &str = "Role";
const SCOPE: &str = "Scope";
const OWNER: &str = "Owner";
const MAINTENANCE_STATE: &str = "MaintenanceState";
const PAGE_ACCESS: &str = "PageAccess";

fn word(words: impl IntoIterator<Item = &'static str>) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words))
}

/// What is true of a monitor.
pub(in crate::api) fn status() -> Ref {
    Ref::from_schema_name(STATUS)
}

/// What one asking said.
pub(in crate::api) fn outcome() -> Ref {
    Ref::from_schema_name(OUTCOME)
}

/// Why an asking was no plain pass; `null` when it was.
pub(in crate::api) fn reason() -> OneOfBuilder {
    or_null(REASON)
}

/// Where a window of planned maintenance stands; `null` where it is not in force.
pub(in crate::api) fn maintenance_state() -> OneOfBuilder {
    or_null(MAINTENANCE_STATE)
}

/// Who may see a status page; `null` where it is not in force.
pub(in crate::api) fn page_access() -> OneOfBuilder {
    or_null(PAGE_ACCESS)
}

fn or_null(name: &str) -> OneOfBuilder {
    let null = ObjectBuilder::new().schema_type(Type::Null);
    OneOfBuilder::new().item(Ref::from_schema_name(name)).item(null)
}

/// What an incident is about.
pub(in crate::api) fn incident_kind() -> Ref {
    Ref::from_schema_name(INCIDENT_KIND)
}

/// Where a delivery stands.
pub(in crate::api) fn delivery_state() -> Ref {
    Ref::from_schema_name(DELIVERY_STATE)
}

/// What a message tells.
pub(in crate::api) fn notification_kind() -> Ref {
    Ref::from_schema_name(NOTIFICATION_KIND)
}

/// Whom a note is for; `null` like `note`.
pub(in crate::api) fn note_kind() -> OneOfBuilder {
    or_null(NOTE_KIND)
}

/// What comes first in a list of monitors.
pub(in crate::api) fn order() -> Ref {
    Ref::from_schema_name(ORDER)
}

/// What a user may do.
pub(in crate::api) fn role() -> Ref {
    Ref::from_schema_name(ROLE)
}

/// What a key is good for.
pub(in crate::api) fn scopes() -> ArrayBuilder {
    ArrayBuilder::new().items(Ref::from_schema_name(SCOPE)).min_items(Some(1))
}

/// Who says what a resource is.
pub(in crate::api) fn owner() -> Ref {
    Ref::from_schema_name(OWNER)
}
