//! `r1 distill` with a teacher behind a server: the whole of it, killed and resumed, and wrong usage.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{finished, r1};
use crate::scripted::Scripted;

pub(crate) const PROBLEMS: usize = 12;
pub(crate) const SAMPLES: usize = 2;

/// Names and things, so that problems are not near duplicates.
const WORDS: [(&str, &str); PROBLEMS] = [
    ("Tom", "apples"),
    ("Ann", "red pencils"),
    ("Mary", "old coins"),
    ("Paul", "small stones"),
    ("Zoe", "green marbles"),
    ("Liam", "paper boats"),
    ("Nora", "blue stamps"),
    ("Omar", "sea shells"),
    ("Ivy", "glass beads"),
    ("Hugo", "toy trains"),
    ("Rosa", "silver keys"),
    ("Finn", "wooden spoons"),
];

fn problem(at: usize) -> (String, usize) {
    let ((name, thing), a, b) = (WORDS[at % PROBLEMS], at + 3, 2 * at + 5);
    let question =
        format!("{name} has {a} {thing} and buys {b} more. How many {thing} does {name} have?");
    (question, a + b)
}

pub(crate) fn write_problems(path: &Path, range: std::ops::Range<usize>) {
    let line = |at: usize| {
        let (question, answer) = problem(at);
        json!({ "id": format!("p{at}"), "question": question, "answer": answer.to_string() })
    };
    let lines: Vec<String> = range.map(|at| line(at).to_string() + "\n").collect();
    fs::write(path, lines.concat()).expect("a file is written");
}

/// Right about every problem but the last two, which it gets right with a hint alone.
pub(crate) fn teacher(pause: Duration) -> Scripted {
    Scripted::start(move |turn| {
        sleep(pause);
        let at = (0..2 * PROBLEMS).find(|at| turn.contains(&problem(*at).0));
        let at = at.expect("a problem that was asked");
        let (question, answer) = problem(at);
        let (a, b) = (at + 3, 2 * at + 5);
        let hinted = turn.len() > question.len();
        let answer = if at + 2 >= PROBLEMS && !hinted {
            answer + 1
        } else {
            answer
        };
        let thing = WORDS[at % PROBLEMS].1;
        (
            format!(
                "The {thing} add up: {a} + {b} = {}. So there are {answer} {thing}.",
                a + b
            ),
            answer.to_string(),
        )
    })
}

/// The command, on twelve problems, with a student from scratch.
pub(crate) fn command(url: &str, dir: &Path, out: &Path, more: &[&str]) -> std::process::Command {
    let mut command = r1(&["distill", url]);
    command
        .arg(dir.join("problems.jsonl"))
        .arg("--out")
        .arg(out);
    command.args([
        "--name=wise",
        "--concurrency=2",
        "--set",
        "sampling.samples=2",
    ]);
    command.args(["--set", "sampling.max_new_tokens=100"]);
    command.args(more);
    command
}

fn read(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).expect("JSON")
}

pub(crate) fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

pub(crate) fn succeed(command: &mut std::process::Command) -> String {
    let output = finished(command);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// How often each sample was asked, by its question and seed.
pub(crate) fn times(server: &Scripted) -> BTreeMap<String, usize> {
    let mut times = BTreeMap::new();
    for body in server.asked() {
        let key = format!("{} {}", body["messages"], body["seed"]);
        *times.entry(key).or_default() += 1;
    }
    times
}

#[test]
fn a_teacher_is_distilled_into_a_student_from_scratch() {
    let server = teacher(Duration::ZERO);
    let dir = TempDir::new().expect("a temporary directory");
    write_problems(&dir.path().join("problems.jsonl"), 0..PROBLEMS);
    // Two of the problems, which may not be learned, and one more.
    write_problems(&dir.path().join("held.jsonl"), 8..PROBLEMS + 1);
    let chat = json!({ "messages": [
        { "role": "user", "content": "Who are you?" },
        { "role": "assistant", "content": "A small model." },
    ]});
    fs::write(dir.path().join("general.jsonl"), chat.to_string()).expect("a file is written");
    let path = |name: &str| dir.path().join(name).display().to_string();
    let out = dir.path().join("out");
    let more = [
        "--hints",
        "--set",
        "hints.min_similarity=0",
        "--student=preset:smoke",
        "--held-out",
        &path("held.jsonl"),
        "--general",
        &path("general.jsonl"),
        "--set",
        "eval.samples=1",
        "--set",
        "eval.max_new_tokens=8",
        "--set",
        "sft.batch=4",
    ];
    let table = succeed(&mut command(&server.url, dir.path(), &out, &more));
    for said in [
        "teacher pass@1",
        "83.3 %",
        "student before",
        "student after",
    ] {
        assert!(table.contains(said), "{said:?} is not in {table}");
    }
    let results = read(&out.join("results.json"));
    assert_eq!(results["sampling"]["passes"]["solved"], 10, "{results}");
    // Each of the two failed ones was asked twice with hints and twice without.
    assert_eq!(results["hints"]["hinted"]["solved"], 2, "{results}");
    assert_eq!(results["hints"]["plain"]["solved"], 0, "{results}");
    assert_eq!(
        times(&server).values().sum::<usize>(),
        PROBLEMS * SAMPLES + 2 * 2 * SAMPLES
    );
    assert!(times(&server).values().all(|times| *times == 1));

    let samples = lines(&out.join("3-filter/samples.jsonl"));
    let ids: Vec<&str> = samples
        .iter()
        .map(|it| it["id"].as_str().expect("an id"))
        .collect();
    let all: Vec<String> = (0..PROBLEMS).map(|at| format!("p{at}")).collect();
    assert_eq!(
        ids, all,
        "the same words are kept once, in the order of the problems"
    );
    let hinted = &samples[PROBLEMS - 1];
    assert_eq!(
        hinted["question"],
        problem(PROBLEMS - 1).0,
        "the hint is gone"
    );

    // Of twelve four are held out; the general sample has three reasoning ones beside it.
    let card = read(&out.join("4-set/card.json"));
    assert_eq!(card["held_out"]["held out"], 4, "{card}");
    let entries = lines(&out.join("4-set/train-00000-of-00001.jsonl"));
    assert_eq!(
        (card["train"].as_u64(), entries.len()),
        (Some(4), 4),
        "{card}"
    );
    let levels: Vec<&Value> = entries.iter().map(|entry| &entry["level"]).collect();
    assert_eq!(
        levels.iter().filter(|level| **level == 1).count(),
        3,
        "{levels:?}"
    );
    assert!(out.join("4-set/README.md").exists());
    let student = out.join("8-student");
    assert!(student.join("model.safetensors").exists() && student.join("tokenizer.json").exists());
    assert_eq!(
        lines(&student.join("metrics.jsonl")).len(),
        2,
        "two epochs of a batch"
    );
    for part in ["6-before", "9-after"] {
        assert_eq!(
            read(&out.join(part).join("manifest.json"))["completions"],
            5
        );
    }

    // Again: everything is complete.
    assert_eq!(
        succeed(&mut command(&server.url, dir.path(), &out, &more)),
        table
    );
    assert_eq!(server.asked().len(), PROBLEMS * SAMPLES + 4 * SAMPLES);
    // Without hints the first round is not asked again.
    let fewer = succeed(&mut command(&server.url, dir.path(), &out, &["--no-train"]));
    assert!(
        !fewer.contains("student") && !fewer.contains("hints"),
        "{fewer}"
    );
    assert_eq!(server.asked().len(), PROBLEMS * SAMPLES + 4 * SAMPLES);
}

#[test]
fn killed_it_goes_on_and_asks_nothing_twice() {
    let dir = TempDir::new().expect("a temporary directory");
    write_problems(&dir.path().join("problems.jsonl"), 0..PROBLEMS);
    let calm = teacher(Duration::ZERO);
    let whole = dir.path().join("whole");
    succeed(&mut command(&calm.url, dir.path(), &whole, &["--no-train"]));

    let slow = teacher(Duration::from_millis(40));
    let out = dir.path().join("out");
    let mut kills = 0;
    for wanted in [5, 13] {
        let mut child = command(&slow.url, dir.path(), &out, &["--no-train"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the tests' own binary starts");
        while slow.asked().len() < wanted && child.try_wait().expect("a child").is_none() {
            sleep(Duration::from_millis(5));
        }
        kills += usize::from(child.try_wait().expect("a child").is_none());
        child.kill().expect("it is killed");
        child.wait().expect("it is gone");
    }
    assert_eq!(kills, 2, "it was at work both times");
    succeed(&mut command(&slow.url, dir.path(), &out, &["--no-train"]));

    // Two requests are under way at once: those the kill met, and no others, were asked again.
    let times = times(&slow);
    assert_eq!(times.len(), PROBLEMS * SAMPLES);
    let again: usize = times.values().map(|times| times - 1).sum();
    assert!(again <= 2 * kills, "{again} samples were asked again");
    let head = 1;
    assert_eq!(
        lines(&out.join("replies.jsonl")).len(),
        head + PROBLEMS * SAMPLES
    );
    // And it ends where an undisturbed run does.
    for file in [
        "1-sampling/responses.jsonl",
        "3-filter/samples.jsonl",
        "4-set/card.json",
    ] {
        let bytes = |run: &Path| fs::read(run.join(file)).expect(file);
        assert!(bytes(&out) == bytes(&whole), "{file} differs");
    }
}

#[test]
fn a_spent_budget_stops_and_more_of_it_goes_on() {
    let dir = TempDir::new().expect("a temporary directory");
    write_problems(&dir.path().join("problems.jsonl"), 0..PROBLEMS);
    let server = teacher(Duration::ZERO);
    let out = dir.path().join("out");
    // A reply says 20 tokens: 24 of them cost 480 at this price.
    let paid = |limit: &'static str| {
        let flags = ["--no-train", "--completion-price=1000000", limit];
        command(&server.url, dir.path(), &out, &flags)
    };
    let output = finished(&mut paid("--max-cost=250"));
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(
        errors.contains("cost") && errors.contains("goes on"),
        "{errors}"
    );
    let before = server.asked().len();
    assert!((1..PROBLEMS * SAMPLES).contains(&before), "{before}");
    succeed(&mut paid("--max-cost=1000"));
    assert_eq!(server.asked().len(), PROBLEMS * SAMPLES);
    // Other settings of sampling are another run's.
    let output = finished(paid("--max-cost=1000").args(["--set", "sampling.temperature=1"]));
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(errors.contains("temperature"), "{errors}");
}

#[test]
fn wrong_arguments_are_refused_before_anything_is_written() {
    let dir = TempDir::new().expect("a temporary directory");
    let problems = dir.path().join("problems.jsonl");
    write_problems(&problems, 0..2);
    let problems = problems.display().to_string();
    let out = dir.path().join("out");
    let refused = |arguments: &[&str]| {
        let output = finished(r1(&["distill"]).args(arguments).arg("--out").arg(&out));
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{message}");
        assert!(!out.exists(), "a refused run leaves nothing behind");
        message
    };
    let url = "http://127.0.0.1:9/v1";
    let named = [url, &*problems, "--name=m", "--no-train"];
    let with = |more: &[&'static str]| refused(&[&named[..], more].concat());
    for (said, message) in [
        ("--student", refused(&[url, &problems, "--name=m"])),
        ("--name", refused(&[url, &problems, "--no-train"])),
        (
            "there is no /nowhere",
            refused(&[url, "/nowhere", "--name=m", "--no-train"]),
        ),
        (
            "there is no directory /nowhere",
            refused(&["/nowhere", &problems, "--no-train"]),
        ),
        (
            "--max-cost is for a teacher behind",
            refused(&["/nowhere", &problems, "--no-train", "--max-cost=1"]),
        ),
        (
            "did you mean `sampling.samples`",
            with(&["--set", "sampling.sampels=1"]),
        ),
        (
            "did you mean `smoke`",
            refused(&[url, &problems, "--name=m", "--student=preset:smok"]),
        ),
        ("cost_limit", with(&["--max-cost=1"])),
        ("--columns", with(&["--columns=a"])),
        ("--against", with(&["--against", "/nowhere"])),
        ("--general", with(&["--general", "/nowhere"])),
        ("--reference", with(&["--max-perplexity=9"])),
        ("--encoder", with(&["--encoder=/nowhere"])),
        (
            "there is no directory /nowhere",
            with(&["--reference=/nowhere"]),
        ),
        ("set.levels", with(&["--set", "set.levels=1"])),
        ("did you mean `4-set`", with(&["--until=4-sets"])),
    ] {
        assert!(message.contains(said), "{said:?} is not in {message:?}");
    }
}
