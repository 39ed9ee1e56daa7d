//! The benchmarks that judge by more than a text, measured with scripts for models.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use data::dataset::Dataset;
use data::journal::Journal;
use data::{Ask, Reply, Scripted};
use serde_json::{Map, Value, json};

use super::{Codeforces, FormalStatements};
use crate::elo::{Contest, Distribution};
use crate::testing::{Bench, in_turn};
use crate::{EvaluateError, Metric, Outcome, TaskSet};

fn read<T: data::dataset::FromRow>(lines: &str) -> Vec<T> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.jsonl");
    std::fs::write(&path, lines).unwrap();
    let records = Dataset::open(&path).unwrap().records().gather().unwrap();
    assert_eq!(records.skipped, []);
    records.records
}

fn value(metrics: &[Metric], name: &str) -> Option<f64> {
    let found = metrics.iter().find(|metric| metric.name == name);
    found.map(|metric| metric.value)
}

#[test]
fn places_in_contests_make_a_rating() {
    let problem = |id: &str, times: u32| {
        let tests = json!([{"input": "3\n", "output": format!("{}\n", 3 * times)}]);
        json!({"task_id": id, "problem": "Multiply.", "tests": tests}).to_string() + "\n"
    };
    let lines: String = [("a", 2), ("b", 3), ("c", 4), ("of no contest", 5)]
        .map(|(id, times)| problem(id, times))
        .concat();
    // `d` is in no file: its contest cannot be placed.
    let contests = concat!(
        r#"{"id": "1", "field": [[1200, 50], [1600, 50]], "#,
        r#""problems": [{"id": "a", "rating": 1000}, {"id": "b", "rating": 1400}, {"id": "c", "rating": 1900}]}"#,
        "\n",
        r#"{"id": "2", "field": [[1200, 50]], "problems": [{"id": "a", "rating": 1}, {"id": "d", "rating": 1}]}"#,
        "\n"
    );
    let people = Distribution::of(read(
        "{\"rating\": 1300, \"count\": 3}\n{\"rating\": 2500}\n",
    ));
    let codeforces = || Codeforces::new(read::<Contest>(contests), "0".into(), people.clone());
    let bench = Bench::new(codeforces(), &lines, 3);
    if let Err(EvaluateError::NotReady(error)) = bench.run(&in_turn(&[]), "tried") {
        return skipped(&error);
    }
    // `a` at the second attempt, `b` at the first, `c` never.
    let model = Scripted::new(|ask: &Ask| {
        let times = match (&*ask.id, ask.sample) {
            ("a", 1) => 2,
            ("b", _) => 3,
            _ => 7,
        };
        let program = format!("```python\nprint({times} * int(input()))\n```");
        Ok(Reply::of(program))
    });
    let done = bench.measured(&model);
    assert_eq!(
        done.manifest.summary.problems, 3,
        "only what contests name is asked"
    );
    assert_eq!(done.manifest.summary.pass_at_1, (1.0 / 3.0 + 1.0) / 3.0);
    let metrics = &done.manifest.metrics;
    assert_eq!(value(metrics, "contests"), Some(1.0));
    let rating = value(metrics, "rating").unwrap();
    assert!((1300.0..2000.0).contains(&rating), "{rating}");
    // The only contest's rating, but held to 100 above the best of the field.
    assert!(rating > 1700.0, "{rating}");
    assert_eq!(value(metrics, "mean rating"), Some(1700.0));
    assert_eq!(value(metrics, "percentile"), Some(75.0));
    // Who solves nothing is explained by no rating.
    let nothing = Scripted::new(|_: &Ask| Ok(Reply::of("I pass.")));
    let last = Bench::new(codeforces(), &lines, 1).measured(&nothing);
    assert_eq!(value(&last.manifest.metrics, "rating"), None);
    let other = Bench::new(codeforces(), &problem("x", 2), 1);
    let error = TaskSet::load(&other.benchmark, &other.file(), &other.protocol).unwrap_err();
    assert!(error.to_string().contains("no contest has one"), "{error}");
}

const REFERENCE: &str = "Theorem r (n : nat) (h : n > 3) : exists m, n * n = 2 * m + 9.";

#[test]
fn formal_statements_are_judged_and_what_is_open_is_asked_of_a_model() {
    let line = |id: &str, system: &str| {
        let columns = json!({
            "id": id, "informal": "Say it.", "formal_statement": REFERENCE, "system": system,
        });
        columns.to_string() + "\n"
    };
    let lines = line("imo-same", "coq") + &line("other", "coq") + &line("open", "coq");
    let bench = Bench::new(FormalStatements::coq(), &lines, 2);
    if let Err(EvaluateError::NotReady(error)) = bench.run(&in_turn(&[]), "tried") {
        return skipped(&error);
    }
    let fenced = |text: &str| format!("So:\n```coq\n{text} Admitted.\n```\n");
    let same = fenced("Theorem t : forall k, k > 3 -> exists m, k * k = 2 * m + 9.");
    let other = fenced("Theorem t (n : nat) (h : n > 0) : n * n = n.");
    let open = fenced("Theorem t (n : nat) (h : n > 4) : exists m, n * n = 2 * m + 9.");
    let replies: [(&str, &[&str]); 3] = [
        ("imo-same", &[&same]),
        ("other", &[&other]),
        ("open", &[&open]),
    ];
    let model = in_turn(&replies);
    let done = bench.measured(&model);
    let verdict = |graded: &[crate::Graded], id: &str| {
        let grade = graded.iter().find(|it| it.problem == id).unwrap();
        (grade.verdict, grade.reason.clone())
    };
    let (right, wrong) = (Outcome::Right, Outcome::Wrong);
    assert_eq!(
        verdict(&done.graded, "imo-same"),
        (right, "faithful: proved".into())
    );
    assert_eq!(
        verdict(&done.graded, "other"),
        (wrong, "absurd: it is refuted".into())
    );
    assert_eq!(verdict(&done.graded, "open").0, Outcome::Unjudged);
    assert_eq!(done.graded[0].family, "imo");
    assert_eq!(
        (
            done.manifest.summary.problems,
            done.manifest.summary.unjudged
        ),
        (2, 2)
    );
    let checker = &done.manifest.plan.settings["checker"];
    assert!(checker.as_str().unwrap().contains("version"), "{checker}");
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let judge = Scripted::new(move |ask: &Ask| {
        count.fetch_add(1, Ordering::Relaxed);
        assert!(ask.messages[0].content.contains(REFERENCE));
        Ok(Reply::of("One hypothesis is another.\nDIFFERENT"))
    });
    let folder = tempfile::tempdir().unwrap();
    let settings = Map::from_iter([("model".to_owned(), json!("script"))]);
    let kept = Journal::open(&folder.path().join("judge.jsonl"), &settings, judge).unwrap();
    let judged = FormalStatements::coq().with_judge(Value::Object(settings), Box::new(kept));
    let done = Bench::new(judged, &lines, 1).measured(&model);
    // Measured, replayed and graded anew: what the judge said once is kept.
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    let said = "says something else: a model says so".to_owned();
    assert_eq!(verdict(&done.graded, "open"), (wrong, said));
    assert_eq!(done.manifest.plan.settings["judge"]["model"], "script");
    let share = |name: &str| value(&done.manifest.metrics, name).unwrap();
    assert_eq!(
        [share("compiled"), share("faithful (proved)")],
        [100.0, 100.0 * (1.0 / 3.0)]
    );
    assert_eq!(
        [
            share("IMO: faithful (proved)"),
            share("faithful (model judge)")
        ],
        [100.0, 0.0]
    );
}

#[test]
fn what_cannot_be_judged_says_what_it_needs() {
    let ready = |benchmark: &dyn crate::Benchmark| benchmark.ready(&[]).unwrap_err().to_string();
    let error = ready(&FormalStatements::lean(None));
    assert!(
        error.contains("`formal-lean`") && error.contains("Lake project"),
        "{error}"
    );
    let error = ready(&super::SweBench::any(None));
    assert!(
        error.contains("`swe-bench`") && error.contains("clones"),
        "{error}"
    );
}

fn skipped(error: &crate::NotReady) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "skipped: {error}");
}
