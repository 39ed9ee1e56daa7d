//! A checker tried out with questions whose answers are known.

use super::checker::{Checker, NoChecker, Question};
use super::statement::{Refused, Statement, System};

impl Checker {
    /// The checker, if it answers questions with known answers.
    pub(super) fn tried(self) -> Result<Self, NoChecker> {
        let read = |text: [&str; 2]| {
            let text = text[usize::from(self.system() == System::Lean)];
            Statement::read(text, self.system())
        };
        let absurd = read([
            "Theorem a (n : nat) (h : n = 1) (k : n = 2) : n = 5.",
            "theorem a (n : Nat) (h : n = 1) (k : n = 2) : n = 5 := by",
        ]);
        let open = read([
            "Theorem a (n : nat) (h : n = 1) : n = 5.",
            "theorem a (n : Nat) (h : n = 1) : n = 5 := by",
        ]);
        let trivial = read([
            "Theorem a (n : nat) (h : n = 1) : n + 0 = n.",
            "theorem a (n : Nat) (h : n = 1) : n + 0 = n := by",
        ]);
        let unread = |error: Refused| NoChecker::Unreliable {
            question: "a statement",
            said: error.to_string(),
        };
        let (absurd, open, trivial) = (
            absurd.map_err(unread)?,
            open.map_err(unread)?,
            trivial.map_err(unread)?,
        );
        for (name, question, yes) in [
            (
                "an open statement compiles",
                Question::Compiles(&open),
                true,
            ),
            ("hypotheses contradict", Question::Vacuous(&absurd), true),
            ("hypotheses may hold", Question::Vacuous(&open), false),
            (
                "a conclusion holds alone",
                Question::Trivial(&trivial),
                true,
            ),
            (
                "a conclusion needs its hypotheses",
                Question::Trivial(&absurd),
                false,
            ),
            (
                "what is false has no proof",
                Question::Provable(&open),
                false,
            ),
            ("a statement is itself", Question::Same(&open, &open), true),
            (
                "a statement is no other",
                Question::Same(&open, &absurd),
                false,
            ),
            (
                "a statement implies itself",
                Question::Implies(&open, &open),
                true,
            ),
        ] {
            let said = self.answer(&question)?;
            if said.is_ok() != yes {
                return Err(NoChecker::Unreliable {
                    question: name,
                    said: said.err().unwrap_or_else(|| "yes".to_owned()),
                });
            }
        }
        Ok(self)
    }
}
