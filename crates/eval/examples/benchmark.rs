//! A benchmark of one's own, run on a model that is a line of code.
//!
//! `cargo run -p eval --example benchmark` asks it to spell words backwards, and asks nothing the
//! second time.

use std::error::Error;
use std::ops::ControlFlow;
use std::path::Path;

use data::chat::Message;
use data::{Ask, Reply, Scripted, Silence};
use eval::{
    Benchmark, Identity, Judged, LoadError, Loaded, Outcome, Plan, Protocol, Store, Table, Task,
    TaskSet, evaluate,
};

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
        let right = reply.text.trim() == task.problem.answer;
        Judged {
            verdict: if right {
                Outcome::Right
            } else {
                Outcome::Wrong
            },
            answer: Some(reply.text.trim().to_owned()),
            rule: "whole".to_owned(),
            reason: String::new(),
        }
    }
}

/// A model that spells backwards what is short.
fn spell(ask: &Ask) -> Result<Reply, Silence> {
    let word = ask.messages[0].content.rsplit(' ').next();
    let short: Vec<char> = word.unwrap_or_default().chars().take(5).collect();
    Ok(Reply::of(short.iter().rev().collect::<String>()))
}

#[expect(clippy::print_stdout, reason = "an example is a program")]
fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join("r1-eval-example");
    std::fs::create_dir_all(&folder)?;
    let file = folder.join("words.jsonl");
    std::fs::write(
        &file,
        "{\"question\": \"stone\", \"answer\": \"enots\"}\n\
         {\"question\": \"mountain\", \"answer\": \"niatnuom\"}\n",
    )?;
    let protocol = Protocol::of_samples(4);
    let set = TaskSet::load(&Backwards, &file, &protocol)?;
    let model = Identity::Weights {
        name: "speller".into(),
        sha256: "none".into(),
    };
    let plan = Plan::new(&Backwards, &set, &protocol, model, "none", 1);
    let mut store = Store::open(&folder.join("run"), &plan)?;
    println!("{} replies are there already", store.len());
    let done = evaluate(
        &Scripted::new(spell),
        &Backwards,
        &set.tasks,
        &mut store,
        &mut |_| ControlFlow::Continue(()),
    )?;
    print!(
        "{}",
        Table::new(&[done.manifest], &[Box::new(Backwards)]).markdown()
    );
    Ok(())
}
