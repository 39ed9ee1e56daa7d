//! `r1 eval` as its users start it, of models behind a server that says what a script says.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{finished, r1};
use crate::scripted::Scripted;

/// Sums with their answers, a line each.
fn sums(range: std::ops::Range<u32>) -> String {
    let line = |at: u32| {
        let question = format!("What is {at} + {at}?");
        json!({"id": format!("p{at}"), "question": question, "answer": (2 * at).to_string()})
    };
    range.map(|at| line(at).to_string() + "\n").collect()
}

/// A folder with a file of tasks.
fn folder(tasks: &str) -> TempDir {
    let dir = TempDir::new().expect("a temporary directory");
    fs::write(dir.path().join("tasks.jsonl"), tasks).expect("a file is written");
    dir
}

/// Adds, once `pause` is over.
fn adder(pause: Duration) -> Scripted {
    Scripted::start(move |turn| {
        sleep(pause);
        let number = turn
            .split(' ')
            .nth(2)
            .and_then(|word| word.parse::<u32>().ok());
        let sum = 2 * number.expect("a number in the question");
        (format!("It is {sum}."), format!("\\boxed{{{sum}}}"))
    })
}

/// `r1 eval` with what is common to all: run in the folder, whose names need no paths.
fn eval(dir: &Path, words: &[&str]) -> Command {
    let mut command = r1(&["eval"]);
    command.args(words).current_dir(dir);
    command
}

/// Exit code, standard output, standard error.
fn said(command: &mut Command) -> (Option<i32>, String, String) {
    let output = finished(command);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

fn read(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).expect("JSON")
}

/// All files of a folder.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(dir)
        .expect("a folder")
        .map(|entry| entry.expect("an entry"));
    let file = |entry: fs::DirEntry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        (name, fs::read(entry.path()).expect("a file"))
    };
    entries.map(file).collect()
}

#[test]
fn what_is_left_out_and_silent_is_said_in_a_pipe() {
    let tasks = sums(1..4) + "{\"question\": \"No answer.\"}\n";
    let dir = folder(&tasks);
    // The reply to p2 comes too late.
    let server = Scripted::start(|turn| {
        if turn.contains("2 + 2") {
            sleep(Duration::from_secs(20));
        }
        ("So.".into(), "\\boxed{2}".into())
    });
    let limits = "retries = 0\ntimeout = 3.0\n";
    let settings = format!("url = \"{}\"\nmodel = \"m\"\n{limits}", server.url);
    fs::write(dir.path().join("m.toml"), settings).expect("a file is written");
    let words = ["problems", "tasks.jsonl", "--endpoint=m.toml", "--out=out"];
    let (code, table, told) = said(&mut eval(dir.path(), &words));
    assert_eq!(code, Some(0), "{told}");
    assert!(
        told.contains("left out: ") && told.contains("line 4"),
        "{told}"
    );
    assert!(told.contains("sample 0 of `p2` has no reply"), "{told}");
    assert!(
        table.contains("2 of 3 tasks, 1 records left out, 1 samples without a reply"),
        "{table}"
    );
    assert!(table.contains(" † |"), "{table}");
    let (code, _, told) = said(eval(dir.path(), &words).arg("--quiet"));
    assert_eq!((code, told.as_str()), (Some(0), ""));
}

#[test]
fn an_endpoint_is_asked_again_as_it_was_or_not_at_all() {
    let dir = folder(&sums(1..4));
    let server = adder(Duration::ZERO);
    let settings = |more: &str| {
        let text = format!("url = \"{}\"\nmodel = \"m\"\n{more}", server.url);
        fs::write(dir.path().join("m.toml"), text).expect("a file is written");
    };
    settings("stop = [\"END\"]\n[extra]\ntop_k = 20\n");
    let words = ["problems", "tasks.jsonl", "--endpoint=m.toml", "--out=out"];
    let (code, _, told) = said(&mut eval(dir.path(), &words));
    assert_eq!(code, Some(0), "{told}");
    let manifest = read(&dir.path().join("out/manifest.json"));
    let recorded = &manifest["plan"]["model"]["settings"];
    let wanted = json!({"stop": ["END"], "extra": {"top_k": 20}, "max_tokens_name": "max_tokens"});
    assert_eq!(recorded, &wanted);
    assert!(
        server
            .asked()
            .iter()
            .all(|body| body["top_k"] == 20 && body["stop"][0] == "END")
    );
    let asked = server.asked().len();
    let replay = [
        "--replay=out/manifest.json",
        "--endpoint=m.toml",
        "--out=again",
    ];
    for (other, field) in [
        (
            "stop = [\"END\"]\n[extra]\ntop_k = 21\n",
            "model.settings.extra.top_k: 20 before, 21 now",
        ),
        ("[extra]\ntop_k = 20\n", "model.settings.stop: "),
        (
            "stop = [\"END\"]\nmax_tokens_name = \"max_completion_tokens\"\n[extra]\ntop_k = 20\n",
            "model.settings.max_tokens_name: ",
        ),
    ] {
        settings(other);
        for words in [&words[..], &replay] {
            let (code, _, told) = said(&mut eval(dir.path(), words));
            assert_eq!(code, Some(1), "{told}");
            assert!(told.contains(field), "{told}");
        }
        assert!(!dir.path().join("again").exists(), "nothing is left behind");
    }
    assert_eq!(server.asked().len(), asked, "nothing is asked");
    settings("stop = [\"END\"]\n[extra]\ntop_k = 20\n");
    let (code, _, told) = said(&mut eval(dir.path(), &replay));
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("the same to the digit"), "{told}");
}

#[test]
fn a_replay_that_differs_has_exit_code_1_and_says_in_what() {
    let dir = folder(&sums(1..4));
    let errs = Arc::new(AtomicBool::new(false));
    let wrong = Arc::clone(&errs);
    let server = Scripted::start(move |turn| {
        let number: u32 = turn
            .split(' ')
            .nth(2)
            .and_then(|it| it.parse().ok())
            .expect("a number");
        let sum = 2 * number + u32::from(wrong.load(Ordering::Relaxed) && number == 2);
        (String::new(), format!("\\boxed{{{sum}}}"))
    });
    let (endpoint, name) = (format!("--endpoint={}", server.url), "--name=m");
    let words = ["problems", "tasks.jsonl", &endpoint, name, "--out=out"];
    let (code, _, told) = said(&mut eval(dir.path(), &words));
    assert_eq!(code, Some(0), "{told}");
    errs.store(true, Ordering::Relaxed);
    let replay = ["--replay=out/manifest.json", &endpoint, name, "--out=again"];
    let (code, _, told) = said(&mut eval(dir.path(), &replay));
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("not the same:"), "{told}");
    assert!(
        told.contains("summary.pass_at_1: 1.0 before, 0.66"),
        "{told}"
    );
    assert!(told.contains("completions_sha256: "), "{told}");
}

#[test]
#[cfg(unix)]
fn a_signal_ends_a_measurement_and_the_same_command_goes_on() {
    let dir = folder(&sums(1..25));
    let server = adder(Duration::from_millis(150));
    let settings = format!("url = \"{}\"\nmodel = \"m\"\nconcurrency = 2\n", server.url);
    fs::write(dir.path().join("m.toml"), settings).expect("a file is written");
    let words = ["problems", "tasks.jsonl", "--endpoint=m.toml", "--out=out"];
    let mut command = eval(dir.path(), &words);
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let child = command.spawn().expect("r1 starts");
    let replies = dir.path().join("out/completions.jsonl");
    let lines = || fs::read_to_string(&replies).map_or(0, |text| text.lines().count());
    let began = Instant::now();
    while lines() < 4 {
        assert!(
            began.elapsed() < Duration::from_secs(120),
            "nothing is answered"
        );
        sleep(Duration::from_millis(5));
    }
    let told = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(told.expect("kill starts").success());
    let output = child.wait_with_output().expect("r1 ends");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "{told}");
    assert!(
        told.contains("interrupted after") && told.contains("goes on from there"),
        "{told}"
    );
    assert!(!dir.path().join("out/manifest.json").exists());
    let kept = lines();
    assert!((4..24).contains(&kept), "{kept}");
    let (code, _, told) = said(&mut eval(dir.path(), &words));
    assert_eq!(code, Some(0), "{told}");
    let manifest = read(&dir.path().join("out/manifest.json"));
    assert_eq!(
        (&manifest["completions"], &manifest["missing"]),
        (&json!(24), &json!(0))
    );
    assert_eq!(manifest["summary"]["pass_at_1"], 1.0);
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for body in server.asked() {
        *times.entry(body["messages"].to_string()).or_default() += 1;
    }
    assert_eq!(times.len(), 24);
    // What was under way when the signal came was waited for and kept.
    let twice = times.values().filter(|times| **times > 1).count();
    assert_eq!((twice, lines()), (0, 24), "asked again, and kept");
}

#[test]
fn what_cannot_be_measured_leaves_no_folder_and_no_grade_behind() {
    let dir = folder(&sums(1..3));
    let server = adder(Duration::ZERO);
    let (endpoint, name) = (format!("--endpoint={}", server.url), "--name=m");
    let words = ["problems", "tasks.jsonl", &endpoint, name, "--out=out"];
    let key = ["--key", "R1_TEST_KEY_THAT_NOBODY_SETS"];
    let (code, _, told) = said(eval(dir.path(), &words).args(key));
    assert_ne!(code, Some(0), "{told}");
    assert!(told.contains(key[1]), "{told}");
    assert!(!dir.path().join("out").exists(), "{told}");
    // Without a PATH there is no Coq.
    let line = json!({"id": "c", "informal": "Say it.", "system": "coq"}).to_string() + "\n";
    fs::write(dir.path().join("formal.jsonl"), line).expect("a file is written");
    let formal = ["formal-coq", "formal.jsonl", &endpoint, name, "--out=out"];
    let (code, _, told) = said(eval(dir.path(), &formal).env("PATH", "/nowhere"));
    assert_eq!(code, Some(1), "{told}");
    assert!(
        told.contains("`formal-coq` cannot be graded here"),
        "{told}"
    );
    assert!(!dir.path().join("out").exists(), "{told}");
    // A measurement whose file of tasks is gone keeps its grades.
    let (code, _, told) = said(&mut eval(dir.path(), &words));
    assert_eq!(code, Some(0), "{told}");
    let before = files(&dir.path().join("out"));
    let regrade = ["problems", "elsewhere.jsonl", "--regrade", "--out=out"];
    assert_eq!(said(&mut eval(dir.path(), &regrade)).0, Some(1));
    assert_eq!(files(&dir.path().join("out")), before);
    let regrade = ["problems", "tasks.jsonl", "--regrade", "--out=out"];
    let (code, _, told) = said(&mut eval(dir.path(), &regrade));
    assert_eq!(code, Some(0), "{told}");
    let asked = server.asked().len();
    assert_eq!(asked, 2, "grading anew asks nothing");
}

#[test]
fn a_broken_manifest_and_arguments_a_manifest_has_are_refused() {
    let dir = folder("");
    fs::write(dir.path().join("manifest.json"), "{\"plan\": 3}").expect("a file is written");
    let replay = [
        "--replay=manifest.json",
        "--endpoint=http://localhost:1",
        "--name=m",
        "--out=o",
    ];
    let (code, _, told) = said(&mut eval(dir.path(), &replay));
    assert_eq!(code, Some(1), "{told}");
    assert!(
        told.contains("no plan or manifest") && !told.contains("remove the line"),
        "{told}"
    );
    for argument in ["--samples=2", "--temperature=1", "--first=3", "--seed=1"] {
        let (code, _, told) = said(eval(dir.path(), &replay).arg(argument));
        assert_eq!(code, Some(2), "{told}");
        assert!(told.contains("cannot be used with"), "{told}");
    }
    assert!(!dir.path().join("o").exists());
}

/// The program of `crates/r1/examples/own_benchmark.rs`.
#[test]
fn a_benchmark_of_ones_own_is_measured_as_any_other() {
    let own = |words: &[&str], dir: &Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_own-benchmark"));
        said(command.arg("eval").args(words).current_dir(dir))
    };
    let dir = folder(
        "{\"question\": \"stone\", \"answer\": \"enots\"}\n\
         {\"question\": \"mountain\", \"answer\": \"niatnuom\"}\n",
    );
    // Spells what is short.
    let server = Scripted::start(|turn| {
        let word = turn.rsplit(' ').next().unwrap_or_default();
        let short: String = word.chars().take(5).collect();
        (String::new(), short.chars().rev().collect())
    });
    let (code, list, _) = own(&["--list"], dir.path());
    assert_eq!(code, Some(0));
    assert!(
        list.contains("backwards") && list.contains("aime-2024"),
        "{list}"
    );
    let (endpoint, name) = (format!("--endpoint={}", server.url), "--name=speller");
    let words = ["backwards", "tasks.jsonl", &endpoint, name, "--out=out"];
    let (code, table, told) = own(&words, dir.path());
    assert_eq!(code, Some(0), "{told}");
    assert!(
        table.contains("## backwards") && table.contains("| speller | 50.0"),
        "{table}"
    );
    let replay = ["--replay=out/manifest.json", &endpoint, name, "--out=again"];
    let (code, _, told) = own(&replay, dir.path());
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("the same to the digit"), "{told}");
    let (code, json, told) = own(&["--table", "out", "again", "--format=json"], dir.path());
    assert_eq!(code, Some(0), "{told}");
    let table: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(table["pairs"][0]["problems"], 2);
    // `r1` itself knows nothing of it.
    let (code, _, told) = said(&mut eval(dir.path(), &words));
    assert_eq!(code, Some(2), "{told}");
    assert!(
        told.contains("no benchmark is called `backwards`"),
        "{told}"
    );
}
