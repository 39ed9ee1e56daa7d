//! Solving and porting with a script for a model, and how much of HumanEval is translated.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use data::{Ask, Check, CodeTests, Domain, Problem, Scripted};
use rewards::Code;
use rewards::code::Language;
use serde_json::json;

use super::{Untranslatable, translate};
use crate::Outcome;
use crate::benchmarks::Transfer;
use crate::debug::shown::sandbox;
use crate::testing::{Bench, in_turn};

fn problem(id: &str, stub: &str, body: &str, tests: &str) -> Problem {
    Problem {
        id: id.into(),
        question: stub.into(),
        answer: String::new(),
        solution: Some(format!("{stub}{body}")),
        family: "test".into(),
        domain: Domain::Code,
        level: 1,
        language: "en".into(),
        check: Check::Code {
            tests: CodeTests::HumanEval {
                prompt: stub.into(),
                test: format!("def check(candidate):\n{tests}"),
                entry_point: "f".into(),
            },
        },
    }
}

const STUB: &str = "def f(values, type):\n    \"\"\"Those above.\"\"\"\n";
const BODY: &str = "    return [v for v in values if v > type] or None\n";
const TESTS: &str = "    assert candidate([1, 2, 3], 1) == [2, 3]\n    assert candidate([], 1.5) is None\n    \
                     for n in range(2):\n        assert candidate([n], 0) == ([n] if n else None)\n";

#[test]
fn tests_become_the_same_cases_in_both_languages() {
    let Some(sandbox) = sandbox(Language::Python) else {
        return;
    };
    let sandbox = &sandbox;
    let done = translate(sandbox, &problem("p", STUB, BODY, TESTS)).unwrap();
    let signature = "fn f(values: Vec<i64>, type_: f64) -> Option<Vec<i64>>";
    assert_eq!((&*done.signature, done.cases), (signature, 4));
    let hidden = |tests: &CodeTests| match tests {
        CodeTests::Functional { hidden, .. } => hidden.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(hidden(&done.python)[1], "assert f([], 1.5) == None");
    let rust = hidden(&done.rust);
    assert_eq!(
        rust[0],
        "assert_eq!(f(vec![1i64, 2i64, 3i64], 1.0f64), Some(vec![2i64, 3i64]));"
    );
    assert_eq!(
        rust[1],
        "assert_eq!(f(Vec::<i64>::new(), 1.5f64), None::<Vec<i64>>);"
    );
    let why = |body: &str, tests: &str| {
        translate(sandbox, &problem("p", "def f(x):\n", body, tests)).unwrap_err()
    };
    let same = "    return x\n";
    for (tests, wanted) in [
        ("    assert candidate({1: 2}) == {1: 2}\n", "a dict"),
        ("    assert candidate(2 ** 70) == 2 ** 70\n", "64 bits"),
        (
            "    assert candidate(1) == 1 and candidate('a') == 'a'\n",
            "`i64` and `String`",
        ),
        ("    assert len(candidate('ab')) == 2\n", "used otherwise"),
        ("    assert candidate(3) in (2, 3)\n", "what it is not"),
        ("    assert candidate(x=3) == 3\n", "named"),
        ("    assert candidate(3) == 4\n", "what it is not"),
    ] {
        let error = why(same, tests).to_string();
        assert!(error.contains(wanted), "{tests}{error}");
    }
    assert!(matches!(
        why("    return y\n", "    assert candidate(1) == 1\n"),
        Untranslatable::Solution(_)
    ));
    let near = problem(
        "p",
        "def f(x):\n",
        "    return x / 3\n",
        "    assert abs(candidate(1) - 0.33) < 0.01\n",
    );
    let near = translate(sandbox, &near).unwrap();
    assert_eq!(
        hidden(&near.rust),
        ["assert!((f(1i64) - 0.33f64).abs() < 0.01f64);"]
    );
}

#[test]
fn what_is_solved_is_ported_or_lost() {
    if sandbox(Language::Python).is_none() || sandbox(Language::Rust).is_none() {
        return;
    }
    let line = |id: &str| {
        let columns = json!({
            "task_id": id, "prompt": STUB, "canonical_solution": BODY, "entry_point": "f",
            "test": format!("def check(candidate):\n{TESTS}"),
        });
        columns.to_string() + "\n"
    };
    let ids = ["ported", "lost", "unsolved", "silent"];
    let python = format!("```python\n{STUB}{BODY}```");
    let rust = "```rust\nfn f(values: Vec<i64>, type_: f64) -> Option<Vec<i64>> {\n    \
                let kept: Vec<i64> = values.into_iter().filter(|v| *v as f64 > type_).collect();\n    \
                if kept.is_empty() { None } else { Some(kept) }\n}\n```";
    let forgets = rust.replace(
        "if kept.is_empty() { None } else { Some(kept) }",
        "Some(kept)",
    );
    let wrong = python.replace("or None", "");
    let replies: [(&str, &[&str]); 3] = [
        ("ported", &[&python, rust]),
        ("lost", &[&python, &forgets]),
        ("unsolved", &[&wrong]),
    ];
    let script = in_turn(&replies);
    let ports = RefCell::new(Vec::new());
    let model = Scripted::new(|ask: &Ask| {
        let last = ask.messages.last().unwrap();
        if ask.messages.len() == 3 {
            ports.borrow_mut().push(last.content.clone());
        }
        script.reply(ask)
    });
    let lines: String = ids.map(line).concat();
    let done = Bench::new(Transfer::default(), &lines, 1).measured(&model);
    let fates: Vec<(&str, u32, Outcome)> = done
        .graded
        .iter()
        .map(|it| (&*it.problem, it.turn, it.verdict))
        .collect();
    assert_eq!(
        fates,
        [
            ("lost", 0, Outcome::Right),
            ("lost", 1, Outcome::Wrong),
            ("ported", 0, Outcome::Right),
            ("ported", 1, Outcome::Right),
            ("unsolved", 0, Outcome::Wrong),
        ],
        "{:#?}",
        done.graded
    );
    assert_eq!(
        (done.manifest.missing, done.manifest.summary.problems),
        (1, 3)
    );
    let metrics = done.manifest.metrics.iter();
    let metrics: Vec<(&str, f64)> = metrics.map(|it| (&*it.name, it.value)).collect();
    assert_eq!(
        metrics,
        [("solved", 200.0 / 3.0), ("ported", 50.0), ("lost", 50.0)]
    );
    let port = &ports.borrow()[0];
    assert!(
        port.contains("type_: f64") && port.contains("return [v for v"),
        "{port}"
    );
    assert!(!port.contains("assert"), "the cases stay hidden");
}

/// How many of HumanEval's problems are translated, where the file is; every translation holds for the
/// reference solution, and its Rust side is well formed.
#[test]
fn most_of_humaneval_is_translated() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = path.join("../../../shared/data/code/HumanEval.jsonl.gz");
    let Some(sandbox) = sandbox(Language::Python).filter(|_| path.exists()) else {
        return;
    };
    let sandbox = Arc::new(sandbox);
    let code = Code::within(Arc::clone(&sandbox));
    let problems = data::import::programs(&path).unwrap().problems;
    assert_eq!(problems.len(), 164);
    let (mut done, mut reasons) = (Vec::new(), BTreeMap::<String, Vec<&str>>::new());
    for problem in &problems {
        match translate(&sandbox, problem) {
            Ok(translated) => done.push((problem, translated)),
            Err(why) => reasons
                .entry(why.to_string())
                .or_default()
                .push(&problem.id),
        }
    }
    let counts = format!("{} of 164 are translated; {reasons:#?}", done.len());
    if let Some(file) = std::env::var_os("R1_TRANSLATED") {
        let signatures: Vec<&str> = done.iter().map(|(_, one)| one.signature.as_str()).collect();
        std::fs::write(file, format!("{counts}\n{}\n", signatures.join("\n"))).unwrap();
    }
    assert!(done.len() >= 140, "{counts}");
    for (problem, one) in &done {
        let problem = Problem {
            check: Check::Code {
                tests: one.python.clone(),
            },
            ..(*problem).clone()
        };
        let reply = format!("```python\n{}\n```", problem.solution.as_deref().unwrap());
        let (verdict, _) = code.judge(&problem, &reply);
        assert_eq!(verdict.score(), Some(1.0), "{} {verdict:?}", problem.id);
    }
    if sandbox.has(Language::Rust).is_err() {
        return;
    }
    // All calls compile against their signatures, in one program.
    let mut program = String::from("#![allow(warnings)]\n");
    for (at, (_, one)) in done.iter().enumerate() {
        let CodeTests::Functional { hidden, .. } = &one.rust else {
            panic!("{one:?}")
        };
        program += &format!(
            "mod m{at} {{\n{} {{ loop {{}} }}\nfn check() {{\n{}\n}}\n}}\n",
            one.signature,
            hidden.join("\n")
        );
    }
    program += "fn main() { println!(\"compiled\"); }\n";
    let outcome = sandbox.run(&program, Language::Rust, "").unwrap();
    assert_eq!(outcome.stdout, "compiled\n", "{}", outcome.stderr);
}
