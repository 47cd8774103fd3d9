//! What the server writes to people, and where its links lead: a real server, a real relay, a person who reads the mails.

mod guests;
mod reset;
mod sign_up;
mod world;
