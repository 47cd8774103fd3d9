//! The app's own words: reads what a service says of itself in its health document.

use serde::{Deserialize, Serialize};

/// What a service says of itself, whatever dialect it speaks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// The dialect it was recognised as.
    pub format: Format,
    /// What it says of itself as a whole.
    pub status: Status,
    /// Its version, when it names one.
    pub version: Option<String>,
    /// Its release id (a commit, an image), when it names one.
    pub release_id: Option<String>,
    /// A sentence it gives for the whole.
    pub detail: Option<String>,
    /// Its checks, in the order of the document; at most 64.
    pub checks: Vec<Check>,
}

/// A dialect of health documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Ours: `{"status":"healthy","ready":true,"checks":{...}}`.
    Allswell,
    /// `application/health+json` (draft-inadarei-api-health-check-06).
    HealthJson,
    /// Spring Boot Actuator.
    Spring,
    /// ASP.NET health checks.
    AspNet,
    /// MicroProfile Health.
    MicroProfile,
    /// NestJS Terminus.
    Terminus,
    /// The plain forms that FastAPI guides show.
    Plain,
}

/// What a service says of itself or of one of its checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// All is well.
    Ok,
    /// It works with less than all.
    Warn,
    /// It does not work.
    Error,
    /// It does not know.
    Unknown,
}

/// One check of a health document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// Its name, at most 128 characters.
    pub name: String,
    /// What it says.
    pub status: Status,
    /// Its message, at most 512 characters.
    pub message: Option<String>,
    /// How long it took, in milliseconds.
    pub response_time_ms: Option<f64>,
}
