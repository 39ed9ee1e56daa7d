//! The flags of every command that lets a model speak.
//!
//! Left out: how long it may speak and what stops it, which each command says for itself.

use lm::Sampling;

use crate::usage::UsageError;

/// How the next token is drawn. The defaults are those DeepSeek-R1 is evaluated with
/// (arXiv 2501.12948, section 3): temperature 0.6 and top-p 0.95.
#[derive(Debug, Clone, PartialEq, clap::Args)]
#[command(next_help_heading = "Sampling")]
pub struct SamplingArgs {
    /// Divides the logits; 0 takes the likeliest token.
    #[arg(long, value_name = "T", default_value_t = 0.6)]
    pub temperature: f64,
    /// Keeps the fewest likeliest tokens whose probabilities sum to P, above 0 and at most 1.
    #[arg(long, value_name = "P", default_value_t = 0.95)]
    pub top_p: f64,
    /// Keeps the K likeliest tokens; 0 keeps all.
    #[arg(long, value_name = "K", default_value_t = 0)]
    pub top_k: usize,
    /// Keeps tokens at least P times as likely as the likeliest, from 0 to 1.
    #[arg(long, value_name = "P", default_value_t = 0.0)]
    pub min_p: f64,
    /// Divides the positive logits of tokens said before and multiplies the negative; 1 is off.
    #[arg(long, value_name = "R", default_value_t = 1.0)]
    pub repetition_penalty: f64,
    /// Always the likeliest token: the same as a temperature of 0.
    #[arg(long, conflicts_with_all = ["temperature", "top_p", "top_k", "min_p"])]
    pub greedy: bool,
}

impl SamplingArgs {
    /// The distribution they describe.
    ///
    /// # Errors
    /// A value outside its range.
    pub fn sampling(&self) -> Result<Sampling, UsageError> {
        let sampling = if self.greedy {
            Sampling {
                repetition_penalty: self.repetition_penalty,
                ..Sampling::GREEDY
            }
        } else {
            Sampling {
                temperature: self.temperature,
                top_p: self.top_p,
                top_k: self.top_k,
                min_p: self.min_p,
                repetition_penalty: self.repetition_penalty,
            }
        };
        let checked = sampling.validate();
        checked.map_err(|error| UsageError(error.to_string()))?;
        Ok(sampling)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Command {
        #[command(flatten)]
        sampling: SamplingArgs,
    }

    fn sampling(flags: &[&str]) -> Result<Sampling, UsageError> {
        let words = ["r1"].iter().chain(flags);
        Command::parse_from(words).sampling.sampling()
    }

    #[test]
    fn every_flag_has_its_place() {
        let plain = Sampling::PLAIN;
        let usual = Sampling {
            temperature: 0.6,
            top_p: 0.95,
            ..plain
        };
        assert_eq!(sampling(&[]), Ok(usual));
        let flags = [
            "--temperature=2",
            "--top-p=0.5",
            "--top-k=7",
            "--min-p=0.1",
            "--repetition-penalty=1.2",
        ];
        let all = Sampling {
            temperature: 2.0,
            top_p: 0.5,
            top_k: 7,
            min_p: 0.1,
            repetition_penalty: 1.2,
        };
        assert_eq!(sampling(&flags), Ok(all));
        assert_eq!(sampling(&["--greedy"]), Ok(Sampling::GREEDY));
        assert_eq!(
            sampling(&["--greedy", "--repetition-penalty=3"])
                .unwrap()
                .repetition_penalty,
            3.0
        );
    }

    #[test]
    fn a_value_out_of_range_is_named() {
        let error = sampling(&["--top-p=0"]).unwrap_err().to_string();
        assert_eq!(error, "top_p is 0; it must be above 0 and at most 1");
        assert!(Command::try_parse_from(["r1", "--greedy", "--top-p=0.5"]).is_err());
    }
}
