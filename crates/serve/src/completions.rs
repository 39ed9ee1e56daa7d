//! `/v1/completions`: a text is continued as it stands.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::response::Response;
use data::Tokenizer;
use data::reasoning::{Piece, ReasoningStream};
use lm::Spoken;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::fields::{field, parse};
use crate::respond::{Said, Wording, respond};
use crate::router::App;

/// The most alternatives a token may be reported with.
const MOST_ALTERNATIVES: usize = 5;

/// Tokens where a request names no limit.
const FEW: usize = 16;

#[derive(Debug, Deserialize)]
struct Body {
    model: String,
    prompt: Prompt,
    max_tokens: Option<usize>,
    logprobs: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Prompt {
    Text(String),
    Tokens(Vec<u32>),
    Texts(Vec<String>),
}

/// Continues a text.
pub(crate) async fn complete(app: Arc<App>, body: &[u8]) -> Result<Response, ApiError> {
    let (body, sampling) = parse::<Body>(body, &["prompt", "max_tokens", "logprobs"])?;
    app.is_model(&body.model)?;
    let tokens = match body.prompt {
        Prompt::Text(text) => app.tokenizer.encode_raw(&text),
        Prompt::Texts(texts) => match texts.as_slice() {
            [text] => app.tokenizer.encode_raw(text),
            _ => return Err(field("prompt", "give one text; send a request for each")),
        },
        Prompt::Tokens(tokens) => tokens,
    };
    if body.logprobs.is_some_and(|many| many > MOST_ALTERNATIVES) {
        let reason = format!("must be at most {MOST_ALTERNATIVES}");
        return Err(field("logprobs", reason));
    }
    let most = Some(body.max_tokens.unwrap_or(FEW));
    let wording = Text {
        log_probs: body.logprobs.is_some(),
    };
    let plan = sampling.plan(&app, tokens, most, body.logprobs)?;
    respond(app, plan, wording).await
}

/// The wording of completions.
struct Text {
    log_probs: bool,
}

impl Wording for Text {
    const NAMES: [&'static str; 3] = ["cmpl", "text_completion", "text_completion"];

    fn reasoning(&self) -> Option<ReasoningStream> {
        None
    }

    fn choice(&self, said: &Said, tokenizer: &Tokenizer) -> Value {
        json!({ "text": said.parts.answer, "logprobs": self.log_probs(&said.tokens, tokenizer) })
    }

    fn delta(&self, piece: Option<&Piece>, tokens: &[Spoken], tokenizer: &Tokenizer) -> Value {
        let text = match piece {
            Some(Piece::Reasoning(text) | Piece::Answer(text)) => text,
            None => "",
        };
        json!({ "text": text, "logprobs": self.log_probs(tokens, tokenizer) })
    }
}

impl Text {
    fn log_probs(&self, tokens: &[Spoken], tokenizer: &Tokenizer) -> Value {
        if !self.log_probs {
            return Value::Null;
        }
        let text = |token: u32| {
            let bytes = tokenizer.token_bytes(token);
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let reported = || {
            tokens
                .iter()
                .filter_map(|spoken| Some((spoken, spoken.top.as_ref()?)))
        };
        let texts: Vec<String> = reported().map(|(spoken, _)| text(spoken.token)).collect();
        let taken: Vec<f32> = reported().map(|(_, top)| top.taken).collect();
        let others: Vec<BTreeMap<String, f32>> = reported()
            .map(|(_, top)| {
                top.likeliest
                    .iter()
                    .map(|&(id, log)| (text(id), log))
                    .collect()
            })
            .collect();
        json!({ "tokens": texts, "token_logprobs": taken, "top_logprobs": others })
    }
}
