//! Whole measurements of models whose answers are known beforehand.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use data::{Answers, Ask, Finish, Reply, Unanswered};
use rand::RngExt;
use serde_json::{Value, json};

use crate::benchmarks::{self, ProblemFile};
use crate::*;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Answers the gold answer 1 with the chance that stands in the question's last word, and 0 otherwise.
struct Chance {
    seed: u64,
    asked: Cell<usize>,
    /// How many replies it gives before it fails.
    patience: usize,
    /// A problem it never answers.
    mute: &'static str,
}

impl Chance {
    fn new(seed: u64) -> Self {
        Self {
            seed,
            asked: Cell::new(0),
            patience: usize::MAX,
            mute: "",
        }
    }
}

impl Answers for Chance {
    fn answer(
        &self,
        asks: &mut (dyn Iterator<Item = Ask> + Send),
        each: &mut dyn FnMut(Ask, Result<Reply, Unanswered>) -> ControlFlow<()>,
    ) -> Result<(), Failure> {
        for ask in asks {
            if self.asked.get() == self.patience {
                return Err("the budget is spent".into());
            }
            self.asked.set(self.asked.get() + 1);
            let last = &ask.messages.last().expect("a turn").content;
            let chance: f64 = last
                .rsplit(' ')
                .next()
                .expect("a word")
                .parse()
                .expect("a chance");
            let parts = [ask.id.as_str(), &ask.sample.to_string()];
            let right = data::seed::stream(self.seed, &parts).random::<f64>() < chance;
            let reply = match ask.id == self.mute {
                true => Err(Unanswered {
                    id: ask.id.clone(),
                    sample: ask.sample,
                    reason: "no".into(),
                }),
                false => Ok(Reply {
                    text: format!("\\boxed{{{}}}", u8::from(right)),
                    reasoning: None,
                    finish: Finish::Stop,
                    tokens: 5,
                    prompt_tokens: 7,
                }),
            };
            if each(ask, reply).is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// A folder with a file of problems that are solved with the given chances.
struct Bench {
    folder: tempfile::TempDir,
    benchmark: ProblemFile,
    protocol: Protocol,
    seed: u64,
}

impl Bench {
    fn new(chances: &[f64], samples: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let lines: String = (0..)
            .zip(chances)
            .map(|(at, chance)| {
                let question = format!("Toss coin {at}: {chance}");
                json!({"id": format!("coin-{at:03}"), "question": question, "answer": "1"})
                    .to_string()
                    + "\n"
            })
            .collect();
        fs::write(folder.path().join("coins.jsonl"), lines).unwrap();
        Self {
            folder,
            benchmark: ProblemFile::problems(),
            protocol: Protocol::of_samples(samples),
            seed: 3,
        }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("coins.jsonl")
    }

    fn dir(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn model() -> Identity {
        Identity::Weights {
            name: "coins".into(),
            sha256: "0".into(),
        }
    }

    fn plan(&self) -> (TaskSet, Plan) {
        let set = TaskSet::load(&self.benchmark, &self.file(), &self.protocol).unwrap();
        let (model, template) = (Self::model(), "none");
        let plan = Plan::new(
            &self.benchmark,
            &set,
            &self.protocol,
            model,
            template,
            self.seed,
        );
        (set, plan)
    }

    fn run(&self, model: &dyn Answers, dir: &str) -> Result<Evaluation, EvaluateError> {
        self.watched(model, dir, &mut |_| ControlFlow::Continue(()))
    }

    fn watched(
        &self,
        model: &dyn Answers,
        dir: &str,
        observer: &mut Observer<'_>,
    ) -> Result<Evaluation, EvaluateError> {
        let (set, plan) = self.plan();
        let mut store = Store::open(&self.dir(dir), &plan)?;
        evaluate(model, &self.benchmark, &set.tasks, &mut store, observer)
    }

    /// Verifies and replays `manifest` into a new folder.
    fn replay(&self, manifest: &Manifest, model: &dyn Answers) -> Result<Replayed, ReplayError> {
        let verified = verify(
            manifest,
            &self.benchmark,
            &self.file(),
            &Self::model(),
            "none",
        )?;
        let dir = self.dir("replayed");
        let mut quiet = |_: &Progress| ControlFlow::Continue(());
        replay(
            manifest,
            model,
            &self.benchmark,
            &verified,
            &dir,
            &mut quiet,
        )
    }
}

const CHANCES: [f64; 5] = [0.0, 0.3, 0.5, 0.9, 1.0];

#[test]
fn a_run_counts_right_and_tells_how_far_it_is() {
    let bench = Bench::new(&[0.0, 1.0, 1.0, 0.0], 3);
    let told = RefCell::new(Vec::new());
    let done = bench
        .watched(&Chance::new(1), "a", &mut |progress| {
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

#[test]
fn an_interrupted_run_goes_on_and_asks_nothing_twice() {
    let bench = Bench::new(&CHANCES, 8);
    let whole = bench.run(&Chance::new(1), "whole").unwrap();
    // First it fails after 7 replies, then its user ends it after 10 more, then a line is torn.
    let failing = Chance {
        patience: 7,
        ..Chance::new(1)
    };
    let error = bench.run(&failing, "parts").unwrap_err();
    assert!(error.to_string().contains("after 7 of 40"), "{error}");
    let stopped = bench.watched(
        &Chance::new(1),
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
    let last = Chance::new(1);
    let parts = bench.run(&last, "parts").unwrap();
    assert_eq!(last.asked.get(), 40 - 16);
    assert_eq!(parts.manifest, whole.manifest);
    assert_eq!(parts.graded, whole.graded);
    let again = Chance::new(1);
    assert_eq!(bench.run(&again, "parts").unwrap().manifest, whole.manifest);
    assert_eq!(again.asked.get(), 0);
}

#[test]
fn a_store_keeps_to_its_plan() {
    let mut bench = Bench::new(&CHANCES, 2);
    bench.run(&Chance::new(1), "a").unwrap();
    bench.protocol.temperature = 1.0;
    let error = bench.run(&Chance::new(1), "a").unwrap_err().to_string();
    assert!(
        error.contains("protocol.temperature: 0.6 before, 1.0 now"),
        "{error}"
    );
    fs::remove_file(bench.dir("a").join("plan.json")).unwrap();
    let error = bench.run(&Chance::new(1), "a").unwrap_err().to_string();
    assert!(error.contains("no plan.json"), "{error}");
}

#[test]
fn samples_without_a_reply_are_counted_and_asked_again() {
    let bench = Bench::new(&CHANCES, 4);
    let mute = Chance {
        mute: "coin-002",
        ..Chance::new(1)
    };
    let first = bench.run(&mute, "a").unwrap();
    assert_eq!((first.manifest.missing, first.unanswered.len()), (4, 4));
    assert_eq!(first.manifest.summary.problems, 4);
    let again = Chance::new(1);
    let second = bench.run(&again, "a").unwrap();
    assert_eq!((again.asked.get(), second.manifest.missing), (4, 0));
    assert_eq!(
        second.manifest,
        bench.run(&Chance::new(1), "b").unwrap().manifest
    );
}

#[test]
fn a_model_that_never_answers_is_told_of_by_its_first_reason() {
    let bench = Bench::new(&[0.5], 2);
    let mute = Chance {
        mute: "coin-000",
        ..Chance::new(5)
    };
    let error = bench.run(&mute, "a").unwrap_err().to_string();
    assert!(error.starts_with("none of 2 samples has a reply; the first: sample 0 of `coin-000`"));
}

#[test]
fn a_manifest_is_replayed_to_the_digit() {
    let bench = Bench::new(&CHANCES, 8);
    let before = bench.run(&Chance::new(1), "a").unwrap().manifest;
    let replayed = bench.replay(&before, &Chance::new(1)).unwrap();
    assert_eq!(replayed.differences, []);
    assert_eq!(replayed.evaluation.manifest.summary, before.summary);
    fs::remove_dir_all(bench.dir("replayed")).unwrap();
    let other = bench.replay(&before, &Chance::new(2)).unwrap();
    let fields: Vec<&str> = other
        .differences
        .iter()
        .map(|other| &*other.field)
        .collect();
    assert!(fields.contains(&"completions_sha256") && !fields.contains(&"plan.seed"));
}

#[test]
fn another_task_file_is_no_replay() {
    let bench = Bench::new(&CHANCES, 2);
    let before = bench.run(&Chance::new(1), "a").unwrap().manifest;
    let text = fs::read_to_string(bench.file()).unwrap();
    fs::write(bench.file(), text.replace("Toss coin 1", "Flip coin 1")).unwrap();
    let error = bench
        .replay(&before, &Chance::new(1))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("prompts: ") && error.contains("tasks.sha256: "),
        "{error}"
    );
}

#[test]
fn stored_replies_are_graded_anew_by_mended_answers() {
    let bench = Bench::new(&[0.0, 1.0], 4);
    let before = bench.run(&Chance::new(1), "a").unwrap().manifest;
    assert_eq!(before.summary.pass_at_1, 0.5);
    let text = fs::read_to_string(bench.file()).unwrap();
    let mended = text.replacen(r#""answer":"1""#, r#""answer":"0""#, 1);
    assert_ne!(mended, text);
    fs::write(bench.file(), mended).unwrap();
    let mut quiet = |_: &Progress| ControlFlow::Continue(());
    let again = regrade(&bench.dir("a"), &bench.benchmark, &bench.file(), &mut quiet).unwrap();
    assert_eq!(again.manifest.summary.pass_at_1, 1.0);
    assert_eq!(again.manifest.completions_sha256, before.completions_sha256);
    assert_ne!(again.manifest.plan.tasks.sha256, before.plan.tasks.sha256);
    // Another question is not answered by the replies to this one.
    let other = fs::read_to_string(bench.file())
        .unwrap()
        .replace("Toss", "Flip");
    fs::write(bench.file(), other).unwrap();
    let error = regrade(&bench.dir("a"), &bench.benchmark, &bench.file(), &mut quiet);
    assert!(matches!(error, Err(ReplayError::Other(_))));
}

#[test]
fn a_table_puts_results_beside_published_figures() {
    let bench = Bench::new(&[0.0, 1.0], 4);
    let mut manifest = bench.run(&Chance::new(1), "a").unwrap().manifest;
    manifest.plan.benchmark = "aime-2024".into();
    let table = Table::new(&[manifest], &benchmarks::all());
    let text = table.markdown();
    assert!(
        text.starts_with("## aime-2024\n\n| model | pass@1 | cons@4 | pass@4 |"),
        "{text}"
    );
    assert!(
        text.contains("| coins | 50.0 (0.0–100.0) | 50.0 | 50.0 |"),
        "{text}"
    );
    assert!(text.contains("| DeepSeek-R1 | 79.8 |"), "{text}");
    // Both figures of R1-Zero stand in one row.
    assert!(
        text.contains("| DeepSeek-R1-Zero | 71.0 | – | – | 86.7 |"),
        "{text}"
    );
    let widths = text.lines().filter(|line| line.starts_with('|'));
    assert!(
        widths
            .map(|line| line.matches('|').count())
            .all(|count| count == 8)
    );
    assert!(table.html().contains("<td>DeepSeek-R1</td><td>79.8</td>"));
    let json: Value = serde_json::from_str(&table.json()).unwrap();
    assert_eq!(
        json["sections"][0]["rows"][0]["figures"]["pass@1"]["value"],
        50.0
    );
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
            let bench = Bench {
                seed: run,
                ..Bench::new(&chances, 4)
            };
            let summary = bench.run(&Chance::new(run), "a").unwrap().manifest.summary;
            summary.ci95[0] <= 0.5 && 0.5 <= summary.ci95[1]
        })
        .count();
    assert!((368..=392).contains(&covered), "{covered} of {runs}");
}

/// Replays stored completions with labels, each against its gold answer.
struct Labelled<'a>(&'a BTreeMap<String, String>);

impl Answers for Labelled<'_> {
    fn answer(
        &self,
        asks: &mut (dyn Iterator<Item = Ask> + Send),
        each: &mut dyn FnMut(Ask, Result<Reply, Unanswered>) -> ControlFlow<()>,
    ) -> Result<(), Failure> {
        for ask in asks {
            let reply = Reply {
                text: self.0[&ask.id].clone(),
                reasoning: None,
                finish: Finish::Stop,
                tokens: 1,
                prompt_tokens: 1,
            };
            let _ = each(ask, Ok(reply));
        }
        Ok(())
    }
}

#[test]
fn labelled_completions_are_graded_as_labelled_where_they_are_present() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/graders/grader_public.jsonl");
    if !path.exists() {
        return;
    }
    let (mut lines, mut said, mut labels) = (String::new(), BTreeMap::new(), BTreeMap::new());
    for line in fs::read_to_string(path).unwrap().lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let disputed = case["disputed"].as_bool().unwrap_or(false) || case["disputed"].is_string();
        if case["kind"] != "model_output" || disputed {
            continue;
        }
        let (id, gold) = (case["id"].as_str().unwrap(), case["gold"].as_str().unwrap());
        // A gold text is a line around an answer; a task file has the answer.
        let gold = rewards::extract(gold).map_or(gold.to_owned(), |found| found.text);
        let task = json!({"id": id, "question": "Solve it.", "answer": gold});
        lines += &format!("{task}\n");
        said.insert(id.to_owned(), case["pred"].as_str().unwrap().to_owned());
        labels.insert(id.to_owned(), case["expected"] == 1);
    }
    let bench = Bench::new(&[], 1);
    fs::write(bench.file(), lines).unwrap();
    let graded = bench.run(&Labelled(&said), "a").unwrap().graded;
    let otherwise: Vec<&str> = graded
        .iter()
        .filter(|grade| (grade.verdict == Outcome::Right) != labels[&grade.problem])
        .map(|grade| grade.problem.as_str())
        .collect();
    assert!(graded.len() > 300, "{}", graded.len());
    assert!(
        otherwise.is_empty(),
        "{} of {}: {otherwise:?}",
        otherwise.len(),
        graded.len()
    );
}
