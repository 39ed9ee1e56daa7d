//! Whom to ask, how, how patiently and how much at most.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::EndpointError;

/// A model behind a server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where the interface begins, as `http://localhost:8000/v1`; `/chat/completions` is added where
    /// it is missing.
    pub url: String,
    /// The model asked for.
    pub model: String,
    /// The environment variable that holds the key, in capitals; empty: none is sent.
    #[serde(default)]
    pub key: String,
    /// Sampling temperature, from 0; nothing: the server's.
    #[serde(default)]
    pub temperature: Option<f64>,
    /// Nucleus sampling, above 0 and at most 1; nothing: the server's.
    #[serde(default)]
    pub top_p: Option<f64>,
    /// Most tokens of a reply, the reasoning included. Default 32,768.
    #[serde(default = "max_tokens")]
    pub max_tokens: u64,
    /// What the server calls that limit.
    #[serde(default)]
    pub max_tokens_name: LimitName,
    /// Texts that end a reply.
    #[serde(default)]
    pub stop: Vec<String>,
    /// Decides, with a problem's id and the sample, the `seed` that is sent; nothing: none is.
    #[serde(default)]
    pub seed: Option<u64>,
    /// Further fields of the request, sent as they are (`top_k`, `reasoning_effort`).
    #[serde(default)]
    pub extra: Map<String, Value>,
    /// Seconds a request may take. Default 1,200.
    #[serde(default = "timeout")]
    pub timeout: f64,
    /// Requests under way at once, 1 to 1,024. Default 8.
    #[serde(default = "concurrency")]
    pub concurrency: usize,
    /// How often a request that failed is sent again. Default 6.
    #[serde(default = "retries")]
    pub retries: u32,
    /// Seconds before a request is sent again the first time; each further time twice as long, half of
    /// it by chance. Default 1.
    #[serde(default = "pause")]
    pub pause: f64,
    /// The longest such pause in seconds; a server that asks for more with `Retry-After` ends the call.
    /// Default 120.
    #[serde(default = "longest_pause")]
    pub longest_pause: f64,
    /// Most requests in any minute; nothing: no limit.
    #[serde(default)]
    pub requests_per_minute: Option<usize>,
    /// Most tokens in any minute, read and said; nothing: no limit. A request counts when it is sent,
    /// with the most it can take until its reply says what it took.
    #[serde(default)]
    pub tokens_per_minute: Option<u64>,
    /// Price of a million tokens read.
    #[serde(default)]
    pub prompt_price: f64,
    /// Price of a million tokens said.
    #[serde(default)]
    pub completion_price: f64,
    /// What may be spent, in the currency of the prices; nothing: no limit.
    #[serde(default)]
    pub cost_limit: Option<f64>,
}

/// The field that limits the tokens of a reply.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitName {
    /// As nearly all servers have it.
    #[default]
    MaxTokens,
    /// As OpenAI's reasoning models have it.
    MaxCompletionTokens,
}

impl LimitName {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::MaxTokens => "max_tokens",
            Self::MaxCompletionTokens => "max_completion_tokens",
        }
    }
}

fn max_tokens() -> u64 {
    32_768
}

fn timeout() -> f64 {
    1200.0
}

fn concurrency() -> usize {
    8
}

fn retries() -> u32 {
    6
}

fn pause() -> f64 {
    1.0
}

fn longest_pause() -> f64 {
    120.0
}

/// Fields that `extra` may not bring: they are set otherwise, or change what a reply looks like.
const OWN: [&str; 11] = [
    "model",
    "messages",
    "temperature",
    "top_p",
    "max_tokens",
    "max_completion_tokens",
    "stop",
    "seed",
    "n",
    "stream",
    "stream_options",
];

impl Settings {
    /// `model` at `url`, everything else by default.
    pub fn new(url: impl Into<String>, model: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            model: model.into(),
            key: String::new(),
            temperature: None,
            top_p: None,
            max_tokens: max_tokens(),
            max_tokens_name: LimitName::default(),
            stop: Vec::new(),
            seed: None,
            extra: Map::new(),
            timeout: timeout(),
            concurrency: concurrency(),
            retries: retries(),
            pause: pause(),
            longest_pause: longest_pause(),
            requests_per_minute: None,
            tokens_per_minute: None,
            prompt_price: 0.0,
            completion_price: 0.0,
            cost_limit: None,
        }
    }

    /// Whether they make sense.
    ///
    /// # Errors
    /// [`EndpointError::Settings`] with the first field that does not.
    pub fn validate(&self) -> Result<(), EndpointError> {
        let wrong = |field, reason| Err(EndpointError::Settings { field, reason });
        let above = |seconds: f64| seconds > 0.0 && seconds < 1e6;
        let price = |price: f64| price >= 0.0 && price.is_finite();
        // A key put in the place of its variable's name must not be shown.
        let named = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        let taken = |name: &String| OWN.contains(&name.as_str());
        if !(self.url.starts_with("http://") || self.url.starts_with("https://")) {
            wrong("url", "must begin with http:// or https://")
        } else if self.url.contains('@') {
            wrong(
                "url",
                "must not hold a name or password: put the key into the environment",
            )
        } else if self.model.trim().is_empty() {
            wrong("model", "is empty: name the model to ask for")
        } else if !self.key.chars().all(named) {
            let reason =
                "must be the NAME of an environment variable, in capitals, not the key itself";
            wrong("key", reason)
        } else if !self.temperature.is_none_or(|t| (0.0..=100.0).contains(&t)) {
            wrong("temperature", "must be from 0 to 100")
        } else if !self.top_p.is_none_or(|p| p > 0.0 && p <= 1.0) {
            wrong("top_p", "must be above 0 and at most 1")
        } else if self.max_tokens == 0 || self.max_tokens > 1 << 32 {
            wrong("max_tokens", "must be from 1 to 4294967296")
        } else if self.stop.iter().any(String::is_empty) {
            wrong("stop", "has an empty text")
        } else if self.extra.keys().any(taken) {
            wrong(
                "extra",
                "has a field that is set otherwise or cannot be read",
            )
        } else if !above(self.timeout) {
            wrong("timeout", "must be a number of seconds above 0")
        } else if !(1..=1024).contains(&self.concurrency) {
            wrong("concurrency", "must be from 1 to 1024")
        } else if self.retries > 100 {
            wrong("retries", "must be at most 100")
        } else if !above(self.pause) {
            wrong("pause", "must be a number of seconds above 0")
        } else if !above(self.longest_pause) || self.longest_pause < self.pause {
            wrong("longest_pause", "must be at least `pause`, in seconds")
        } else if self.requests_per_minute == Some(0) {
            wrong(
                "requests_per_minute",
                "must be at least 1; leave it out for no limit",
            )
        } else if self.tokens_per_minute == Some(0) {
            wrong(
                "tokens_per_minute",
                "must be at least 1; leave it out for no limit",
            )
        } else if !price(self.prompt_price) {
            wrong("prompt_price", "must be at least 0")
        } else if !price(self.completion_price) {
            wrong("completion_price", "must be at least 0")
        } else if !self.cost_limit.is_none_or(price) {
            wrong("cost_limit", "must be at least 0")
        } else if self.cost_limit.is_some() && self.prompt_price + self.completion_price == 0.0 {
            wrong("cost_limit", "needs `prompt_price` and `completion_price`")
        } else {
            Ok(())
        }
    }

    /// What a reply depends on besides what is asked, for a [`data::journal`]: model, sampling, and
    /// further fields. Where the model is served, limits and prices are not of it.
    pub fn identity(&self) -> Map<String, Value> {
        let Value::Object(mut all) = serde_json::json!(self) else {
            unreachable!("settings are an object")
        };
        let fields = [
            "model",
            "temperature",
            "top_p",
            "max_tokens",
            "stop",
            "seed",
            "extra",
        ];
        all.retain(|name, _| fields.contains(&name.as_str()));
        all
    }

    /// Where requests go.
    pub(crate) fn endpoint(&self) -> String {
        let base = self.url.trim_end_matches('/');
        match base.ends_with("/chat/completions") {
            true => base.to_owned(),
            false => format!("{base}/chat/completions"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_fields_are_enough_and_others_are_known() {
        let read = |text: &str| serde_json::from_str::<Settings>(text);
        let least = read(r#"{"url": "http://a/v1", "model": "m"}"#).unwrap();
        assert_eq!(least, Settings::new("http://a/v1", "m"));
        assert_eq!(least.endpoint(), "http://a/v1/chat/completions");
        assert!(read(r#"{"url": "http://a", "model": "m", "temprature": 1}"#).is_err());
        assert!(least.validate().is_ok());
    }

    #[test]
    fn nonsense_is_refused_by_field() {
        let fault = |change: fn(&mut Settings)| {
            let mut settings = Settings::new("http://a/v1", "m");
            change(&mut settings);
            match settings.validate() {
                Err(EndpointError::Settings { field, .. }) => field,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(fault(|s| s.url = "localhost".into()), "url");
        assert_eq!(fault(|s| s.url = "http://me:word@a".into()), "url");
        assert_eq!(fault(|s| s.model = " ".into()), "model");
        assert_eq!(fault(|s| s.temperature = Some(f64::NAN)), "temperature");
        assert_eq!(fault(|s| s.top_p = Some(0.0)), "top_p");
        assert_eq!(fault(|s| s.max_tokens = 0), "max_tokens");
        assert_eq!(fault(|s| s.timeout = f64::INFINITY), "timeout");
        assert_eq!(fault(|s| s.concurrency = 0), "concurrency");
        assert_eq!(fault(|s| s.longest_pause = 0.5), "longest_pause");
        assert_eq!(fault(|s| s.cost_limit = Some(1.0)), "cost_limit");
        let stream = |s: &mut Settings| _ = s.extra.insert("stream".into(), true.into());
        assert_eq!(fault(stream), "extra");
    }

    #[test]
    fn a_key_in_the_place_of_its_name_is_refused_and_not_shown() {
        for key in ["sk-0123456789ABCDEF", "0123456789abcdef"] {
            let mut settings = Settings::new("http://a/v1", "m");
            settings.key = key.into();
            let error = settings.validate().unwrap_err();
            assert!(!format!("{error} {error:?}").contains(key));
        }
    }

    #[test]
    fn the_identity_is_what_a_reply_depends_on() {
        let mut settings = Settings::new("http://a/v1", "m");
        let before = settings.identity();
        (settings.url, settings.concurrency) = ("http://b/v1".into(), 99);
        (settings.key, settings.cost_limit) = ("KEY".into(), Some(1.0));
        assert_eq!(settings.identity(), before);
        settings.temperature = Some(0.6);
        assert_ne!(settings.identity(), before);
    }
}
