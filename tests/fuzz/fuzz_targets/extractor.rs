//! The final answer of a response, and the strict template.

#![no_main]

use data::template::{parse, strict};
use libfuzzer_sys::fuzz_target;
use rewards::{Extracted, NoAnswer, Reading, Rule, extract, extract_as};

fuzz_target!(|response: &str| {
    template(response);
    let readings = [
        Reading::default(),
        Reading {
            latex: false,
            language: Some("french".into()),
            ..Reading::default()
        },
        Reading {
            plain: false,
            ..Reading::default()
        },
        Reading {
            letters: true,
            ..Reading::default()
        },
    ];
    for reading in &readings {
        let found = extract_as(response, reading);
        check(response, &found);
        // What was thought before makes no difference.
        if !response.contains("<think>") && !response.contains("</think>") {
            let thought = format!("<think>\\boxed{{1}} <answer>2</answer></think>{response}");
            assert_eq!(extract_as(&thought, reading), found);
        }
        let open = format!("{response}<think>");
        assert_eq!(extract_as(&open, reading), Err(NoAnswer::StillThinking));
    }
    // The strictest rule has the last word.
    if !response.contains("answer>") && !response.contains("think>") {
        let tagged = format!("{response}<answer>7</answer>");
        let seven = Extracted {
            text: "7".into(),
            rule: Rule::AnswerTag,
        };
        assert_eq!(extract(&tagged), Ok(seven));
    }
});

fn check(response: &str, found: &Result<Extracted, NoAnswer>) {
    let Ok(Extracted { text, .. }) = found else {
        return;
    };
    assert!(!text.trim().is_empty(), "a blank answer of {response:?}");
    assert!(text.len() <= response.len(), "{text:?} of {response:?}");
}

/// What is parsed is what was put in.
fn template(response: &str) {
    if let Some((think, answer)) = parse(response) {
        assert_eq!(parse(&strict(think, answer)), Some((think, answer)));
        assert!(think.len() + answer.len() < response.len());
    }
    let bare = |text: &str| !text.contains(['<', '>']) && text.trim() == text;
    let (think, answer) = fuzz::halves(response);
    if bare(think) && bare(answer) {
        assert_eq!(parse(&strict(think, answer)), Some((think, answer)));
    }
}
