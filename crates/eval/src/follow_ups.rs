//! Measurements of several turns.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use data::chat::Message;
use data::{Ask, Reply, Scripted, Silence};

use crate::testing::Bench;
use crate::*;

/// Asks "More?" after every word but the last of the gold answer; right where the last reply is that word.
struct Words;

impl Benchmark for Words {
    fn name(&self) -> &'static str {
        "words"
    }

    fn description(&self) -> &'static str {
        "words, one a turn"
    }

    fn load(&self, file: &Path, _: &Protocol) -> Result<Loaded, LoadError> {
        Ok(data::import::problems(file)?.into())
    }

    fn messages(&self, task: &Task) -> Vec<Message> {
        vec![Message::user(task.problem.question.clone())]
    }

    fn grade(&self, task: &Task, reply: &Reply, earlier: &[Reply]) -> Judged {
        let wanted = task.problem.answer.split(' ').nth(earlier.len());
        Judged {
            verdict: match wanted == Some(&reply.text) {
                true => Outcome::Right,
                false => Outcome::Wrong,
            },
            answer: Some(reply.text.clone()),
            rule: "program".into(),
            reason: String::new(),
        }
    }

    fn follow_up(&self, task: &Task, _: &Reply, said: &[Reply], _: &Judged) -> Option<String> {
        let words = task.problem.answer.split(' ').count();
        (said.len() + 1 < words).then(|| format!("More after {}?", said.len()))
    }
}

const TASKS: &str = "{\"id\": \"one\", \"question\": \"1\", \"answer\": \"a\"}\n\
                     {\"id\": \"three\", \"question\": \"3\", \"answer\": \"a b c\"}\n\
                     {\"id\": \"two\", \"question\": \"2\", \"answer\": \"a x\"}\n";

/// Says a, b, c, turn by turn.
fn alphabet(ask: &Ask) -> Reply {
    let turn = ask.messages.len() / 2;
    Reply::of(["a", "b", "c"][turn])
}

fn model() -> Scripted<impl Fn(&Ask) -> Result<Reply, Silence>> {
    Scripted::new(|ask: &Ask| Ok(alphabet(ask))).at_once(3)
}

fn bench() -> Bench<Words> {
    Bench::new(Words, TASKS, 2)
}

#[test]
fn the_last_turn_counts_and_all_are_kept() {
    let done = bench().measured(&model());
    let turns: Vec<(&str, u32, u32, bool, Outcome)> = done
        .graded
        .iter()
        .filter(|it| it.sample == 1)
        .map(|it| (&*it.problem, it.sample, it.turn, it.followed_up, it.verdict))
        .collect();
    let (right, wrong) = (Outcome::Right, Outcome::Wrong);
    assert_eq!(
        turns,
        [
            ("one", 1, 0, false, right),
            ("three", 1, 0, true, right),
            ("three", 1, 1, true, right),
            ("three", 1, 2, false, right),
            ("two", 1, 0, true, right),
            ("two", 1, 1, false, wrong),
        ]
    );
    let summary = &done.manifest.summary;
    assert_eq!((summary.problems, summary.samples), (3, 2));
    assert_eq!(summary.pass_at_1, 2.0 / 3.0);
    assert_eq!(summary.rules, BTreeMap::from([("program".to_owned(), 6)]));
    assert_eq!((done.manifest.completions, done.manifest.missing), (12, 0));
}

#[test]
fn a_conversation_is_told_whole_and_stored_with_its_questions() {
    let bench = bench();
    let model = Scripted::new(|ask: &Ask| {
        let turn = ask.messages.len() / 2;
        let said: Vec<&str> = ask.messages.iter().map(|it| it.content.as_str()).collect();
        let wanted = ["3", "a", "More after 0?", "b", "More after 1?"];
        if ask.id.starts_with("three") {
            assert_eq!(said, wanted[..=2 * turn]);
            assert_eq!(ask.id, ["three", "three#1", "three#2"][turn]);
        }
        Ok(alphabet(ask))
    });
    bench.run(&model, "a").unwrap();
    let text = fs::read_to_string(bench.dir("a").join("completions.jsonl")).unwrap();
    let mut stored: Vec<Stored> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|it: &Stored| it.problem == "three" && it.sample == 0)
        .collect();
    stored.sort_by_key(|it| it.turn);
    let asked: Vec<Option<&str>> = stored.iter().map(|it| it.asked.as_deref()).collect();
    assert_eq!(asked, [None, Some("More after 0?"), Some("More after 1?")]);
    assert!(!text.lines().next().unwrap().contains("turn"), "{text}");
}

/// Ended after every number of replies, and with its files torn, a run comes to the same.
#[test]
fn an_interrupted_conversation_goes_on() {
    let bench = bench();
    let whole = bench.run(&model(), "whole").unwrap();
    for stop in 1..12 {
        let dir = format!("parts-{stop}");
        let replies = Cell::new(0);
        let counting = Scripted::new(|ask: &Ask| {
            replies.set(replies.get() + 1);
            match replies.get() <= stop {
                true => Ok(alphabet(ask)),
                false => Err(Silence::Ever("gone".into())),
            }
        });
        let error = bench.run(&counting, &dir).unwrap_err().to_string();
        assert!(error.contains("of 6 samples: gone"), "{error}");
        for name in ["completions.jsonl", "grades.jsonl"] {
            let path = bench.dir(&dir).join(name);
            let mut text = fs::read(&path).unwrap();
            text.truncate(text.len().saturating_sub(stop));
            fs::write(&path, text).unwrap();
        }
        let asked = Cell::new(0);
        let rest = Scripted::new(|ask: &Ask| {
            asked.set(asked.get() + 1);
            Ok(alphabet(ask))
        });
        let parts = bench.run(&rest, &dir).unwrap();
        assert_eq!(
            (&parts.manifest, &parts.graded),
            (&whole.manifest, &whole.graded)
        );
        assert_eq!(
            asked.get(),
            12 - stop + 1,
            "the torn reply alone is had twice"
        );
    }
}

#[test]
fn a_sample_without_a_reply_to_its_follow_up_is_missing() {
    let bench = bench();
    let silent = Scripted::new(|ask: &Ask| match &*ask.id {
        "three#2" => Err(Silence::Here("no room".into())),
        _ => Ok(alphabet(ask)),
    });
    let mut last = Progress::default();
    let done = bench.watched(&silent, "a", &mut |progress| {
        last = progress.clone();
        ControlFlow::Continue(())
    });
    let done = done.unwrap();
    assert_eq!((done.manifest.missing, done.manifest.completions), (2, 10));
    assert_eq!(
        (done.manifest.summary.problems, done.unanswered.len()),
        (2, 2)
    );
    assert_eq!((last.answered, last.unanswered, last.graded), (4, 2, 4));
    let asked = Cell::new(0);
    let rest = Scripted::new(|ask: &Ask| {
        asked.set(asked.get() + 1);
        Ok(alphabet(ask))
    });
    let whole = bench.run(&rest, "a").unwrap();
    assert_eq!((asked.get(), whole.manifest.missing), (2, 0));
    assert_eq!(whole.manifest, bench.run(&model(), "b").unwrap().manifest);
}

#[test]
fn grading_anew_asks_nothing_on() {
    let bench = bench();
    bench.run(&model(), "a").unwrap();
    // The gold answer of `one` has a second word now, which nobody was asked for.
    fs::write(bench.file(), TASKS.replace("\"a\"}", "\"a b\"}")).unwrap();
    let again = bench.regrade("a").unwrap();
    assert_eq!(
        (again.manifest.missing, again.manifest.completions),
        (2, 12)
    );
    assert_eq!(again.manifest.summary.problems, 2);
}
