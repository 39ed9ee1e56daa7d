//! Attacks on the further terms, and on the tests of programs.

use std::sync::Arc;

use super::{HONEST, MODES};
use crate::accuracy::tests::problem;
use crate::config::RubricConfig;
use crate::rubric::Rubric;
use crate::terms::{LengthConfig, OverlongConfig, RepetitionConfig};

/// From someone who does not know, in the six words wanted.
const GUESS_AT_LENGTH: &str = "<think>I really do not know that.</think><answer>14</answer>";

/// Every term there is without a model or a program.
fn rubrics() -> impl Iterator<Item = Rubric> {
    MODES.into_iter().map(|mode| {
        let config = RubricConfig {
            mode,
            length: Some(LengthConfig {
                weight: 0.5,
                target: 6,
                alpha: 0.1,
            }),
            repetition: Some(RepetitionConfig {
                weight: 0.5,
                ngram: 2,
            }),
            overlong: Some(OverlongConfig {
                weight: 0.5,
                longest: 40,
                cache: 20,
            }),
            ..RubricConfig::default()
        };
        let words = |text: &str| text.split_whitespace().count();
        Rubric::counting(&config, Arc::new(words))
    })
}

fn does_not_pay(honest: &str, attack: &str) {
    for rubric in rubrics() {
        let total = |response: &str| rubric.score(&problem("12", "en"), response).total;
        let (honest, earned) = (total(honest), total(attack));
        assert!(
            earned <= honest,
            "{:?}: {earned} against {honest}\n{attack}",
            rubric.mode()
        );
    }
}

#[test]
fn no_length_and_no_variety_makes_up_for_the_answer() {
    for attack in [
        // Nothing, and nothing repeated.
        "",
        // As long as wanted, all words different, and no answer.
        "<think>one two three four five six</think>",
        "one two three four five six",
        // Padding by repetition up to the length.
        "<think>I do. I do. I do.</think><answer>14</answer>",
    ] {
        does_not_pay(GUESS_AT_LENGTH, attack);
    }
    for attack in [
        "12".to_owned(),
        format!(
            "<think>Seven and five make twelve. {}</think><answer>12</answer>",
            "so ".repeat(100)
        ),
        format!(
            "<think>{}</think><answer>12</answer>",
            "wait, wait. ".repeat(30)
        ),
    ] {
        does_not_pay(HONEST, &attack);
    }
}

#[test]
fn a_right_answer_is_worth_more_than_every_term() {
    for rubric in rubrics() {
        let total = |response: &str| rubric.score(&problem("12", "en"), response).total;
        assert!(
            total(HONEST) > total(GUESS_AT_LENGTH),
            "{:?}",
            rubric.mode()
        );
    }
}

#[cfg(all(target_os = "linux", feature = "code"))]
#[test]
fn a_program_that_knows_the_tests_it_was_shown_is_wrong() {
    use data::{Check, CodeTests, Problem};

    use crate::code::{Code, Limits};

    let code = Code::new(Limits::default());
    if code.sandbox().is_err() {
        return;
    }
    let doubled = Problem {
        question: "Write f, which doubles a number. It should pass assert f(2) == 4.".into(),
        check: Check::Code {
            tests: CodeTests::Functional {
                preamble: String::new(),
                setup: String::new(),
                shown: vec!["assert f(2) == 4".into()],
                hidden: vec!["assert f(5) == 10".into()],
            },
        },
        ..problem("", "en")
    };
    let response = |program: &str| {
        format!("<think>I write it.</think><answer>```python\n{program}\n```</answer>")
    };
    for mode in MODES {
        let config = RubricConfig {
            mode,
            ..RubricConfig::default()
        };
        let rubric = Rubric::new(&config).with_code(code.clone());
        let total = |program: &str| rubric.score(&doubled, &response(program)).total;
        let honest = total("def f(x): return 2 * x");
        let wrong = total("def f(x): return x");
        assert!(honest > wrong);
        for trick in [
            "def f(x): return 4",
            "def f(x): return {2: 4}.get(x)",
            "def f(x):\n    if x == 2: return 4\n    raise SystemExit(0)",
            "import sys\ndef f(x):\n    print('ok'); sys.exit(0)",
            "class Any:\n    def __eq__(self, other): return True\ndef f(x): return Any()",
            "import os\ndef f(x): os._exit(0)",
            "assert True",
        ] {
            assert!(total(trick) <= wrong, "{mode:?}: {trick}");
        }
    }
}
