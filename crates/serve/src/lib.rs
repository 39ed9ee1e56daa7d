//! A server that speaks the API of OpenAI, for one model on one engine.
//!
//! `/v1/chat/completions` and `/v1/completions` with streaming, `/v1/models`, `/health`, `/metrics`
//! for Prometheus, and at `/` a page to talk to the model. What a model reasons comes apart from its
//! answer, in `reasoning_content`, as DeepSeek's API has it. Requests from everywhere share the rows
//! of one [`lm::Engine`], which runs on a thread of its own; a client that goes away frees its rows.
//!
//! A reply depends on the request alone: sample i of a request with a seed is what
//! [`lm::generate`] says for the prompt id `""` ([`STREAM`]) and that seed, whatever else is under
//! way.
//!
//! Left out: tools, images, several models, and TLS, which is a reverse proxy's to add.

mod auth;
mod chat;
mod completions;
mod connections;
mod error;
mod fields;
mod metrics;
mod patient;
mod respond;
mod router;
mod worker;

pub use connections::{Limits, run};
pub use router::{Settings, router};
pub use worker::Worker;

/// The id every request's prompt has: the seed alone tells requests apart.
pub const STREAM: &str = "";
