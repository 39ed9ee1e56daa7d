//! The chain on programs and patches, with models that repair what they know to be wrong.

use std::cell::RefCell;

use data::{Ask, Check, CodeTests, Domain, Problem, Scripted};
use rewards::code::{Language, Limits, Sandbox};
use serde_json::json;

use super::{Chain, PatchSubject, ProgramSubject, Report, Reproduction, reproduction_question};
use crate::benchmarks::{DebugChain, SweDebug};
use crate::swe::shown::{harness, instances, settings};
use crate::testing::{Bench, in_turn};

/// A sandbox, where this machine has one with this language.
pub(crate) fn sandbox(language: Language) -> Option<Sandbox> {
    let sandbox = Sandbox::new(Limits::default()).ok()?;
    sandbox.has(language).ok()?;
    Some(sandbox)
}

fn line(id: &str, columns: serde_json::Value) -> String {
    let mut columns = columns;
    columns["id"] = id.into();
    columns["task_id"] = id.into();
    columns.to_string() + "\n"
}

fn prompt(doc: &str) -> String {
    format!("def f(x):\n    \"\"\"{doc}\n    \"\"\"\n")
}

/// A line of HumanEval's form.
pub(super) fn function(id: &str, doc: &str, tests: &str) -> String {
    let test = format!("def check(candidate):\n{tests}");
    line(
        id,
        json!({"prompt": prompt(doc), "test": test, "entry_point": "f"}),
    )
}

pub(super) fn python(body: &str) -> String {
    format!("```python\ndef f(x):\n    {body}\n```")
}

#[test]
fn known_bugs_are_repaired_and_the_report_says_how_often() {
    if sandbox(Language::Python).is_none() {
        return;
    }
    let twice = "Twice x.\n    >>> f(2)\n    4\n    >>> f(5)\n    10";
    let judged = "    assert candidate(7) == 14\n    assert candidate(0) == 0\n";
    let sum = json!({
        "problem": "Add.\n\nSample Input\n3\n1 2 3\n\nSample Output\n6\n",
        "tests": [{"input": "1\n5\n", "output": "5\n"}],
    });
    let lines = [
        function("repaired", twice, judged),
        function("fine", twice, judged),
        function("hangs", twice, judged),
        // The example is wrong, so a right answer is doubted, and spoiled.
        function("misled", "Twice x.\n    >>> f(2)\n    5", judged),
        function("missed", "Twice x.", judged),
        line("sum", sum),
    ];
    let (right, wrong) = (python("return 2 * x"), python("return x + 2"));
    let (hangs, spoilt) = (python("while True: pass"), python("return 2 * x + 1"));
    let adds = "```python\ninput()\nprint(sum(map(int, input().split())))\n```";
    let counts = "```python\nprint(sum(map(int, open(0).read().split())))\n```";
    let replies: [(&str, &[&str]); 6] = [
        ("repaired", &["I would double it.", &wrong, &right]),
        ("fine", &[&right]),
        ("hangs", &[&hangs, &right]),
        ("misled", &[&right, &spoilt]),
        ("missed", &[&wrong]),
        ("sum", &[counts, adds]),
    ];
    let asked = RefCell::new(Vec::<Ask>::new());
    let script = in_turn(&replies);
    let model = Scripted::new(|ask: &Ask| {
        asked.borrow_mut().push(ask.clone());
        script.reply(ask)
    });
    let bench = Bench::new(DebugChain::new(Chain::default()), &lines.concat(), 1);
    let done = bench.measured(&model);
    let turns = |id: &str| done.graded.iter().filter(|it| it.problem == id).count();
    let ids = ["repaired", "fine", "hangs", "misled", "missed", "sum"];
    assert_eq!(ids.map(turns), [3, 1, 2, 2, 1, 2], "{:#?}", done.graded);
    let wanted = Report {
        judged: 6,
        right_first: 2,
        right_last: 4,
        repaired: 3,
        spoiled: 1,
        tried_right: 5,
        false_alarms: 1,
        tried_wrong: 6,
        missed: 2,
        further_answers: 5,
        further_tokens: 35,
        right_after: vec![2, 3, 4],
    };
    assert_eq!(Report::of(&done.graded, 0, 3), wanted);
    assert_eq!(done.manifest.summary.pass_at_1, 4.0 / 6.0);
    assert_eq!(done.manifest.metrics, wanted.metrics());
    let asked = asked.borrow();
    let told = |id: &str| {
        let ask = asked.iter().rev().find(|ask| ask.id.starts_with(id));
        ask.unwrap().messages.last().unwrap().content.clone()
    };
    let repaired = told("repaired");
    assert!(
        repaired.contains("assert f(5) == 10\n```\ngot: 7"),
        "{repaired}"
    );
    assert!(told("hangs").contains("uses up its"), "{}", told("hangs"));
    let sum = told("sum");
    assert!(sum.contains("1 2 3\n```\nexpected: 6\ngot: 9"), "{sum}");
    let all = asked.iter().flat_map(|ask| &ask.messages);
    let all: String = all.map(|said| said.content.as_str()).collect();
    assert!(
        !all.contains("candidate(7)") && !all.contains("5\n```\nexpected: 5"),
        "hidden tests stay so"
    );
}

#[test]
fn without_rounds_nobody_is_asked_again() {
    if sandbox(Language::Python).is_none() {
        return;
    }
    let line = function(
        "p",
        "Twice x.\n    >>> f(2)\n    4",
        "    assert candidate(7) == 14\n",
    );
    let chain = Chain {
        rounds: 0,
        ..Chain::default()
    };
    let bench = Bench::new(DebugChain::new(chain), &line, 1);
    let wrong = python("return x + 3");
    let done = bench.measured(&in_turn(&[("p", &[&wrong])]));
    assert_eq!((done.graded.len(), done.manifest.missing), (1, 0));
}

#[test]
fn candidates_that_differ_make_tests() {
    let Some(sandbox) = sandbox(Language::Python) else {
        return;
    };
    // The example does not tell the two apart; inputs like it do.
    let question = prompt("How far from 0.\n    >>> f(-3)\n    3");
    let problem = Problem {
        id: "abs".into(),
        question: question.clone(),
        answer: String::new(),
        solution: None,
        family: "test".into(),
        domain: Domain::Code,
        level: 1,
        language: "en".into(),
        check: Check::Code {
            tests: CodeTests::HumanEval {
                prompt: question,
                test: "def check(candidate):\n    assert candidate(4) == 4\n".into(),
                entry_point: "f".into(),
            },
        },
    };
    let (right, wrong) = (python("return abs(x)"), python("return -x"));
    let new = || ProgramSubject::new(&problem, &sandbox);
    let mut subject = new();
    assert_eq!(subject.failures(&wrong), Ok(vec![]));
    subject
        .add_differences(&[&right, &right, &wrong], 12, 1)
        .unwrap();
    assert_eq!(subject.failures(&right), Ok(vec![]));
    let failures = subject.failures(&wrong).unwrap();
    assert!(
        !failures.is_empty() && failures.len() < subject.tests().assertions.len() + 1,
        "{failures:?}"
    );
    assert!(
        failures.iter().all(|failure| failure.got.starts_with('-')),
        "{failures:?}"
    );
    let (same, mut agreed) = (new(), new());
    agreed.add_differences(&[&right, &right], 12, 1).unwrap();
    assert_eq!(agreed.tests(), same.tests(), "who agrees shows nothing");
}

#[test]
fn a_script_that_shows_the_issue_finds_a_patch_that_does_not_help() {
    let folder = tempfile::tempdir().unwrap();
    let instances = instances(folder.path());
    let Some(harness) = harness(folder.path()) else {
        return;
    };
    let instance = &instances[0];
    assert!(reproduction_question(instance).contains("exit code"));
    let fenced = |body: &str| format!("```python\nfrom sums import double\n{body}\n```");
    let useless = fenced("assert double(2) == 4");
    let shown = Reproduction::of(&harness, instance, &useless).unwrap();
    assert_eq!(shown, None, "it does not show the issue");
    let wrong = instance.patch.replace("return 2 * x", "return 3 * x");
    let absent = instance.patch.replace("sums.py", "sum.py");
    let without = PatchSubject::new(&harness, instance, None).unwrap();
    assert_eq!(without.failures(&wrong), Ok(vec![]));
    let script = fenced("assert double(3) == 6, double(3)");
    let replies = [&*script, &absent, &wrong, &instance.patch];
    let told = RefCell::new(Vec::new());
    let replies: [(&str, &[&str]); 1] = [("someone__sums-0", &replies)];
    let script = in_turn(&replies);
    let model = Scripted::new(|ask: &Ask| {
        let last = ask.messages.last().unwrap();
        told.borrow_mut().push(last.content.clone());
        script.reply(ask)
    });
    let lines = serde_json::to_string(instance).unwrap() + "\n";
    let bench = Bench::new(
        SweDebug::new(Some(settings(folder.path())), true, Chain::default()),
        &lines,
        1,
    );
    let done = bench.measured(&model);
    let verdicts: Vec<_> = done.graded.iter().map(|it| it.verdict).collect();
    use crate::Outcome::{Right, Unjudged, Wrong};
    assert_eq!(
        verdicts,
        [Unjudged, Wrong, Wrong, Right],
        "{:#?}",
        done.graded
    );
    let told = told.borrow();
    assert_eq!(told[0], reproduction_question(instance));
    assert!(told[1].contains("<file path=\"sums.py\">") && told[1].contains("```diff"));
    assert!(
        told[2].contains("`sum.py` is not in the repository"),
        "{}",
        told[2]
    );
    assert!(told[3].contains("AssertionError: 9"), "{}", told[3]);
    let metric = |name: &str| {
        let metrics = &done.manifest.metrics;
        metrics.iter().find(|it| it.name == name).unwrap().value
    };
    assert_eq!(metric("resolved"), 100.0);
    assert_eq!(
        (metric("repaired"), metric("further answers")),
        (100.0, 2.0)
    );
}
