//! Whether a statement says what a problem says, as far as a proof checker can tell.

use rewards::code::RunError;
use serde::{Deserialize, Serialize};

use super::checker::{Checker, Question};
use super::fence::extract;
use super::statement::Statement;

/// Who decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// The proof checker, by a proof.
    Checker,
    /// A model that was asked; it may err.
    Model,
}

/// What became of a formalisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Fidelity {
    /// There is no statement in the reply, or it contains what is not allowed.
    Refused {
        /// Why.
        reason: String,
    },
    /// The checker does not understand it, or it rests on axioms of its own.
    Broken {
        /// The checker's first error.
        reason: String,
    },
    /// Its hypotheses contradict each other, so it says nothing.
    Vacuous,
    /// Its conclusion holds without its hypotheses, by automation alone.
    Trivial,
    /// It is false, and was refuted.
    Absurd,
    /// It says what the reference says.
    Faithful {
        /// Who decided.
        by: By,
    },
    /// It says something else.
    Other {
        /// Who decided.
        by: By,
    },
    /// Nothing was wrong, and nothing was proved.
    Open {
        /// What stands in the way.
        reason: String,
    },
}

impl Fidelity {
    pub(super) fn open(reason: &str) -> Self {
        Self::Open {
            reason: reason.to_owned(),
        }
    }

    /// Right or wrong; `None` where it is open.
    pub fn is_right(&self) -> Option<bool> {
        match self {
            Self::Faithful { .. } => Some(true),
            Self::Open { .. } => None,
            _ => Some(false),
        }
    }
}

impl std::fmt::Display for By {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Checker => "proved",
            Self::Model => "a model says so",
        })
    }
}

impl std::fmt::Display for Fidelity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused { reason } => write!(f, "refused: {reason}"),
            Self::Broken { reason } => write!(f, "does not compile: {reason}"),
            Self::Vacuous => f.write_str("vacuous: its hypotheses contradict each other"),
            Self::Trivial => f.write_str("trivial: its conclusion needs no hypothesis"),
            Self::Absurd => f.write_str("absurd: it is refuted"),
            Self::Faithful { by } => write!(f, "faithful: {by}"),
            Self::Other { by } => write!(f, "says something else: {by}"),
            Self::Open { reason } => write!(f, "open: {reason}"),
        }
    }
}

/// A judged reply, with what a second judge has to know.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// The problem's id.
    pub id: String,
    /// Which of its samples, from 0.
    pub sample: u32,
    /// The problem in words.
    pub informal: String,
    /// The reference statement as text, where there is one.
    pub reference: Option<String>,
    /// The statement of the reply; `None` where it was refused.
    pub candidate: Option<Statement>,
    /// What became of it.
    pub fidelity: Fidelity,
}

impl Checker {
    /// Judges the statement in `reply`; gives it as well where there is one.
    ///
    /// A fault that the reference shares is none of the candidate's, since easy theorems are provable.
    /// Without a reference, or with one the checker does not understand, what has no fault stays
    /// [`Fidelity::Open`].
    ///
    /// # Errors
    /// Where the sandbox fails.
    pub fn judge(
        &self,
        reply: &str,
        reference: Option<&Statement>,
    ) -> Result<(Fidelity, Option<Statement>), RunError> {
        let refused = |reason: String| Ok((Fidelity::Refused { reason }, None));
        let Some(text) = extract(reply, self.system()) else {
            return refused("the reply has no statement in a fenced block".to_owned());
        };
        match Statement::read(text, self.system()) {
            Ok(candidate) => {
                let fidelity = self.fidelity(&candidate, reference)?;
                Ok((fidelity, Some(candidate)))
            }
            Err(error) => refused(error.to_string()),
        }
    }

    fn fidelity(
        &self,
        candidate: &Statement,
        reference: Option<&Statement>,
    ) -> Result<Fidelity, RunError> {
        if let Err(reason) = self.answer(&Question::Compiles(candidate))? {
            return Ok(Fidelity::Broken { reason });
        }
        let reference = match reference {
            Some(other) if self.holds_of_reference(&Question::Compiles(other))? => Some(other),
            _ => None,
        };
        if let Some(other) = reference
            && self.holds(Question::Same(candidate, other))?
        {
            return Ok(Fidelity::Faithful { by: By::Checker });
        }
        type Ask = fn(&Statement) -> Question<'_>;
        let faults: [(Ask, Fidelity); 3] = [
            (|s| Question::Vacuous(s), Fidelity::Vacuous),
            (|s| Question::Trivial(s), Fidelity::Trivial),
            (|s| Question::Absurd(s), Fidelity::Absurd),
        ];
        for (ask, fault) in faults {
            if self.holds(ask(candidate))? {
                match reference {
                    Some(other) if self.holds_of_reference(&ask(other))? => {}
                    _ => return Ok(fault),
                }
            }
        }
        match reference {
            Some(other) => self.equivalence(candidate, other),
            None => Ok(Fidelity::open(
                "there is no reference that the checker understands",
            )),
        }
    }

    fn equivalence(
        &self,
        candidate: &Statement,
        reference: &Statement,
    ) -> Result<Fidelity, RunError> {
        let forward = self.holds(Question::Implies(candidate, reference))?;
        let backward = self.holds(Question::Implies(reference, candidate))?;
        Ok(match (forward, backward) {
            (true, true) => {
                let alone = self.holds(Question::Provable(candidate))?
                    || self.holds_of_reference(&Question::Provable(reference))?;
                match alone {
                    true => Fidelity::open(
                        "the automation proves a statement alone, so equivalence says nothing",
                    ),
                    false => Fidelity::Faithful { by: By::Checker },
                }
            }
            (true, false) => {
                Fidelity::open("the reference follows from it; the converse was not proved")
            }
            (false, true) => {
                Fidelity::open("it follows from the reference; the converse was not proved")
            }
            (false, false) => Fidelity::open("neither was proved from the other"),
        })
    }

    fn holds(&self, question: Question<'_>) -> Result<bool, RunError> {
        Ok(self.answer(&question)?.is_ok())
    }
}
