//! What an engine is asked for, and what it answers.

use std::fmt;

use data::Finish;

use crate::sampling::{Sampling, SamplingError};
use crate::stop::Stop;

/// Tokens to continue, and how.
#[derive(Debug)]
pub struct Request {
    /// Names the random streams of its samples: what sample i says depends on the seed, this and i.
    pub id: String,
    /// The prompt's token ids, at least one.
    pub tokens: Vec<u32>,
    /// The samples to draw, as the range of their indices.
    pub samples: std::ops::Range<u32>,
    /// The sampling distribution.
    pub sampling: Sampling,
    /// Tokens after which a response is cut off, at least one.
    pub max_new_tokens: usize,
    /// Each of these ends a response.
    pub end_tokens: Vec<u32>,
    /// Root of the random streams.
    pub seed: u64,
    /// Likeliest tokens reported beside each token; `None` reports nothing but the token.
    pub top_log_probs: Option<usize>,
    /// Ends a response by what it says; each sample has a copy of its own.
    pub stop: Option<Box<dyn Stop>>,
}

impl Request {
    /// One sample of the model's own distribution, of at most `max_new_tokens` tokens, without end
    /// tokens: change what should be otherwise.
    pub fn new(id: impl Into<String>, tokens: Vec<u32>, max_new_tokens: usize) -> Self {
        Self {
            id: id.into(),
            tokens,
            samples: 0..1,
            sampling: Sampling::PLAIN,
            max_new_tokens,
            end_tokens: Vec::new(),
            seed: 0,
            top_log_probs: None,
            stop: None,
        }
    }

    /// Checks it against a model's vocabulary and the tokens a row has room for.
    pub(crate) fn check(&self, vocabulary: usize, capacity: usize) -> Result<(), RequestError> {
        self.sampling.validate()?;
        if self.tokens.is_empty() {
            return Err(RequestError::Empty);
        }
        if self.max_new_tokens == 0 {
            return Err(RequestError::NoTokens);
        }
        if let Some(&token) = self.tokens.iter().find(|&&id| id as usize >= vocabulary) {
            return Err(RequestError::Token { token, vocabulary });
        }
        let (prompt, new) = (self.tokens.len(), self.max_new_tokens);
        if prompt.saturating_add(new) > capacity {
            return Err(RequestError::TooLong {
                prompt,
                new,
                capacity,
            });
        }
        Ok(())
    }
}

/// Why a request is not taken.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RequestError {
    /// A sampling setting outside its range.
    #[error(transparent)]
    Sampling(#[from] SamplingError),
    /// Nothing to continue.
    #[error("the prompt has no tokens; it needs at least one")]
    Empty,
    /// Nothing to say.
    #[error("max_new_tokens is 0; it must be at least 1")]
    NoTokens,
    /// Not in the vocabulary.
    #[error("the prompt has the token {token}, but the model's ids end before {vocabulary}")]
    Token {
        /// The token.
        token: u32,
        /// The number of ids.
        vocabulary: usize,
    },
    /// No room in a row.
    #[error(
        "a prompt of {prompt} tokens and {new} new ones do not fit a row of {capacity}: shorten \
         the prompt or lower max_new_tokens"
    )]
    TooLong {
        /// Tokens of the prompt.
        prompt: usize,
        /// Tokens it may be continued by.
        new: usize,
        /// Tokens a row holds.
        capacity: usize,
    },
}

/// A request that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub(crate) u64);

impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Something that happened to a sample.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// It has a further token.
    Token(Spoken),
    /// It has ended, after the token told of before.
    Finished {
        /// The request.
        ticket: Ticket,
        /// Which sample of it.
        sample: u32,
        /// Why.
        reason: Reason,
    },
}

/// A token of a sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Spoken {
    /// The request.
    pub ticket: Ticket,
    /// Which sample of it.
    pub sample: u32,
    /// The token.
    pub token: u32,
    /// Its log-probability under the sampling distribution; 0 for a greedy choice.
    pub log_prob: f32,
    /// What the model itself thinks, where the request asked for it.
    pub top: Option<TopLogProbs>,
}

/// Log-probabilities under the model's own distribution: before penalty, temperature and cuts.
#[derive(Debug, Clone, PartialEq)]
pub struct TopLogProbs {
    /// That of the token taken.
    pub taken: f32,
    /// The likeliest tokens with theirs, best first, ties to the lowest id.
    pub likeliest: Vec<(u32, f32)>,
}

/// Why a sample ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Its last token is an end token.
    EndToken,
    /// Its [`Stop`] said so; the tokens that made it say so are in the sample.
    Stopped,
    /// It has as many tokens as it may.
    Length,
    /// The model's logits hold no distribution to draw a further token from ([`NotFinite`]).
    NotFinite,
}

impl Reason {
    /// How a response ended; `None` where it did not come to an end of its own.
    pub fn finish(self) -> Option<Finish> {
        match self {
            Self::EndToken | Self::Stopped => Some(Finish::Stop),
            Self::Length => Some(Finish::Length),
            Self::NotFinite => None,
        }
    }
}

/// A model that gives no distribution to draw from: one of the logits is NaN, or the largest infinite.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the logits after {after} tokens of sample {sample} of prompt `{id}` are not finite: the model's \
     weights hold NaN or infinities, or lead to them"
)]
pub struct NotFinite {
    /// The prompt.
    pub id: String,
    /// Which sample of it.
    pub sample: u32,
    /// Tokens it had.
    pub after: usize,
}
