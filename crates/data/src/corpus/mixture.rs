//! Which styles the corpus has, in which shares.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::Style;
use crate::Language;

/// Shares of the corpus. The five styles are weights: they need not sum to 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mixture {
    /// Weight of [`Style::Guess`].
    pub guess: f64,
    /// Weight of [`Style::Steps`].
    pub steps: f64,
    /// Weight of [`Style::Checked`].
    pub checked: f64,
    /// Weight of [`Style::Rambling`].
    pub rambling: f64,
    /// Weight of [`Style::Wrong`].
    pub wrong: f64,
    /// Share, from 0 to 1, of the step-by-step solutions to Chinese questions whose reasoning
    /// changes language; twice that in checked ones, half of it for English questions.
    pub mixed_language: f64,
    /// Share, from 0 to 1, of the documents that are plain text without a question.
    pub plain_text: f64,
}

impl Default for Mixture {
    fn default() -> Self {
        Self {
            guess: 0.35,
            steps: 0.25,
            checked: 0.2,
            rambling: 0.1,
            wrong: 0.1,
            mixed_language: 0.25,
            plain_text: 0.12,
        }
    }
}

/// Why a mixture makes no sense.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MixtureError {
    /// A share is negative, above 1 or no number.
    #[error("{key} = {value}: a share lies between 0 and 1")]
    Share {
        /// The field.
        key: &'static str,
        /// Its value.
        value: f64,
    },
    /// Every style has weight 0.
    #[error("guess, steps, checked, rambling and wrong are all 0: give one of them some weight")]
    Nothing,
}

impl Mixture {
    /// Checks every share.
    ///
    /// # Errors
    /// When a share is not between 0 and 1, or no style has any weight.
    pub fn validate(&self) -> Result<(), MixtureError> {
        let weights = self.weights();
        let names = Style::ALL.map(Style::name);
        let shares = [
            ("mixed_language", self.mixed_language),
            ("plain_text", self.plain_text),
        ];
        for (key, value) in names.into_iter().zip(weights).chain(shares) {
            if !(0.0..=1.0).contains(&value) {
                return Err(MixtureError::Share { key, value });
            }
        }
        if weights.iter().sum::<f64>() > 0.0 {
            Ok(())
        } else {
            Err(MixtureError::Nothing)
        }
    }

    /// In the order of [`Style::ALL`].
    fn weights(&self) -> [f64; 5] {
        [
            self.guess,
            self.steps,
            self.checked,
            self.rambling,
            self.wrong,
        ]
    }

    /// Draws a style by its weight.
    pub(super) fn style(&self, rng: &mut ChaCha8Rng) -> Style {
        let weights = self.weights();
        let mut left = rng.random::<f64>() * weights.iter().sum::<f64>();
        let mut drawn = Style::Guess;
        for (style, weight) in Style::ALL.into_iter().zip(weights) {
            if weight > 0.0 {
                drawn = style;
                left -= weight;
            }
            if left < 0.0 {
                break;
            }
        }
        drawn
    }

    /// The share of solutions of a style, to questions in a language, that mix languages.
    pub(super) fn mixed_share(&self, style: Style, language: Language) -> f64 {
        let share = match style {
            Style::Steps => self.mixed_language,
            Style::Checked => (2.0 * self.mixed_language).min(1.0),
            Style::Guess | Style::Rambling | Style::Wrong => 0.0,
        };
        if language == Language::En {
            share / 2.0
        } else {
            share
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed;

    #[test]
    fn shares_are_checked_and_named() {
        assert_eq!(Mixture::default().validate(), Ok(()));
        let negative = Mixture {
            checked: -0.1,
            ..Mixture::default()
        };
        assert_eq!(
            negative.validate(),
            Err(MixtureError::Share {
                key: "checked",
                value: -0.1
            })
        );
        let unknown = Mixture {
            guess: f64::NAN,
            ..Mixture::default()
        };
        assert!(unknown.validate().is_err());
        let nothing = Mixture {
            guess: 0.0,
            steps: 0.0,
            checked: 0.0,
            rambling: 0.0,
            wrong: 0.0,
            ..negative
        };
        assert_eq!(nothing.validate(), Err(MixtureError::Nothing));
        assert!(serde_json::from_str::<Mixture>(r#"{"gues": 1}"#).is_err());
    }

    #[test]
    fn a_style_without_weight_is_never_drawn() {
        let only = Mixture {
            guess: 0.0,
            steps: 0.0,
            checked: 0.3,
            rambling: 0.0,
            wrong: 0.0,
            ..Mixture::default()
        };
        let mut rng = seed::stream(0, &["mixture"]);
        assert!((0..100).all(|_| only.style(&mut rng) == Style::Checked));
    }

    #[test]
    fn careful_and_chinese_solutions_mix_more() {
        let mixture = Mixture {
            mixed_language: 0.6,
            ..Mixture::default()
        };
        assert_eq!(mixture.mixed_share(Style::Checked, Language::Zh), 1.0);
        assert_eq!(mixture.mixed_share(Style::Checked, Language::En), 0.5);
        assert_eq!(mixture.mixed_share(Style::Steps, Language::En), 0.3);
        assert_eq!(mixture.mixed_share(Style::Guess, Language::Zh), 0.0);
    }
}
