//! Whole measurements of models whose answers are known beforehand.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use data::chat::Message;
use data::{Ask, Reply, Scripted, Silence};
use rand::RngExt;
use serde_json::json;

use crate::benchmarks::ProblemFile;
use crate::testing::Bench;
use crate::*;

/// A file of problems that are solved with the given chances.
pub(crate) fn coins(chances: &[f64], samples: u32) -> Bench<ProblemFile> {
    let line = |(at, chance): (usize, &f64)| {
        let (id, question) = (format!("coin-{at:03}"), format!("Toss coin {at}: {chance}"));
        json!({"id": id, "question": question, "answer": "1"}).to_string() + "\n"
    };
    let lines: String = chances.iter().enumerate().map(line).collect();
    Bench::new(ProblemFile::problems(), &lines, samples)
}

/// The gold answer 1 with the chance that stands in the question's last word, and 0 otherwise.
fn toss(seed: u64, ask: &Ask) -> Reply {
    let last = &ask.messages.last().expect("a turn").content;
    let chance = last.rsplit(' ').next().expect("a word");
    let chance: f64 = chance.parse().expect("a chance");
    let parts = [ask.id.as_str(), &ask.sample.to_string()];
    let right = data::seed::stream(seed, &parts).random::<f64>() < chance;
    Reply::of(format!("\\boxed{{{}}}", u8::from(right)))
}

/// A model that tosses coins.
pub(crate) fn tosser(seed: u64) -> Scripted<impl Fn(&Ask) -> Result<Reply, Silence>> {
    Scripted::new(move |ask: &Ask| Ok(toss(seed, ask)))
}

/// One that counts how often it was asked.
fn counted(asked: &Cell<usize>) -> Scripted<impl Fn(&Ask) -> Result<Reply, Silence>> {
    Scripted::new(move |ask: &Ask| {
        asked.set(asked.get() + 1);
        Ok(toss(1, ask))
    })
}

/// One that never answers a problem.
pub(crate) fn mute(seed: u64, id: &str) -> Scripted<impl Fn(&Ask) -> Result<Reply, Silence>> {
    Scripted::new(move |ask: &Ask| match ask.id == id {
        true => Err(Silence::Here("no".into())),
        false => Ok(toss(seed, ask)),
    })
}

const CHANCES: [f64; 5] = [0.0, 0.3, 0.5, 0.9, 1.0];

#[test]
fn a_run_counts_right_and_tells_how_far_it_is() {
    let bench = coins(&[0.0, 1.0, 1.0, 0.0], 3);
    let told = RefCell::new(Vec::new());
    let done = bench
        .watched(&tosser(1), "a", &mut |progress| {
            told.borrow_mut().push(progress.clone());
            ControlFlow::Continue(())
        })
        .unwrap();
    let summary = &done.manifest.summary;
    assert_eq!(
        (summary.pass_at_1, summary.problems, summary.samples),
        (0.5, 4, 3)
    );
    assert_eq!(summary.rules, BTreeMap::from([("boxed".to_owned(), 12)]));
    assert_eq!((done.manifest.completions, done.manifest.missing), (12, 0));
    let last = told.borrow().last().unwrap().clone();
    assert_eq!(
        (last.total, last.answered, last.graded, last.right),
        (12, 12, 12, 6)
    );
    assert_eq!(last.pass_at_1, Some(0.5));
    let stored = Manifest::read(&bench.dir("a").join(MANIFEST)).unwrap();
    assert_eq!(stored, done.manifest);
}

/// The second reply is not given before the first is graded, which it is while the model is at work.
#[test]
fn grading_goes_on_while_the_model_is_asked() {
    struct Watched(ProblemFile, Sender<()>);

    impl Benchmark for Watched {
        fn name(&self) -> &str {
            self.0.name()
        }

        fn description(&self) -> &str {
            self.0.description()
        }

        fn load(&self, file: &Path, protocol: &Protocol) -> Result<Loaded, LoadError> {
            self.0.load(file, protocol)
        }

        fn messages(&self, task: &Task) -> Vec<Message> {
            self.0.messages(task)
        }

        fn grade(&self, task: &Task, reply: &Reply, earlier: &[Reply]) -> Judged {
            let judged = self.0.grade(task, reply, earlier);
            let _ = self.1.send(());
            judged
        }
    }

    let (graded, first_graded) = channel();
    let lines = "{\"id\": \"p\", \"question\": \"1?\", \"answer\": \"1\"}\n";
    let bench = Bench::new(Watched(ProblemFile::problems(), graded), lines, 2);
    let model = Scripted::new(|ask: &Ask| {
        if ask.sample == 1 {
            let waited = first_graded.recv_timeout(Duration::from_secs(60));
            waited.map_err(|error| Silence::Ever(format!("nothing was graded: {error}")))?;
        }
        Ok(Reply::of("\\boxed{1}"))
    });
    let done = bench.run(&model, "a").unwrap();
    assert_eq!(done.manifest.summary.pass_at_1, 1.0);
}

#[test]
fn an_interrupted_run_goes_on_and_asks_nothing_twice() {
    let bench = coins(&CHANCES, 8);
    let whole = bench.run(&tosser(1), "whole").unwrap();
    // First it fails after 7 replies, then its user ends it after 10 more, then a line is torn.
    let replies = Cell::new(0);
    let failing = Scripted::new(|ask: &Ask| {
        replies.set(replies.get() + 1);
        match replies.get() <= 7 {
            true => Ok(toss(1, ask)),
            false => Err(Silence::Ever("the budget is spent".into())),
        }
    });
    let error = bench.run(&failing, "parts").unwrap_err();
    assert!(error.to_string().contains("after 7 of 40"), "{error}");
    let stopped = bench.watched(
        &tosser(1),
        "parts",
        &mut |progress| match progress.answered < 17 {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(()),
        },
    );
    assert!(matches!(
        stopped,
        Err(EvaluateError::Interrupted {
            answered: 17,
            total: 40
        })
    ));
    assert!(!bench.dir("parts").join(MANIFEST).exists());
    for name in ["completions.jsonl", "grades.jsonl"] {
        let path = bench.dir("parts").join(name);
        let mut text = fs::read(&path).unwrap();
        text.truncate(text.len().saturating_sub(9));
        fs::write(&path, text).unwrap();
    }
    let asked = Cell::new(0);
    let parts = bench.run(&counted(&asked), "parts").unwrap();
    assert_eq!(asked.get(), 40 - 16);
    assert_eq!(parts.manifest, whole.manifest);
    assert_eq!(parts.graded, whole.graded);
    let again = bench.run(&counted(&asked), "parts").unwrap();
    assert_eq!((again.manifest, asked.get()), (whole.manifest, 40 - 16));
}

#[test]
fn a_store_keeps_to_its_plan() {
    let mut bench = coins(&CHANCES, 2);
    bench.run(&tosser(1), "a").unwrap();
    bench.protocol.temperature = 1.0;
    let error = bench.run(&tosser(1), "a").unwrap_err().to_string();
    assert!(
        error.contains("protocol.temperature: 0.6 before, 1.0 now"),
        "{error}"
    );
    fs::remove_file(bench.dir("a").join("plan.json")).unwrap();
    let error = bench.run(&tosser(1), "a").unwrap_err().to_string();
    assert!(error.contains("no plan.json"), "{error}");
}

#[test]
fn samples_without_a_reply_are_counted_and_asked_again() {
    let bench = coins(&CHANCES, 4);
    let first = bench.run(&mute(1, "coin-002"), "a").unwrap();
    assert_eq!((first.manifest.missing, first.unanswered.len()), (4, 4));
    assert_eq!(first.manifest.summary.problems, 4);
    let asked = Cell::new(0);
    let second = bench.run(&counted(&asked), "a").unwrap();
    assert_eq!((asked.get(), second.manifest.missing), (4, 0));
    assert_eq!(
        second.manifest,
        bench.run(&tosser(1), "b").unwrap().manifest
    );
}

#[test]
fn a_model_that_never_answers_is_told_of_by_its_first_reason() {
    let bench = coins(&[0.5], 2);
    let silent = mute(5, "coin-000");
    let error = bench.run(&silent, "a").unwrap_err().to_string();
    assert!(error.starts_with("none of 2 samples has a reply; the first: sample 0 of `coin-000`"));
}

#[test]
fn a_manifest_is_replayed_to_the_digit() {
    let bench = coins(&CHANCES, 8);
    let before = bench.run(&tosser(1), "a").unwrap().manifest;
    let replayed = bench.replay(&before, &tosser(1)).unwrap();
    assert_eq!(replayed.differences, []);
    assert_eq!(replayed.evaluation.manifest.summary, before.summary);
    fs::remove_dir_all(bench.dir("replayed")).unwrap();
    let other = bench.replay(&before, &tosser(2)).unwrap();
    let fields: Vec<&str> = other
        .differences
        .iter()
        .map(|other| &*other.field)
        .collect();
    assert!(fields.contains(&"completions_sha256") && !fields.contains(&"plan.seed"));
}

#[test]
fn another_task_file_is_no_replay() {
    let bench = coins(&CHANCES, 2);
    let before = bench.run(&tosser(1), "a").unwrap().manifest;
    let text = fs::read_to_string(bench.file()).unwrap();
    fs::write(bench.file(), text.replace("Toss coin 1", "Flip coin 1")).unwrap();
    let error = bench.replay(&before, &tosser(1)).unwrap_err().to_string();
    assert!(
        error.contains("prompts: ") && error.contains("tasks.sha256: "),
        "{error}"
    );
}

#[test]
fn stored_replies_are_graded_anew_by_mended_answers() {
    let bench = coins(&[0.0, 1.0], 4);
    let before = bench.run(&tosser(1), "a").unwrap().manifest;
    assert_eq!(before.summary.pass_at_1, 0.5);
    let text = fs::read_to_string(bench.file()).unwrap();
    let mended = text.replacen(r#""answer":"1""#, r#""answer":"0""#, 1);
    assert_ne!(mended, text);
    fs::write(bench.file(), mended).unwrap();
    let again = bench.regrade("a").unwrap();
    assert_eq!(again.manifest.summary.pass_at_1, 1.0);
    assert_eq!(again.manifest.completions_sha256, before.completions_sha256);
    assert_ne!(again.manifest.plan.tasks.sha256, before.plan.tasks.sha256);
    // Another question is not answered by the replies to this one.
    let other = fs::read_to_string(bench.file())
        .unwrap()
        .replace("Toss", "Flip");
    fs::write(bench.file(), other).unwrap();
    assert!(matches!(bench.regrade("a"), Err(ReplayError::Other(_))));
}

/// Problems are drawn from all there are, solved with chances uniform on 0 to 1: the true pass rate
/// is 1/2. The whole path is walked: asked, stored, graded, summarised.
#[test]
fn the_interval_covers_the_true_pass_rate_about_95_times_in_100() {
    let runs = 400;
    let covered = (0..runs)
        .filter(|&run| {
            let mut chances = data::seed::stream(run, &["chances"]);
            let chances: Vec<f64> = (0..80).map(|_| chances.random()).collect();
            let mut bench = coins(&chances, 4);
            bench.seed = run;
            let summary = bench.run(&tosser(run), "a").unwrap().manifest.summary;
            summary.ci95[0] <= 0.5 && 0.5 <= summary.ci95[1]
        })
        .count();
    assert!((368..=392).contains(&covered), "{covered} of {runs}");
}
