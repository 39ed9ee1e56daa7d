//! Bugs that the statement's examples miss: where candidates differ, and where one program ends badly.
//!
//! Whether an input is allowed is not known. Where candidates differ, most of them vouch for a result; where a single
//! program ends badly nobody does, so the model is told that the input may not be allowed.

use rewards::code::find;
use serde::{Deserialize, Serialize};

use super::chain::Failure;
use super::fuzz::like;
use super::program::{ProgramSubject, how};

/// Inputs come from here whatever the measurement's seed, so that a reply is asked on alike every time.
const SEED: u64 = 0;

/// How tests beyond the examples are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hunt {
    /// Programs a model is asked for, one a turn, before the last of them is tried; at least 1.
    pub candidates: u32,
    /// Inputs like each example on which candidates are compared.
    pub compared: usize,
    /// Inputs like each example on which a program is run for crashes and hangs; 0: none.
    pub fuzzed: usize,
}

impl Default for Hunt {
    /// One candidate, and no inputs but the examples'; where there are more candidates, twelve inputs like each
    /// example.
    fn default() -> Self {
        Self {
            candidates: 1,
            compared: 12,
            fuzzed: 0,
        }
    }
}

impl Hunt {
    /// What a model is asked for another candidate.
    pub fn another() -> String {
        "Solve the problem once more, from the beginning and by another method, as if there were no answer \
         yet. Give the whole program in the same form.\n"
            .to_owned()
    }

    /// What is wrong with the last of `replies`, in the light of the candidates that come first among them:
    /// examples, differences, and only where these find nothing a crash.
    ///
    /// # Errors
    /// Why the programs could not be run.
    pub fn failures(
        &self,
        mut subject: ProgramSubject<'_>,
        replies: &[&str],
    ) -> Result<Vec<Failure>, String> {
        let Some(last) = replies.last() else {
            return Ok(vec![]);
        };
        let candidates = &replies[..replies.len().min(self.candidates as usize)];
        if candidates.len() > 1 {
            subject.add_differences(candidates, self.compared, SEED)?;
        }
        let mut failures = subject.failures(last)?;
        if failures.is_empty() {
            failures.extend(subject.crash(last, self.fuzzed, SEED)?);
        }
        Ok(failures)
    }
}

impl ProgramSubject<'_> {
    /// Where a program ends badly on at most `inputs` inputs like each example: it raises, ends with an error, or
    /// does not end. The first such is enough.
    ///
    /// # Errors
    /// Why the program could not be run.
    pub fn crash(&self, reply: &str, inputs: usize, seed: u64) -> Result<Option<Failure>, String> {
        let Ok(program) = find(reply) else {
            return Ok(None);
        };
        let failure = |test: String, got: String| Failure {
            test,
            expected: Some("a result, where such an input is allowed".to_owned()),
            got,
        };
        let calls = self.tests.calls.iter();
        let calls: Vec<String> = calls.flat_map(|call| like(call, inputs, seed)).collect();
        if !calls.is_empty() {
            let (said, outcome) = self.drive(&program, &calls, &[])?;
            let raised = calls.iter().zip(&said);
            let mut raised = raised.filter_map(|(call, said)| Some((call, said.raised.clone()?)));
            if let Some((call, raised)) = raised.next() {
                return Ok(Some(failure(call.clone(), raised)));
            }
            // The first call that nothing was said of is the one the program ended in.
            if let Some(call) = calls.get(said.len()) {
                return Ok(Some(failure(call.clone(), how(&outcome))));
            }
        }
        for case in &self.tests.cases {
            for input in like(&case.input, inputs, seed) {
                let outcome = self.run(&program, &input)?;
                if !outcome.is_success() {
                    let test = format!("input:\n{input}");
                    return Ok(Some(failure(test, how(&outcome))));
                }
            }
        }
        Ok(None)
    }
}
