//! Downloads the files that the cache lacks.

mod cache;
mod client;
mod fetch;
mod layout;
mod listing;
mod transfer;

pub(super) use fetch::Fetch;
