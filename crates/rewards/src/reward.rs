//! What a reward is, and the two things it can say.

use data::Problem;

/// The outcome of judging one response. "Wrong" is a judgement; a broken gold answer is not.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// The response was judged.
    Judged {
        /// How good it is; from 0 to 1, and from −1 to 0 for a penalty.
        score: f32,
        /// Why, in a few words.
        reason: String,
    },
    /// The response could not be judged, and says nothing about whoever wrote it.
    Unjudged {
        /// What stood in the way.
        reason: String,
    },
}

impl Verdict {
    /// A score of 1.
    pub fn right(reason: impl Into<String>) -> Self {
        Self::Judged {
            score: 1.0,
            reason: reason.into(),
        }
    }

    /// A score of 0.
    pub fn wrong(reason: impl Into<String>) -> Self {
        Self::Judged {
            score: 0.0,
            reason: reason.into(),
        }
    }

    /// No score.
    pub fn unjudged(reason: impl Into<String>) -> Self {
        Self::Unjudged {
            reason: reason.into(),
        }
    }

    /// The score, where there is one. A score that is not finite counts as none.
    pub fn score(&self) -> Option<f32> {
        match self {
            Self::Judged { score, .. } => Some(*score).filter(|score| score.is_finite()),
            Self::Unjudged { .. } => None,
        }
    }

    /// Why.
    pub fn reason(&self) -> &str {
        match self {
            Self::Judged { reason, .. } | Self::Unjudged { reason } => reason,
        }
    }
}

/// One part of what makes a response good.
///
/// An implementation never panics and, as far as it can, is a pure function of its arguments: those of
/// this crate are, but for [`crate::Judge`] and [`crate::ProgramReward`].
pub trait Reward: Send + Sync {
    /// The name under which the part is reported.
    fn name(&self) -> &str;

    /// Judges `response`, the whole turn of the assistant, as an answer to `problem`.
    fn score(&self, problem: &Problem, response: &str) -> Verdict;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_that_is_not_a_number_is_no_score() {
        let verdict = Verdict::Judged {
            score: f32::NAN,
            reason: String::new(),
        };
        assert_eq!(verdict.score(), None);
        assert_eq!(Verdict::right("same").score(), Some(1.0));
        assert_eq!(Verdict::unjudged("no gold").score(), None);
        assert_eq!(Verdict::unjudged("no gold").reason(), "no gold");
    }
}
