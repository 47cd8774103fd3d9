//! What people were told of a monitor, as JSON in a column.

use allswell_core::telling::{Flapping, Telling, Told};
use allswell_core::{Wall, incident};
use rusqlite::Row;
use rusqlite::types::Type;
use serde::{Deserialize, Serialize};

/// What is kept of [`Telling`]. What is not there is empty.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    #[serde(skip_serializing_if = "Option::is_none")]
    told: Option<KeptTold>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    recent: Vec<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    flapping: Option<KeptFlapping>,
}

#[derive(Serialize, Deserialize)]
struct KeptTold {
    seq: u32,
    kind: String,
    began: i64,
    at: i64,
    reminders: u32,
}

#[derive(Serialize, Deserialize)]
struct KeptFlapping {
    since: i64,
    outages: u32,
    digests: u32,
    changed: i64,
}

/// Writes it.
pub(super) fn written(telling: &Telling) -> String {
    let kept = Kept {
        told: telling.told.map(|told| KeptTold {
            seq: told.seq,
            kind: told.kind.as_str().to_owned(),
            began: told.began.ms(),
            at: told.at.ms(),
            reminders: told.reminders,
        }),
        recent: telling.recent.iter().map(|moment| moment.ms()).collect(),
        flapping: telling.flapping.map(|flapping| KeptFlapping {
            since: flapping.since.ms(),
            outages: flapping.outages,
            digests: flapping.digests,
            changed: flapping.changed.ms(),
        }),
    };
    serde_json::to_string(&kept).expect("plain structures with string keys always serialise")
}

/// Reads it from a column.
pub(super) fn telling(row: &Row<'_>, column: usize) -> rusqlite::Result<Telling> {
    let wrong = |error: serde_json::Error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error.into());
    let kept: Kept = serde_json::from_str(row.get_ref(column)?.as_str()?).map_err(wrong)?;
    let told = kept.told.and_then(|told| {
        let kind = incident::Kind::from_word(&told.kind)?;
        let (began, at) = (Wall::from_ms(told.began), Wall::from_ms(told.at));
        Some(Told { seq: told.seq, kind, began, at, reminders: told.reminders })
    });
    let flapping = kept.flapping.map(|flapping| Flapping {
        since: Wall::from_ms(flapping.since),
        outages: flapping.outages,
        digests: flapping.digests,
        changed: Wall::from_ms(flapping.changed),
    });
    Ok(Telling { told, recent: kept.recent.into_iter().map(Wall::from_ms).collect(), flapping })
}
