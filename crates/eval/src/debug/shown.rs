//! The chain on programs and patches, with a model that repairs what it knows to be wrong.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use data::{Answers, Ask, Case, Check, CodeTests, Domain, Finish, Problem, Reply, Unanswered};
use rewards::Code;
use rewards::code::{Language, Limits, Sandbox};

use super::{
    Chain, PatchSubject, ProgramSubject, Report, Reproduction, Subject, reproduction_question,
};
use crate::swe::shown::{harness, instances};

/// Gives the replies of a problem in turn, one more for each round, and keeps what it was asked.
#[derive(Default)]
pub(crate) struct Script {
    replies: Vec<(String, Vec<String>)>,
    pub(crate) asked: Mutex<Vec<Ask>>,
}

impl Script {
    pub(crate) fn new(replies: &[(&str, &[&str])]) -> Self {
        let own = |(id, replies): &(&str, &[&str])| {
            let replies = replies.iter().map(|reply| (*reply).to_owned());
            ((*id).to_owned(), replies.collect())
        };
        Self {
            replies: replies.iter().map(own).collect(),
            asked: Mutex::default(),
        }
    }
}

impl Answers for Script {
    fn answer(
        &self,
        asks: &mut (dyn Iterator<Item = Ask> + Send),
        each: &mut dyn FnMut(Ask, Result<Reply, Unanswered>) -> ControlFlow<()>,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        for ask in asks {
            self.asked.lock().unwrap().push(ask.clone());
            let known = self.replies.iter().find(|(id, _)| *id == ask.id);
            let round = ask.messages.len() / 2;
            let reply = match known.and_then(|(_, replies)| replies.get(round)) {
                Some(text) => Ok(Reply {
                    text: text.clone(),
                    reasoning: None,
                    finish: Finish::Stop,
                    tokens: 7,
                    prompt_tokens: 1,
                }),
                None => Err(Unanswered {
                    id: ask.id.clone(),
                    sample: ask.sample,
                    reason: "the script has no more".into(),
                }),
            };
            if each(ask, reply).is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// The judge, where this machine can isolate programs in this language.
pub(crate) fn code(language: Language) -> Option<Code> {
    let sandbox = Sandbox::new(Limits::default()).ok()?;
    sandbox.has(language).ok()?;
    Some(Code::within(Arc::new(sandbox)))
}

fn problem(id: &str, question: &str, tests: CodeTests) -> Problem {
    Problem {
        id: id.into(),
        question: question.into(),
        answer: String::new(),
        solution: None,
        family: "test".into(),
        domain: Domain::Code,
        level: 1,
        language: "en".into(),
        check: Check::Code { tests },
    }
}

fn function(id: &str, doc: &str, tests: &str) -> Problem {
    let prompt = format!("def f(x):\n    \"\"\"{doc}\n    \"\"\"\n");
    problem(
        id,
        &prompt.clone(),
        CodeTests::HumanEval {
            prompt,
            test: format!("def check(candidate):\n{tests}"),
            entry_point: "f".into(),
        },
    )
}

fn python(body: &str) -> String {
    format!("```python\ndef f(x):\n    {body}\n```")
}

#[test]
fn known_bugs_are_repaired_and_the_report_says_how_often() {
    let Some(code) = code(Language::Python) else {
        return;
    };
    let twice = "Twice x.\n    >>> f(2)\n    4\n    >>> f(5)\n    10";
    let judged = "    assert candidate(7) == 14\n    assert candidate(0) == 0\n";
    let sum = CodeTests::StdinStdout {
        shown: vec![Case {
            input: "3\n1 2 3\n".into(),
            output: "6\n".into(),
        }],
        hidden: vec![Case {
            input: "1\n5\n".into(),
            output: "5\n".into(),
        }],
    };
    let problems = [
        function("repaired", twice, judged),
        function("fine", twice, judged),
        function("hangs", twice, judged),
        // The example is wrong, so a right answer is doubted, and spoiled.
        function("misled", "Twice x.\n    >>> f(2)\n    5", judged),
        function("missed", "Twice x.", judged),
        problem("sum", "Add.", sum),
    ];
    let (right, wrong) = (python("return 2 * x"), python("return x + 2"));
    let hangs = python("while True: pass");
    let adds = "```python\ninput()\nprint(sum(map(int, input().split())))\n```";
    let counts = "```python\nprint(sum(map(int, open(0).read().split())))\n```";
    let model = Script::new(&[
        ("repaired", &["I would double it.", &wrong, &right]),
        ("fine", &[&right]),
        ("hangs", &[&hangs, &right]),
        ("misled", &[&right, &python("return 2 * x + 1")]),
        ("missed", &[&wrong]),
        ("sum", &[counts, adds]),
    ]);
    let subjects: Vec<_> = problems
        .iter()
        .map(|problem| ProgramSubject::new(problem, &code))
        .collect();
    let subjects: Vec<&dyn Subject> = subjects.iter().map(|one| one as &dyn Subject).collect();
    let trails = Chain::default().run(&model, &subjects, 0).unwrap();
    let turns: Vec<usize> = trails.iter().map(|trail| trail.turns.len()).collect();
    assert_eq!(turns, [3, 1, 2, 2, 1, 2], "{trails:#?}");
    let wanted = Report {
        judged: 6,
        right_first: 2,
        right_last: 4,
        repaired: 3,
        spoiled: 1,
        false_alarms: 1,
        missed: 2,
        further_answers: 5,
        further_tokens: 35,
        right_after: vec![2, 3, 4],
    };
    assert_eq!(Report::of(&trails), wanted, "{trails:#?}");
    let asked = model.asked.lock().unwrap();
    let told = |id: &str| {
        let ask = asked.iter().rev().find(|ask| ask.id == id).unwrap();
        ask.messages.last().unwrap().content.clone()
    };
    assert!(
        told("repaired").contains("assert f(5) == 10\n```\ngot: 7"),
        "{}",
        told("repaired")
    );
    assert!(told("hangs").contains("uses up its"), "{}", told("hangs"));
    assert!(
        told("sum").contains("1 2 3\n```\nexpected: 6\ngot: 9"),
        "{}",
        told("sum")
    );
    let all: String = asked
        .iter()
        .flat_map(|ask| &ask.messages)
        .map(|m| m.content.as_str())
        .collect();
    assert!(
        !all.contains("candidate(7)") && !all.contains("5\n```\nexpected: 5"),
        "hidden tests stay so"
    );
}

#[test]
fn candidates_that_differ_make_tests() {
    let Some(code) = code(Language::Python) else {
        return;
    };
    // The example does not tell the two apart; inputs like it do.
    let problem = function(
        "abs",
        "How far from 0.\n    >>> f(-3)\n    3",
        "    assert candidate(4) == 4\n",
    );
    let (right, wrong) = (python("return abs(x)"), python("return -x"));
    let mut subject = ProgramSubject::new(&problem, &code);
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
    let same = ProgramSubject::new(&problem, &code);
    let mut agreed = ProgramSubject::new(&problem, &code);
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
    let script = |body: &str| {
        let reply = format!("```python\nfrom sums import double\n{body}\n```");
        Reproduction::of(&harness, instance, &reply).unwrap()
    };
    assert_eq!(
        script("assert double(2) == 4"),
        None,
        "it does not show the issue"
    );
    let script = script("assert double(3) == 6, double(3)");
    assert!(script.is_some());
    let wrong = instance.patch.replace("return 2 * x", "return 3 * x");
    let absent = instance.patch.replace("sums.py", "sum.py");
    let model = Script::new(&[("someone__sums-0", &[&absent, &wrong, &instance.patch])]);
    let question = instance.question(&[]);
    let subject = PatchSubject::new(&harness, instance, question, script).unwrap();
    let trails = Chain::default().run(&model, &[&subject], 0).unwrap();
    let turns = &trails[0].turns;
    assert_eq!(
        turns.iter().map(|turn| turn.right).collect::<Vec<_>>(),
        [Some(false), Some(false), Some(true)]
    );
    assert!(
        turns[0].failures[0]
            .got
            .contains("`sum.py` is not in the repository"),
        "{turns:?}"
    );
    assert!(
        turns[1].failures[0].got.contains("AssertionError: 9"),
        "{turns:?}"
    );
    assert_eq!(Report::of(&trails).repaired, 1);
}
