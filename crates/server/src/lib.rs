//! What others see of Allswell over HTTP (the API, the pages, the status pages), and the server that puts all parts together.

mod account;
pub mod accounts;
pub mod api;
mod keeper;
mod letters;
pub mod mail_page;
pub mod pages;
pub mod post;
pub mod server;
pub mod status_page;
