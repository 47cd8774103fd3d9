//! Each definition at work: read out of a configuration, sent by the deliverer to a server on a real socket, and held against
//! the form that the vendor describes.

mod answers;
mod forms;
mod receiver;
mod schema;
mod secrets;
mod wrong;

use std::path::Path;

use crate::config;
use crate::notify::{self, Settings as AnySettings};

/// The channel `c` of a configuration, written with these keys.
fn channel(keys: &str) -> AnySettings {
    let text = format!("channels: {{ c: {{ {keys} }} }}");
    let config =
        config::parse(&text, Path::new("allswell.yaml"), &|_| None).unwrap_or_else(|errors| panic!("{errors}"));
    config.channels["c"].settings.clone()
}
