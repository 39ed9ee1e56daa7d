//! `r1` with a benchmark of one's own beside its others.
//!
//! `cargo run --release -p r1 --example own_benchmark -- eval backwards words.jsonl --model DIR --out runs/words`
//! measures a model on words to spell backwards, and `--list`, `--replay`, `--regrade` and `--table` know it.

use std::path::Path;
use std::process::ExitCode;

use data::Reply;
use data::chat::Message;
use eval::{Benchmark, Judged, LoadError, Loaded, Outcome, Protocol, Task};

/// Spelling words backwards.
struct Backwards;

impl Benchmark for Backwards {
    fn name(&self) -> &'static str {
        "backwards"
    }

    fn description(&self) -> &'static str {
        "words to spell backwards; columns `question` and `answer`"
    }

    fn load(&self, file: &Path, _: &Protocol) -> Result<Loaded, LoadError> {
        Ok(data::import::problems(file)?.into())
    }

    fn messages(&self, task: &Task) -> Vec<Message> {
        let word = &task.problem.question;
        vec![Message::user(format!("Spell backwards: {word}"))]
    }

    fn grade(&self, task: &Task, reply: &Reply, _: &[Reply]) -> Judged {
        let said = reply.text.trim();
        Judged {
            verdict: match said == task.problem.answer {
                true => Outcome::Right,
                false => Outcome::Wrong,
            },
            answer: Some(said.to_owned()),
            rule: "whole".to_owned(),
            reason: String::new(),
        }
    }
}

fn main() -> ExitCode {
    r1::cli::main_with(vec![Box::new(Backwards)])
}
