//! What others see of Allswell over HTTP (the API, the pages, the status pages), and the server that puts all parts together.

pub mod api;
pub mod mail_page;
pub mod pages;
pub mod server;
pub mod status_page;
