//! What is configured through the API: through real HTTP, against a real server with a directory of its own.

mod fields;
mod monitors;
mod world;
