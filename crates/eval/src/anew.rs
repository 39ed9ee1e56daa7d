//! Stored replies graded anew, and what is left of the old grades where that cannot be done.

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use data::chat::Message;
use data::{Ask, Reply, Scripted};

use crate::benchmarks::ProblemFile;
use crate::testing::Bench;
use crate::*;

/// Problems that can be graded as long as nothing is broken.
struct Fragile {
    problems: ProblemFile,
    broken: AtomicBool,
}

impl Benchmark for Fragile {
    fn name(&self) -> &'static str {
        "fragile"
    }

    fn description(&self) -> &'static str {
        "problems graded by what may be missing"
    }

    fn load(&self, file: &Path, protocol: &Protocol) -> Result<Loaded, LoadError> {
        self.problems.load(file, protocol)
    }

    fn ready(&self, _: &[Task]) -> Result<(), NotReady> {
        match self.broken.load(Ordering::Relaxed) {
            true => Err(NotReady {
                benchmark: "fragile".into(),
                reason: "the checker is gone".into(),
            }),
            false => Ok(()),
        }
    }

    fn messages(&self, task: &Task) -> Vec<Message> {
        self.problems.messages(task)
    }

    fn grade(&self, task: &Task, reply: &Reply, earlier: &[Reply]) -> Judged {
        self.problems.grade(task, reply, earlier)
    }
}

const TASKS: &str = "{\"id\": \"a\", \"question\": \"1 + 1?\", \"answer\": \"2\"}\n\
                     {\"id\": \"b\", \"question\": \"2 + 2?\", \"answer\": \"4\"}\n";

/// Two samples of two tasks, all answered by 2.
fn measured() -> Bench<Fragile> {
    let fragile = Fragile {
        problems: ProblemFile::problems(),
        broken: AtomicBool::new(false),
    };
    let bench = Bench::new(fragile, TASKS, 2);
    let two = Scripted::new(|_: &Ask| Ok(Reply::of("\\boxed{2}")));
    let done = bench.run(&two, "a").unwrap();
    assert_eq!(done.manifest.summary.pass_at_1, 0.5);
    bench
}

/// What is in the folder of the measurement, file by file.
fn files(bench: &Bench<Fragile>) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(bench.dir("a")).unwrap().map(Result::unwrap);
    let file = |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().unwrap();
        (name, fs::read(entry.path()).unwrap())
    };
    entries.map(file).collect()
}

#[test]
fn grades_stay_to_the_byte_where_nothing_can_be_graded() {
    let bench = measured();
    let before = files(&bench);
    assert_eq!(before.len(), 4, "{:?}", before.keys());
    bench.benchmark.broken.store(true, Ordering::Relaxed);
    let error = bench.regrade("a").unwrap_err().to_string();
    assert!(error.contains("the checker is gone"), "{error}");
    assert_eq!(files(&bench), before);
}

#[test]
fn grades_stay_until_all_new_ones_are_there() {
    let bench = measured();
    let before = files(&bench);
    fs::write(bench.file(), TASKS.replace("\"4\"", "\"2\"")).unwrap();
    let (dir, file) = (bench.dir("a"), bench.file());
    let stopped = regrade(&dir, &bench.benchmark, &file, &mut |_| {
        ControlFlow::Break(())
    });
    assert!(matches!(
        stopped,
        Err(ReplayError::Evaluate(EvaluateError::Interrupted { .. }))
    ));
    let mut after = files(&bench);
    after.remove("grades.anew.jsonl");
    assert_eq!(after, before);
    let again = bench.regrade("a").unwrap();
    assert_eq!(again.manifest.summary.pass_at_1, 1.0);
    let after = files(&bench);
    assert_eq!(after.len(), 4, "{:?}", after.keys());
    assert_ne!(after["grades.jsonl"], before["grades.jsonl"]);
    assert_eq!(after["completions.jsonl"], before["completions.jsonl"]);
    // What is there now is whole: nothing is asked, and the figures are the same.
    let asked = Scripted::new(|_: &Ask| panic!("nobody is asked"));
    let same = bench.run(&asked, "a").unwrap();
    assert_eq!(same.manifest, again.manifest);
}
