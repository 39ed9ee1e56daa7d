//! Where a judge is, and how patient one is with it.

use serde::{Deserialize, Serialize};

/// A model as judge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JudgeConfig {
    /// Its weight in the total.
    pub weight: f32,
    /// Where the interface begins, as `http://localhost:8000/v1`; `/chat/completions` is added where it
    /// is missing.
    pub url: String,
    /// The model asked for.
    pub model: String,
    /// The environment variable that holds the key; empty: none is sent.
    pub key: String,
    /// Seconds a request may take.
    pub timeout: f64,
    /// How often a request that failed is sent again, half a second later and then after twice as long
    /// each time.
    pub retries: u32,
}

impl JudgeConfig {
    /// What is wrong with it, where something is.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        let known = self.url.starts_with("http://") || self.url.starts_with("https://");
        if !known {
            Some("`url` must begin with http:// or https://")
        } else if self.model.trim().is_empty() {
            Some("`model` is empty: name the model to ask for")
        } else if !(self.timeout > 0.0 && self.timeout < 1e6) {
            Some("`timeout` must be a number of seconds above 0")
        } else if self.retries > 10 {
            Some("`retries` must be at most 10")
        } else if !cfg!(feature = "judge") {
            Some("this build knows no judge: build `rewards` with the feature `judge`")
        } else {
            None
        }
    }

    /// Where requests go.
    #[cfg(feature = "judge")]
    pub(super) fn endpoint(&self) -> String {
        let base = self.url.trim_end_matches('/');
        match base.ends_with("/chat/completions") {
            true => base.to_owned(),
            false => format!("{base}/chat/completions"),
        }
    }
}
