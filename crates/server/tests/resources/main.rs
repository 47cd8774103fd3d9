//! What is configured through the API: through real HTTP, against a real server with a directory of its own.

mod accounts;
mod backups;
mod channels;
mod code;
mod fields;
mod guests;
mod leaving;
mod maintenance;
mod many;
mod monitors;
mod named;
mod naming;
mod plans;
mod status_pages;
mod staying;
mod voices;
mod world;
