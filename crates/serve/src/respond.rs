//! From the tokens of a request's samples to its reply, in one piece or as a stream.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use axum::Json;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use data::reasoning::{Parts, Piece, ReasoningStream};
use data::{ResponseStream, Tokenizer};
use lm::{Reason, Spoken};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::error::ApiError;
use crate::fields::Plan;
use crate::router::App;
use crate::worker::{Events, Heard};

/// Events of a stream a slow client may be behind before its request waits for it.
const BEHIND: usize = 64;

/// How an endpoint words its reply.
pub(crate) trait Wording: Send + Sync + 'static {
    /// What the ids of replies begin with, and the reply's kind, whole and as a chunk.
    const NAMES: [&'static str; 3];

    /// How a sample's reasoning is told from its answer, where that is done.
    fn reasoning(&self) -> Option<ReasoningStream>;

    /// A choice of the whole reply.
    fn choice(&self, said: &Said, tokenizer: &Tokenizer) -> Value;

    /// What a chunk adds to a choice. `log_probs` are those of the tokens since the last chunk.
    fn delta(&self, piece: Option<&Piece>, tokens: &[Spoken], tokenizer: &Tokenizer) -> Value;

    /// The first chunk of a choice, where there is one before any text.
    fn opening(&self) -> Option<Value> {
        None
    }
}

/// A sample that has ended.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) parts: Parts,
    pub(crate) tokens: Vec<Spoken>,
}

/// A sample under way.
struct Sample {
    text: ResponseStream,
    said: Said,
    /// Tokens since the last chunk.
    unsent: Vec<Spoken>,
    /// Tokens of the reasoning.
    reasoning_tokens: usize,
    reason: Option<Reason>,
}

/// What a request has in common with its replies.
struct Frame {
    id: String,
    created: u64,
    model: String,
    prompt_tokens: usize,
}

/// Submits the request and answers it.
pub(crate) async fn respond<W: Wording>(
    app: Arc<App>,
    plan: Plan,
    wording: W,
) -> Result<Response, ApiError> {
    let frame = Frame {
        id: format!("{}-{:024x}", W::NAMES[0], rand::random::<u128>() >> 32),
        created: SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs()),
        model: app.settings.name.clone(),
        prompt_tokens: plan.request.tokens.len(),
    };
    let samples: Vec<Sample> = plan
        .request
        .samples
        .clone()
        .map(|_| Sample::new(&app.tokenizer, &plan.stops, wording.reasoning()))
        .collect();
    let began = Instant::now();
    let events = app.worker.submit(plan.request).await?;
    app.metrics.prompt_tokens.inc_by(frame.prompt_tokens as u64);
    let mut reply = Reply {
        app,
        wording,
        frame,
        samples,
        events,
        began,
    };
    if !plan.stream {
        reply.hear_all().await?;
        return Ok(Json(reply.whole()).into_response());
    }
    let (chunks, stream) = mpsc::channel(BEHIND);
    tokio::spawn(async move { reply.stream(&chunks, plan.include_usage).await });
    let stream = ReceiverStream::new(stream);
    Ok(Sse::new(stream)
        .keep_alive(KeepAlive::default())
        .into_response())
}

struct Reply<W> {
    app: Arc<App>,
    wording: W,
    frame: Frame,
    samples: Vec<Sample>,
    events: Events,
    began: Instant,
}

/// What a client hears of a stream.
type Chunks = mpsc::Sender<Result<Event, Infallible>>;

impl<W: Wording> Reply<W> {
    /// The sample an event changes, with what it settles; `None` when all have ended.
    async fn next(&mut self) -> Result<Option<(usize, Vec<Piece>)>, ApiError> {
        if self.samples.iter().all(|sample| sample.reason.is_some()) {
            return Ok(None);
        }
        let heard = self.events.recv().await.ok_or(ApiError::Stopped)?;
        if self
            .samples
            .iter()
            .all(|sample| sample.said.tokens.is_empty())
        {
            self.app.metrics.first_token(self.began.elapsed());
        }
        Ok(Some(match heard {
            Heard::Token(spoken) => {
                self.app.metrics.generated_tokens.inc();
                let at = spoken.sample as usize;
                (at, self.samples[at].push(spoken))
            }
            Heard::Finished {
                reason: Reason::NotFinite,
                ..
            } => return Err(ApiError::NotFinite),
            Heard::Finished { sample, reason } => {
                let at = sample as usize;
                (at, self.samples[at].finish(reason))
            }
        }))
    }

    async fn hear_all(&mut self) -> Result<(), ApiError> {
        while self.next().await?.is_some() {}
        Ok(())
    }

    fn whole(&self) -> Value {
        let choices = self.samples.iter().enumerate().map(|(index, sample)| {
            let mut choice = self.wording.choice(&sample.said, &self.app.tokenizer);
            choice["index"] = index.into();
            choice["finish_reason"] = finish(sample.reason).into();
            choice
        });
        let mut reply = self.frame.json(W::NAMES[1]);
        reply["choices"] = choices.collect();
        reply["usage"] = self.usage();
        reply
    }

    /// Sends chunks until all samples have ended or nobody listens.
    async fn stream(mut self, chunks: &Chunks, include_usage: bool) {
        if let Some(opening) = self.wording.opening() {
            for index in 0..self.samples.len() {
                if !self.send(chunks, index, opening.clone(), None).await {
                    return;
                }
            }
        }
        loop {
            match self.next().await {
                Ok(Some((index, pieces))) => {
                    if !self.send_pieces(chunks, index, &pieces).await {
                        return;
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    let body = json!({ "error": { "message": error.to_string() } });
                    drop(
                        chunks
                            .send(Ok(Event::default().data(body.to_string())))
                            .await,
                    );
                    return;
                }
            }
        }
        if include_usage {
            let mut chunk = self.frame.json(W::NAMES[2]);
            chunk["choices"] = json!([]);
            chunk["usage"] = self.usage();
            drop(
                chunks
                    .send(Ok(Event::default().data(chunk.to_string())))
                    .await,
            );
        }
        drop(chunks.send(Ok(Event::default().data("[DONE]"))).await);
    }

    /// Sends what an event settled of a sample, and why it ended if it did. False if nobody listens.
    async fn send_pieces(&mut self, chunks: &Chunks, index: usize, pieces: &[Piece]) -> bool {
        for piece in pieces {
            let tokens = std::mem::take(&mut self.samples[index].unsent);
            let delta = self
                .wording
                .delta(Some(piece), &tokens, &self.app.tokenizer);
            if !self.send(chunks, index, delta, None).await {
                return false;
            }
        }
        let reason = self.samples[index].reason;
        if reason.is_none() {
            return !chunks.is_closed();
        }
        let tokens = std::mem::take(&mut self.samples[index].unsent);
        let delta = self.wording.delta(None, &tokens, &self.app.tokenizer);
        self.send(chunks, index, delta, reason).await
    }

    async fn send(
        &self,
        chunks: &Chunks,
        index: usize,
        mut choice: Value,
        reason: Option<Reason>,
    ) -> bool {
        choice["index"] = index.into();
        choice["finish_reason"] = reason.map(|reason| finish(Some(reason))).into();
        let mut chunk = self.frame.json(W::NAMES[2]);
        chunk["choices"] = json!([choice]);
        let event = Event::default().data(chunk.to_string());
        chunks.send(Ok(event)).await.is_ok()
    }

    fn usage(&self) -> Value {
        let said = self.samples.iter().map(|sample| sample.said.tokens.len());
        let reasoned = self.samples.iter().map(|sample| sample.reasoning_tokens);
        let (said, reasoned) = (said.sum::<usize>(), reasoned.sum::<usize>());
        json!({
            "prompt_tokens": self.frame.prompt_tokens,
            "completion_tokens": said,
            "total_tokens": self.frame.prompt_tokens + said,
            "completion_tokens_details": { "reasoning_tokens": reasoned },
        })
    }
}

impl Frame {
    fn json(&self, kind: &str) -> Value {
        json!({
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": self.model,
        })
    }
}

impl Sample {
    fn new(
        tokenizer: &Arc<Tokenizer>,
        stops: &Arc<[String]>,
        reasoning: Option<ReasoningStream>,
    ) -> Self {
        Self {
            text: ResponseStream::new(tokenizer, Arc::clone(stops), reasoning),
            said: Said::default(),
            unsent: Vec::new(),
            reasoning_tokens: 0,
            reason: None,
        }
    }

    fn push(&mut self, spoken: Spoken) -> Vec<Piece> {
        let pieces = self.text.push(spoken.token);
        self.reasoning_tokens += usize::from(self.text.is_reasoning());
        self.unsent.push(spoken.clone());
        self.said.tokens.push(spoken);
        self.said.parts.extend(&pieces);
        pieces
    }

    fn finish(&mut self, reason: Reason) -> Vec<Piece> {
        self.reason = Some(reason);
        let pieces = self.text.finish();
        self.said.parts.extend(&pieces);
        pieces
    }
}

fn finish(reason: Option<Reason>) -> &'static str {
    match reason {
        Some(Reason::Length) => "length",
        _ => "stop",
    }
}
