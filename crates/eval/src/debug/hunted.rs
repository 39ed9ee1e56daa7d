//! Known bugs that the examples miss, and what finds them.

use std::cell::RefCell;

use data::{Ask, Scripted};
use rewards::code::Language;

use super::shown::{function, python, sandbox};
use super::{Chain, Hunt};
use crate::benchmarks::DebugChain;
use crate::testing::{Bench, in_turn};
use crate::{Evaluation, Outcome};

/// Measures a problem whose replies are these, and gives what the model was asked after the first turn as well.
fn hunted(hunt: Hunt, line: &str, replies: &[&str]) -> (Evaluation, Vec<String>) {
    let told = RefCell::new(Vec::new());
    let all = [("p", replies)];
    let script = in_turn(&all);
    let model = Scripted::new(|ask: &Ask| {
        if ask.messages.len() > 1 {
            let last = ask.messages.last().unwrap();
            told.borrow_mut().push(last.content.clone());
        }
        script.reply(ask)
    });
    let benchmark = DebugChain::new(Chain::default()).with_hunt(hunt);
    let done = Bench::new(benchmark, line, 1).run(&model, "run").unwrap();
    (done, told.into_inner())
}

fn verdicts(done: &Evaluation) -> Vec<Outcome> {
    done.graded.iter().map(|grade| grade.verdict).collect()
}

/// The example does not tell `-x` from `abs(x)`: alone it stands, among candidates it is found and repaired.
#[test]
fn candidates_find_what_the_example_misses() {
    use Outcome::{Right, Wrong};
    if sandbox(Language::Python).is_none() {
        return;
    }
    let line = function(
        "p",
        "How far from 0.\n    >>> f(-3)\n    3",
        "    assert candidate(4) == 4\n",
    );
    let (right, wrong) = (python("return abs(x)"), python("return -x"));
    let (alone, told) = hunted(Hunt::default(), &line, &[&wrong]);
    assert_eq!((verdicts(&alone), told.len()), (vec![Wrong], 0));
    let three = Hunt {
        candidates: 3,
        ..Hunt::default()
    };
    let another = python("return max(x, -x)");
    let replies = [&*right, &another, &wrong, &right];
    let (done, told) = hunted(three, &line, &replies);
    assert_eq!(verdicts(&done), [Right, Right, Wrong, Right]);
    assert_eq!(told[..2], [Hunt::another(), Hunt::another()]);
    assert!(
        told[2].contains("assert f(") && told[2].contains("got: -"),
        "{}",
        told[2]
    );
    let repaired = done
        .manifest
        .metrics
        .iter()
        .find(|it| it.name == "repaired");
    assert_eq!(repaired.unwrap().value, 100.0);
    assert_eq!(done.manifest.plan.settings["hunt"]["candidates"], 3);
    // Candidates that agree show nothing, and the last of them stands.
    let (agreed, told) = hunted(three, &line, &[&right, &another, &right]);
    assert_eq!((verdicts(&agreed), told.len()), (vec![Right; 3], 2));
}

#[test]
fn inputs_like_the_example_find_crashes_and_hangs() {
    use Outcome::{Right, Wrong};
    if sandbox(Language::Python).is_none() {
        return;
    }
    let fuzzed = Hunt {
        fuzzed: 20,
        ..Hunt::default()
    };
    let line = function(
        "p",
        "The smallest, or 0 of nothing.\n    >>> f([3, 1, 2])\n    1",
        "    assert candidate([]) == 0\n    assert candidate([5]) == 5\n",
    );
    let (crashes, right) = (python("return min(x)"), python("return min(x, default=0)"));
    let (alone, told) = hunted(Hunt::default(), &line, &[&crashes]);
    assert_eq!((verdicts(&alone), told.len()), (vec![Wrong], 0));
    let (done, told) = hunted(fuzzed, &line, &[&crashes, &right]);
    assert_eq!(verdicts(&done), [Wrong, Right]);
    assert!(
        told[0].contains("f([])") && told[0].contains("got: ValueError"),
        "{}",
        told[0]
    );
    assert!(
        told[0].contains("where such an input is allowed"),
        "{}",
        told[0]
    );
    // Counts down by two, and never comes to 0 from an odd number.
    let line = function(
        "p",
        "Half of x, rounded down.\n    >>> f(8)\n    4",
        "    assert candidate(7) == 3\n",
    );
    let hangs = python("n = 0\n    while x != 0: x, n = x - 2, n + 1\n    return n");
    let (done, told) = hunted(fuzzed, &line, &[&hangs, &python("return x // 2")]);
    assert_eq!(verdicts(&done), [Wrong, Right]);
    assert!(told[0].contains("uses up its"), "{}", told[0]);
}

/// A whole program that reads its input, and one input like the example on which it ends with an error.
#[test]
fn whole_programs_are_fuzzed_as_well() {
    if sandbox(Language::Python).is_none() {
        return;
    }
    let line = serde_json::json!({
        "task_id": "p",
        "problem": "Divide the first by the second; 0 by 0.\n\nSample Input\n6 3\n\nSample Output\n2\n",
        "tests": [{"input": "5 0\n", "output": "0\n"}],
    });
    let program = |body: &str| format!("```python\na, b = map(int, input().split())\n{body}\n```");
    let (wrong, right) = (
        program("print(a // b)"),
        program("print(a // b if b else 0)"),
    );
    let fuzzed = Hunt {
        fuzzed: 40,
        ..Hunt::default()
    };
    let (done, told) = hunted(fuzzed, &(line.to_string() + "\n"), &[&wrong, &right]);
    assert_eq!(
        verdicts(&done),
        [Outcome::Wrong, Outcome::Right],
        "{told:?}"
    );
    assert!(told[0].contains("ZeroDivisionError"), "{}", told[0]);
}
