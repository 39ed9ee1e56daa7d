//! What a model does while it reasons: it checks itself, takes things back, starts over, builds on
//! earlier results, changes language; and whether the steps it writes down are true.
//!
//! | what | how it is told |
//! | --- | --- |
//! | verification, backtracking, restarts | phrases in nine languages, once a sentence ([`find`]) |
//! | steps that hold, and that do not | `a = b` with both sides evaluated ([`claims`]) |
//! | equations stated again, results built on | the sides of those claims |
//! | changes of language | [`rewards::identify`] on stretches of text |
//!
//! These are marks in a text, not the acts behind them: a model may say "let me check" and check nothing
//! (DeepSeek-R1, arXiv 2501.12948v1, section 2.2.4, counts such words over training as well). Left out:
//! phrases that come without a mark, and claims in words.

mod claims;
mod curve;
#[cfg(test)]
mod labelled;
mod phrases;
mod reuse;
mod sentences;
mod switches;

pub use claims::{Claim, Truth, claims};
pub use curve::{Point, curve};
pub use phrases::{Kind, find};
pub use switches::switches;

use serde::{Deserialize, Serialize};

/// How often each behaviour shows in one text, or on average in several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts<T = usize> {
    /// Sentences in which something is checked.
    pub verifications: T,
    /// Sentences in which something is taken back.
    pub backtracks: T,
    /// Sentences in which the reasoning begins anew or another way is taken.
    pub restarts: T,
    /// Changes from one language to another.
    pub switches: T,
    /// Equations that hold.
    pub right_steps: T,
    /// Equations between numbers that do not hold.
    pub wrong_steps: T,
    /// Equations that could not be decided: they hold for some values, or cannot be read.
    pub open_steps: T,
    /// Equations stated again after another one.
    pub repeated: T,
    /// Equations that use the result of an earlier one that holds.
    pub built_on: T,
    /// Sentences in all.
    pub sentences: T,
}

/// Averages of [`Counts`].
pub type Means = Counts<f64>;

impl<T: Copy> Counts<T> {
    /// What `of` makes of each count.
    fn map<V>(&self, of: impl Fn(T) -> V) -> Counts<V> {
        self.with(self, |count, _| of(count))
    }

    /// What `of` makes of each count and the other's.
    fn with<U: Copy, V>(&self, other: &Counts<U>, of: impl Fn(T, U) -> V) -> Counts<V> {
        Counts {
            verifications: of(self.verifications, other.verifications),
            backtracks: of(self.backtracks, other.backtracks),
            restarts: of(self.restarts, other.restarts),
            switches: of(self.switches, other.switches),
            right_steps: of(self.right_steps, other.right_steps),
            wrong_steps: of(self.wrong_steps, other.wrong_steps),
            open_steps: of(self.open_steps, other.open_steps),
            repeated: of(self.repeated, other.repeated),
            built_on: of(self.built_on, other.built_on),
            sentences: of(self.sentences, other.sentences),
        }
    }
}

/// Counts the behaviours in `text`. Time is linear in its length, but for what evaluating its equations
/// takes.
pub fn count(text: &str) -> Counts {
    let found = find(text);
    let of = |kind| found.iter().filter(|(other, _)| *other == kind).count();
    let claims = claims(text);
    let (repeated, built_on) = reuse::reuse(&claims);
    let steps = |truth| claims.iter().filter(|claim| claim.truth == truth).count();
    Counts {
        verifications: of(Kind::Verification),
        backtracks: of(Kind::Backtracking),
        restarts: of(Kind::Restart),
        switches: switches(text),
        right_steps: steps(Truth::Holds),
        wrong_steps: steps(Truth::Fails),
        open_steps: steps(Truth::Open),
        repeated,
        built_on,
        sentences: sentences::sentences(text).len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reasoning_is_counted() {
        let text = "We need 17 * 3. 17 * 3 = 41. Wait, that's wrong. 17 * 3 = 51.\n\
                    Then 51 + 9 = 60, so x + 60 = 70.\nLet me check: 17 * 3 = 51. \
                    Let me try a different approach.";
        let counts = count(text);
        assert_eq!(
            (counts.verifications, counts.backtracks, counts.restarts),
            (1, 1, 1)
        );
        assert_eq!(
            (counts.right_steps, counts.wrong_steps, counts.open_steps),
            (3, 1, 1)
        );
        assert_eq!(
            (counts.repeated, counts.built_on, counts.switches),
            (1, 2, 0)
        );
        assert_eq!(count(""), Counts::default());
    }
}
