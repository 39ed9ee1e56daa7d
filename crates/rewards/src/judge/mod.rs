//! A judge that is a model: whatever answers `/v1/chat/completions` as OpenAI's interface does.
//!
//! | file | |
//! | --- | --- |
//! | `config` | where the judge is, and how patient one is with it |
//! | `prompt` | what it is asked, and why a response cannot speak to it |
//! | `verdict` | what of its reply counts |
//! | `client` | asking over the network, again where that may help (feature `judge`) |
//!
//! Like the rule-based rewards it says right or wrong (DeepSeek-R1, arXiv 2501.12948, has answers
//! that no rule can compare judged by a model given the reference). A judge that cannot be reached,
//! or says nothing clear, leaves the response unjudged. Left out: grades between right and wrong,
//! comparisons of two responses, and proofs.

#[cfg(feature = "judge")]
mod client;
mod config;
#[cfg(feature = "judge")]
#[cfg(feature = "judge")]
mod prompt;
#[cfg(all(test, feature = "judge"))]
mod tests;
#[cfg(feature = "judge")]
mod verdict;

use data::Problem;

use crate::extract::after_thinking;
use crate::reward::{Reward, Verdict};
use crate::tags::is_seen;
pub use config::JudgeConfig;

/// 1 or 0, as a model judges the response against the problem's answer.
///
/// The judge reads what follows the reasoning. Where there is nothing, the response is wrong unasked.
#[derive(Debug, Clone)]
pub struct Judge {
    config: JudgeConfig,
    #[cfg(feature = "judge")]
    client: client::Client,
}

impl Judge {
    /// The judge `config` describes. It is not asked anything yet.
    pub fn new(config: &JudgeConfig) -> Self {
        Self {
            config: config.clone(),
            #[cfg(feature = "judge")]
            client: client::Client::new(config),
        }
    }

    #[cfg(feature = "judge")]
    fn reply(&self, problem: &Problem, answer: &str) -> Result<Verdict, String> {
        let messages = prompt::messages(problem, answer);
        self.client
            .ask(&messages)
            .and_then(|reply| verdict::verdict(&reply))
    }

    #[cfg(not(feature = "judge"))]
    fn reply(&self, _problem: &Problem, _answer: &str) -> Result<Verdict, String> {
        Err("cannot be asked: build `rewards` with the feature `judge`".into())
    }
}

impl Reward for Judge {
    fn name(&self) -> &'static str {
        "judge"
    }

    fn score(&self, problem: &Problem, response: &str) -> Verdict {
        let answer = match after_thinking(response) {
            Ok(answer) if is_seen(answer) => answer,
            Ok(_) => return Verdict::wrong("nothing follows the reasoning"),
            Err(none) => return Verdict::wrong(none.to_string()),
        };
        self.reply(problem, answer).unwrap_or_else(|reason| {
            Verdict::unjudged(format!("the judge at {} {reason}", self.config.url))
        })
    }
}
