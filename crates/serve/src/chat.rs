//! `/v1/chat/completions`.

use std::sync::Arc;

use axum::response::Response;
use data::Tokenizer;
use data::chat::{Message, Role};
use data::reasoning::{Piece, ReasoningStream};
use lm::Spoken;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::fields::{field, parse};
use crate::respond::{Said, Wording, respond};
use crate::router::App;

/// The most alternatives a token may be reported with.
const MOST_ALTERNATIVES: usize = 20;

#[derive(Debug, Deserialize)]
struct Body {
    model: String,
    messages: Vec<Turn>,
    max_tokens: Option<usize>,
    max_completion_tokens: Option<usize>,
    #[serde(default)]
    logprobs: Option<bool>,
    #[serde(default)]
    top_logprobs: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Turn {
    role: Speaker,
    content: Content,
    #[serde(default, rename = "name")]
    _name: IgnoredAny,
    /// What the model reasoned is not fed back to it.
    #[serde(default, rename = "reasoning_content")]
    _reasoning: IgnoredAny,
    #[serde(default, rename = "refusal")]
    _refusal: IgnoredAny,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Speaker {
    System,
    Developer,
    User,
    Assistant,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<ContentPart>),
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ContentPart {
    Text { text: String },
}

/// Answers a conversation.
pub(crate) async fn complete(app: Arc<App>, body: &[u8]) -> Result<Response, ApiError> {
    let known = [
        "messages",
        "max_tokens",
        "max_completion_tokens",
        "logprobs",
        "top_logprobs",
    ];
    let (body, sampling) = parse::<Body>(body, &known)?;
    app.is_model(&body.model)?;
    let messages: Vec<Message> = body.messages.into_iter().map(Message::from).collect();
    let tokens = app.tokenizer.encode_chat(&messages)?;
    let log_probs = match (body.logprobs.unwrap_or(false), body.top_logprobs) {
        (_, Some(many)) if many > MOST_ALTERNATIVES => {
            let reason = format!("must be at most {MOST_ALTERNATIVES}");
            return Err(field("top_logprobs", reason));
        }
        (false, Some(1..)) => return Err(field("top_logprobs", "needs `logprobs`: true")),
        (true, many) => Some(many.unwrap_or(0)),
        (false, _) => None,
    };
    let wording = Chat {
        open: app.tokenizer.opens_reasoning(&tokens),
        log_probs: log_probs.is_some(),
    };
    let most = body.max_completion_tokens.or(body.max_tokens);
    let plan = sampling.plan(&app, tokens, most, log_probs)?;
    respond(app, plan, wording).await
}

impl From<Turn> for Message {
    fn from(turn: Turn) -> Self {
        let role = match turn.role {
            Speaker::System | Speaker::Developer => Role::System,
            Speaker::User => Role::User,
            Speaker::Assistant => Role::Assistant,
        };
        let content = match turn.content {
            Content::Text(text) => text,
            Content::Parts(parts) => {
                let texts = parts.into_iter().map(|ContentPart::Text { text }| text);
                texts.collect()
            }
        };
        Self { role, content }
    }
}

/// The wording of chat completions.
struct Chat {
    /// Whether the prompt ends in `<think>`.
    open: bool,
    log_probs: bool,
}

impl Wording for Chat {
    const NAMES: [&'static str; 3] = ["chatcmpl", "chat.completion", "chat.completion.chunk"];

    fn reasoning(&self) -> Option<ReasoningStream> {
        Some(ReasoningStream::new(self.open))
    }

    fn choice(&self, said: &Said, tokenizer: &Tokenizer) -> Value {
        let message = json!({
            "role": "assistant",
            "content": said.parts.answer,
            "reasoning_content": said.parts.reasoning,
        });
        json!({ "message": message, "logprobs": self.log_probs(&said.tokens, tokenizer) })
    }

    fn opening(&self) -> Option<Value> {
        Some(json!({ "delta": { "role": "assistant", "content": "" } }))
    }

    fn delta(&self, piece: Option<&Piece>, tokens: &[Spoken], tokenizer: &Tokenizer) -> Value {
        let delta = match piece {
            Some(Piece::Reasoning(text)) => json!({ "reasoning_content": text }),
            Some(Piece::Answer(text)) => json!({ "content": text }),
            None => json!({}),
        };
        json!({ "delta": delta, "logprobs": self.log_probs(tokens, tokenizer) })
    }
}

impl Chat {
    /// Of reasoning and answer alike, in the order they were said.
    fn log_probs(&self, tokens: &[Spoken], tokenizer: &Tokenizer) -> Value {
        if !self.log_probs {
            return Value::Null;
        }
        let entry = |token: u32, log_prob: f32| {
            let bytes = tokenizer.token_bytes(token);
            json!({
                "token": String::from_utf8_lossy(&bytes),
                "logprob": log_prob,
                "bytes": bytes,
            })
        };
        let content = tokens.iter().filter_map(|spoken| {
            let top = spoken.top.as_ref()?;
            let others = top.likeliest.iter();
            let mut one = entry(spoken.token, top.taken);
            one["top_logprobs"] = others.map(|&(token, log)| entry(token, log)).collect();
            Some(one)
        });
        json!({ "content": content.collect::<Vec<_>>() })
    }
}
