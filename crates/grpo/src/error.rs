//! Why a step was not taken. The model is then as it was before it.

use trainer::TrainError;

/// A step that was not taken.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum StepError {
    /// The loss or a gradient overflowed.
    #[error("{cause}{}", because(.offender))]
    NotFinite {
        /// What overflowed.
        cause: TrainError,
        /// The first response that does so alone; none where it takes several.
        offender: Option<Offender>,
    },
    /// The critic's loss or gradient overflowed.
    #[error("the critic: {0}")]
    Critic(TrainError),
    /// The policy is further from the reference than it may be.
    #[error(
        "the KL from the reference is {kl:.3} nats a token and may be {limit} at most{}. Lower the \
         learning rate, raise beta, or let the reference follow (reference_every)",
        because(.offender)
    )]
    Kl {
        /// The mean over the tokens of an optimizer step.
        kl: f64,
        /// The highest that is allowed.
        limit: f64,
        /// The response with the highest mean.
        offender: Option<Offender>,
    },
    /// The policy that is trained is not the one that sampled.
    #[error(
        "log-probs in training are {gap:.2e} nats from those in sampling in the mean and may be \
         {limit} at most{}. Sampler and trainer must use the same weights, temperature and \
         precision, and sample from the whole distribution (top_p = 1)",
        because(.offender)
    )]
    SamplerGap {
        /// The mean over the tokens of the first optimizer step.
        gap: f64,
        /// The highest that is allowed.
        limit: f64,
        /// The response with the highest mean.
        offender: Option<Offender>,
    },
}

/// The response to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offender {
    /// The problem's id.
    pub problem: String,
    /// Which of its samples, from 0.
    pub sample: u32,
    /// Its length in tokens.
    pub tokens: usize,
}

fn because(offender: &Option<Offender>) -> String {
    match offender {
        Some(Offender {
            problem,
            sample,
            tokens,
        }) => format!(" (see sample {sample} of problem {problem}, {tokens} tokens)"),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_the_response() {
        let error = StepError::Kl {
            kl: 12.3456,
            limit: 10.0,
            offender: Some(Offender {
                problem: "p7".into(),
                sample: 3,
                tokens: 40,
            }),
        };
        let text = error.to_string();
        for part in ["12.346", "10", "sample 3 of problem p7, 40 tokens", "beta"] {
            assert!(text.contains(part), "{text}");
        }
    }
}
