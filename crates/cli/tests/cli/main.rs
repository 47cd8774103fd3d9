//! The binary as people and programs run it, against real servers on loopback.
#![allow(clippy::disallowed_methods, reason = "the servers here are the other side")]

mod accounts;
mod backups;
mod channel;
mod check;
mod code;
mod kubernetes;
mod local;
mod picture;
mod rehearse;
mod remote;
mod run;
mod support;
mod users;
