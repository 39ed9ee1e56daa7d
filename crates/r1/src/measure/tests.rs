//! A small model with random weights, measured.

use std::ops::ControlFlow;

use clap::Parser;
use data::chat::Message;
use data::{Answers, Ask, Finish, Reply};
use lm::Sampling;

use super::*;
use crate::answers::{Local, Manner};
use crate::generate::testing::Small;

#[derive(Debug, Parser)]
struct Command {
    #[command(flatten)]
    measure: Measure,
}

fn eval(words: &[&str]) -> Result<bool> {
    let all = ["eval", "--quiet"].iter().chain(words);
    run(&Command::try_parse_from(all).unwrap().measure, Vec::new())
}

fn local(small: &Small, rows: usize) -> Local {
    let manner = Manner {
        sampling: Sampling::PLAIN,
        max_tokens: 12,
        seed: 3,
        rows,
    };
    Local::new(&small.speaker, manner).unwrap()
}

fn ask(id: &str, sample: u32, question: &str) -> Ask {
    Ask {
        id: id.into(),
        sample,
        messages: vec![Message::user(question)],
    }
}

fn answers(model: &Local, asks: Vec<Ask>) -> Vec<(String, u32, Result<Reply, String>)> {
    let mut heard = Vec::new();
    model
        .answer(&mut asks.into_iter(), &mut |ask, reply| {
            let reply = reply.map_err(|error| error.to_string());
            heard.push((ask.id, ask.sample, reply));
            ControlFlow::Continue(())
        })
        .unwrap();
    heard.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
    heard
}

#[test]
fn a_reply_depends_on_its_ask_alone() {
    let small = Small::new();
    let asks = || {
        let of = |id: &'static str, question| (0..4).map(move |i| ask(id, i, question));
        of("a", "1 + 7?").chain(of("b", "八?")).collect::<Vec<_>>()
    };
    let all = answers(&local(&small, 8), asks());
    assert_eq!(all.len(), 8);
    for (_, _, reply) in &all {
        let reply = reply.as_ref().unwrap();
        assert!((1..=12).contains(&reply.tokens) && reply.prompt_tokens > 3);
        assert!(reply.tokens < 12 || reply.finish == Finish::Length);
    }
    let mut turned = asks();
    turned.reverse();
    assert_eq!(answers(&local(&small, 1), turned), all);
    assert_eq!(answers(&local(&small, 2), asks().split_off(6)), all[6..]);
}

#[test]
fn a_prompt_without_room_has_no_reply_and_a_break_ends_all() {
    let small = Small::new();
    let heard = answers(
        &local(&small, 4),
        vec![ask("long", 0, &"7 ".repeat(200)), ask("short", 0, "7?")],
    );
    let error = heard[0].2.as_ref().unwrap_err();
    assert!(error.contains("the model 128 positions"), "{error}");
    assert!(heard[1].2.is_ok());
    let mut count = 0;
    let mut asks = (0..20).map(|i| ask("a", i, "7?"));
    local(&small, 2)
        .answer(&mut asks, &mut |_, _| {
            count += 1;
            ControlFlow::Break(())
        })
        .unwrap();
    assert_eq!(count, 1);
}

#[test]
fn a_measurement_is_kept_and_made_again() {
    let small = Small::new();
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    let tasks = path("tasks.jsonl");
    let lines = concat!(
        r#"{"id": "p", "question": "1 + 7?", "answer": "8"}"#,
        "\n",
        r#"{"id": "q", "question": "2 + 7?", "answer": "9"}"#,
        "\n"
    );
    std::fs::write(&tasks, lines).unwrap();
    let model = small.dir.path().display().to_string();
    let (out, again) = (path("out"), path("again"));
    let measure = [
        "problems",
        &tasks,
        "--model",
        &model,
        "--out",
        &out,
        "--samples=3",
        "--max-tokens=8",
        "--seed=5",
        "--name=small",
    ];
    assert!(eval(&measure).unwrap());
    let manifest = Path::new(&out).join(MANIFEST);
    let first = Manifest::read(&manifest).unwrap();
    assert_eq!((first.completions, first.missing), (6, 0));
    assert_eq!(first.plan.model.name(), "small");
    let bytes = std::fs::read(&manifest).unwrap();
    // Beside one that is right throughout.
    let better = dir.path().join("better");
    std::fs::create_dir(&better).unwrap();
    let grades = std::fs::read_to_string(Path::new(&out).join("grades.jsonl")).unwrap();
    let right = grades.replace("\"verdict\":\"wrong\"", "\"verdict\":\"right\"");
    std::fs::write(better.join("grades.jsonl"), right).unwrap();
    let measured = [(better.as_path(), &first), (Path::new(&out), &first)];
    let said = paired::found(&measured).unwrap()[0].to_string();
    let share = 100.0 * (1.0 - first.summary.pass_at_1);
    assert!(
        said.contains(&format!(
            "small against small, problems: {share:+.1} points"
        )),
        "{said}"
    );
    assert!(
        said.contains("p = ") && said.ends_with("paired by 2 problems"),
        "{said}"
    );
    // Nothing is left to be asked.
    assert!(eval(&measure).unwrap());
    assert_eq!(std::fs::read(&manifest).unwrap(), bytes);
    let manifest = manifest.display().to_string();
    let replay = ["--replay", &manifest, "--model", &model, "--out", &again];
    assert!(eval(&replay).unwrap());
    assert!(eval(&["--regrade", "problems", &tasks, "--out", &out]).unwrap());
    assert!(eval(&["--table", &out, &again, "--format=json"]).unwrap());
    // Other samples in the same folder are refused.
    let other = eval(&[
        "problems",
        &tasks,
        "--model",
        &model,
        "--out",
        &out,
        "--samples=4",
    ]);
    assert!(other.unwrap_err().to_string().contains("samples"));
}

#[test]
fn what_is_missing_is_asked_for() {
    let usage = |words: &[&str]| {
        let error = eval(words).unwrap_err();
        assert!(error.is::<UsageError>(), "{error}");
        error.to_string()
    };
    assert!(usage(&[]).contains("--list"));
    assert!(usage(&["aime"]).contains("there are aime-2024"));
    assert!(usage(&["gsm8k"]).contains("the file of its tasks"));
    assert!(usage(&["gsm8k", "f"]).contains("--out"));
    assert!(usage(&["gsm8k", "f", "--out=o", "--temperature=-1"]).contains("temperature"));
    assert!(eval(&["--list"]).unwrap());
    // What is for other benchmarks is refused, and what is needed is asked for by its name.
    let error = usage(&["gsm8k", "f", "--out=o", "--mirror=m"]);
    assert!(
        error.contains("--mirror is for swe-bench-verified, swe-bench, swe-bench-debug; `gsm8k`"),
        "{error}"
    );
    assert!(usage(&["swe-bench", "f"]).contains("`swe-bench` needs --mirror"));
    assert!(usage(&["swe-bench", "f", "--mirror=m"]).contains("needs --environments"));
    assert!(usage(&["debug-chain", "f", "--oracle"]).contains("--oracle is for"));
    assert!(usage(&["codeforces", "f"]).contains("needs --contests"));
    assert!(usage(&["formal-lean", "f"]).contains("needs --project"));
    assert!(usage(&["formal-coq", "f", "--project=p"]).contains("--project is for formal-lean"));
    let judge = ["formal-coq", "f", "--judge=http://localhost:1/v1"];
    assert!(usage(&judge).contains("give --judge-name"));
}

/// What a manifest or a plan says is not taken from the command line, and so not left unheard either.
#[test]
fn what_is_written_down_may_not_be_said_again() {
    let refused = |words: &[&str]| {
        let all = ["eval"].iter().chain(words);
        let error = Command::try_parse_from(all).unwrap_err();
        assert_eq!(error.kind(), clap::error::ErrorKind::ArgumentConflict);
        assert_eq!(error.exit_code(), 2);
        error.to_string()
    };
    for mode in [&["--replay=m.json"][..], &["--regrade"], &["--table=d"]] {
        for argument in [
            "--samples=4",
            "--temperature=1",
            "--top-p=1",
            "--max-tokens=9",
            "--window=2024-08-01..2025-01-31",
            "--first=1",
            "--seed=3",
        ] {
            let error = refused(&[mode, &[argument]].concat());
            let (name, _) = argument.split_once('=').unwrap();
            assert!(error.contains(name), "{error}");
        }
    }
    refused(&["gsm8k", "f", "--regrade", "--out=o", "--model=m"]);
    refused(&["gsm8k", "f", "--regrade", "--out=o", "--endpoint=e"]);
}

#[test]
fn a_judge_is_written_down_with_all_its_word_depends_on() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("judge.toml");
    let text = "url = \"http://localhost:1/v1\"\nmodel = \"wise\"\ntemperature = 0.3\nstop = [\"END\"]\n\
                [extra]\ntop_k = 7\n";
    std::fs::write(&file, text).unwrap();
    let judge = format!("--judge={}", file.display());
    let parsed = Command::try_parse_from(["eval", "formal-coq", "f", &judge]).unwrap();
    let (known, out) = (benchmarks::all(), dir.path().join("out"));
    let needs = &parsed.measure.needs;
    let made = needs.benchmark("formal-coq", &known, Some(&out), &Console::Quiet);
    let settings = made.unwrap().get().settings();
    let wanted = serde_json::json!({
        "url": "http://localhost:1/v1",
        "model": "wise",
        "temperature": 0.3,
        "top_p": null,
        "max_tokens": 32768,
        "stop": ["END"],
        "seed": null,
        "extra": {"top_k": 7},
        "max_tokens_name": "max_tokens",
    });
    assert_eq!(settings["judge"], wanted);
    assert!(!out.exists());
}

#[test]
fn every_argument_is_for_benchmarks_there_are() {
    let known = benchmarks::all();
    let mut taken = std::collections::BTreeSet::new();
    for benchmark in &known {
        let (needed, more) = needs::arguments(benchmark.name());
        taken.extend(needed.into_iter().chain(more));
    }
    let command = <Command as clap::CommandFactory>::command();
    let own = command
        .get_arguments()
        .filter(|it| it.get_help_heading() == Some("For some benchmarks"));
    let own: std::collections::BTreeSet<String> = own
        .map(|it| format!("--{}", it.get_long().unwrap_or_default()))
        .collect();
    let taken: std::collections::BTreeSet<String> =
        taken.iter().map(|it| (*it).to_owned()).collect();
    assert_eq!(own, taken);
}

#[test]
fn a_rating_needs_contests_and_a_chain_has_rounds() {
    let small = Small::new();
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    let (tasks, contests) = (path("tasks.jsonl"), path("contests.jsonl"));
    let problem =
        r#"{"task_id": "a", "problem": "Add.", "tests": [{"input": "1", "output": "2"}]}"#;
    std::fs::write(&tasks, problem).unwrap();
    let contest = r#"{"id": "1", "field": [[1500, 9]], "problems": [{"id": "a", "rating": 1500}]}"#;
    std::fs::write(&contests, contest).unwrap();
    let model = small.dir.path().display().to_string();
    let measured = |benchmark: &str, argument: &str| {
        let out = path(benchmark);
        let words = [
            benchmark,
            &tasks,
            argument,
            "--model",
            &model,
            "--out",
            &out,
            "--samples=2",
            "--max-tokens=4",
        ];
        match eval(&words) {
            Ok(_) => Some(Manifest::read(&Path::new(&out).join(MANIFEST)).unwrap()),
            // No sandbox here, or no Python in it.
            Err(error) => {
                assert!(
                    error.to_string().contains("cannot be graded here"),
                    "{error}"
                );
                None
            }
        }
    };
    let rated = measured("codeforces", &format!("--contests={contests}"));
    if let Some(rated) = rated {
        assert_eq!(
            (rated.metrics[0].name.as_str(), rated.metrics[0].value),
            ("contests", 1.0)
        );
        assert_eq!(rated.plan.settings["contests"].as_str().unwrap().len(), 64);
    }
    if let Some(debugged) = measured("debug-chain", "--rounds=0") {
        assert_eq!((debugged.completions, debugged.missing), (2, 0));
        assert_eq!(debugged.plan.settings["chain"]["rounds"], 0);
        // The small model writes no program, and what it is told then leaves it no room.
        let out = path("asked on");
        let words = [
            "debug-chain",
            &tasks,
            "--model",
            &model,
            "--out",
            &out,
            "--max-tokens=4",
        ];
        let error = eval(&words).unwrap_err().to_string();
        assert!(
            error.contains("none of 1 samples has a reply") && error.contains("`a#1`"),
            "{error}"
        );
    }
}
