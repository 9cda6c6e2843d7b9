//! An HTTP server for one model with OpenAI's API.
//!
//! One thread owns the model and generates the texts of all requests in a batch, one token of each
//! per step; new requests join between steps. Requests are parsed and validated on other threads.

mod answer;
mod chat;
mod choice;
mod completion_request;
mod cors;
mod echo;
mod engine;
mod error;
mod fields;
mod logprobs;
mod messages;
mod offsets;
mod rest;
mod routes;
mod server;
mod settings;
mod stream;
mod texts;
mod transcript;
mod vectors;
mod work;

pub use cors::{OriginError, Origins};
pub use server::{ServeError, Server};
pub use settings::ServerSettings;
