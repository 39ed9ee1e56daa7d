//! What is found in a response, and by which rule.

use super::*;

fn found(response: &str) -> Option<(String, Rule)> {
    extract(response)
        .ok()
        .map(|answer| (answer.text, answer.rule))
}

/// Checks what is found in `response`, and by which rule.
pub(crate) fn expect(response: &str, text: &str, rule: Rule) {
    assert_eq!(found(response), Some((text.to_owned(), rule)), "{response}");
}

#[test]
fn the_answer_block_after_the_reasoning_comes_first() {
    expect(
        "<think>1</think><answer> 12 </answer>",
        "12",
        Rule::AnswerTag,
    );
    expect(r"<answer>\boxed{12}</answer>", "12", Rule::AnswerTag);
    expect(
        "<answer>The answer is **12**.</answer>",
        "12",
        Rule::AnswerTag,
    );
    expect(
        "<think>a</think>Answer: 3 <answer>12</answer>",
        "12",
        Rule::AnswerTag,
    );
    expect(
        "<answer>12</answer><answer>12.</answer>",
        "12",
        Rule::AnswerTag,
    );
}

#[test]
fn what_is_not_after_the_reasoning_is_no_answer() {
    assert_eq!(
        extract("<think>the answer is 12"),
        Err(NoAnswer::StillThinking)
    );
    assert_eq!(
        extract("<think><answer>12</answer></think>"),
        Err(NoAnswer::Nothing)
    );
    assert_eq!(
        extract("<answer>12</answer><think>a</think>"),
        Err(NoAnswer::Nothing)
    );
    assert_eq!(
        extract("<answer>12</answer><answer>13</answer>"),
        Err(NoAnswer::Conflicting)
    );
    assert_eq!(
        extract("<answer>\u{200b}</answer> 12"),
        Err(NoAnswer::Empty)
    );
    expect(
        "reasoning</think><answer>12</answer>",
        "12",
        Rule::AnswerTag,
    );
}

#[test]
fn a_response_of_mathematics_alone_is_its_answer() {
    expect("x = 12", "x = 12", Rule::Whole);
    expect("$(1, 2)$.", "(1, 2)", Rule::Whole);
    expect("5 = 12", "5 = 12", Rule::Whole);
    expect("so $x=1$ and $y=2$", "x=1, y=2", Rule::LastFormula);
    expect("so $x=1$. It is 3", "3", Rule::LastNumber);
}

#[test]
fn a_formula_of_nothing_is_no_answer() {
    expect("so $x=1$ and $ $", "x=1", Rule::LastFormula);
    for text in ["so $ $", "so $.$", "so \\(\n\\)"] {
        assert_eq!(extract(text), Err(NoAnswer::Nothing), "{text}");
    }
}

#[test]
fn long_and_strange_texts_are_read_in_bounded_time() {
    for piece in [
        "\\boxed{",
        "<answer>",
        "Answer:\n",
        "1,",
        "so ",
        "}",
        "$",
        "答案",
        "**",
        "\\",
    ] {
        let _ = extract(&piece.repeat(50_000));
    }
}
