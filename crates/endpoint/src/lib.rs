//! A model behind an OpenAI-compatible server, as [`data::Answers`]: DeepSeek's, vLLM, SGLang,
//! llama.cpp, `r1 serve`.
//!
//! ```text
//! asks ─threads→ budget → pace → POST /chat/completions ─again where it may help→ replies
//! ```
//!
//! What a failure costs depends on what it says: one that may pass (no connection, no reply in time,
//! 408, 429, 5xx, a torn reply) is tried again, one that concerns a single sample leaves that sample
//! without a reply, and one that every further request would meet stops the call. Blocking, with a
//! thread for each request under way. Left out: streaming, tools, images, and log-probabilities.
//! [`data::journal`] keeps replies, so that a run that was broken off goes on where it was.
//!
//! ```no_run
//! use std::ops::ControlFlow;
//! use std::path::Path;
//!
//! use data::journal::Journal;
//! use data::{Answers, Ask, chat::Message};
//! use endpoint::{Endpoint, Settings};
//!
//! let mut settings = Settings::new("https://api.deepseek.com/v1", "deepseek-reasoner");
//! settings.key = "DEEPSEEK_API_KEY".into();
//! let model = Endpoint::new(&settings)?;
//! let model = Journal::open(Path::new("replies.jsonl"), &settings.identity(), model)?;
//! // What was paid before counts towards the limit.
//! model.model().charge(model.recorded().prompt_tokens, model.recorded().tokens);
//! let ask = Ask { id: "sum".into(), sample: 0, messages: vec![Message::user("2 + 2?")] };
//! model.answer(&mut [ask].into_iter(), &mut |ask, reply| {
//!     let text = reply.map(|reply| reply.whole());
//!     assert!(text.is_ok(), "{} has no reply", ask.id);
//!     ControlFlow::Continue(())
//! })?;
//! # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
//! ```

mod answer;
mod budget;
mod client;
mod error;
mod pace;
mod pause;
mod reply;
mod request;
mod settings;
#[cfg(test)]
mod tests;

pub use answer::Endpoint;
pub use error::EndpointError;
pub use settings::{LimitName, Settings};
