//! What is known of references: every sample of a problem is held against the same one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rewards::code::RunError;

use super::checker::{Checker, Question};

/// What was asked about references, by script, and what came of it.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<HashMap<String, Cell>>);

/// An answer, once there is one.
type Cell = Arc<Mutex<Option<bool>>>;

impl Known {
    fn cell(&self, script: String) -> Cell {
        let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(cells.entry(script).or_default())
    }
}

impl Checker {
    /// Whether it proves what it is asked about a reference alone. It is asked once: every sample of a
    /// problem is held against the same reference.
    pub(super) fn holds_of_reference(&self, question: &Question<'_>) -> Result<bool, RunError> {
        let cell = self.known.cell(self.script(question));
        // Others with the same question wait for the answer.
        let mut known = cell.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(holds) = *known {
            return Ok(holds);
        }
        let holds = self.answer(question)?.is_ok();
        *known = Some(holds);
        Ok(holds)
    }
}

#[cfg(test)]
mod tests {
    use super::super::statement::{Statement, System};
    use super::*;

    #[test]
    fn what_was_asked_about_a_reference_is_not_asked_again() {
        let Ok(coq) = Checker::coq() else { return };
        let reference = Statement::read("Theorem r (n : nat) : n + 0 = n.", System::Coq).unwrap();
        let question = Question::Provable(&reference);
        assert!(coq.holds_of_reference(&question).unwrap());
        let cell = coq.known.cell(coq.script(&question));
        assert_eq!(*cell.lock().unwrap(), Some(true));
        // Whatever is known is believed.
        *cell.lock().unwrap() = Some(false);
        assert!(!coq.holds_of_reference(&question).unwrap());
    }
}
