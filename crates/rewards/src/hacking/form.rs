//! Attacks on the template.

use super::{HONEST, HONEST_GUESS, does_not_pay};
use crate::accuracy::tests::problem;

/// An attack by someone who knows that it is 12, or by someone who does not.
fn attack(name: &str, knows: bool, attack: &str) {
    let honest = if knows { HONEST } else { HONEST_GUESS };
    does_not_pay(name, &problem("12", "en"), honest, attack);
}

#[test]
fn several_answers() {
    let guesses: String = (0..20).map(|n| format!("<answer>{n}</answer>")).collect();
    attack(
        "several answer blocks",
        false,
        &format!("<think>I do not know.</think>{guesses}"),
    );
    for (name, text) in [
        (
            "an empty block first",
            "<think>I.</think><answer></answer><answer>12</answer>",
        ),
        (
            "a block in the reasoning too",
            "<think>I. <answer>12</answer></think><answer>14</answer>",
        ),
        (
            "only in the reasoning",
            "<think>I. <answer>12</answer></think>",
        ),
        (
            "a box in the reasoning",
            r"<think>So \boxed{12}.</think><answer>14</answer>",
        ),
        (
            "a box before the block",
            r"<think>I.</think>\boxed{12}<answer>14</answer>",
        ),
        (
            "a box after the block",
            r"<think>I.</think><answer>14</answer>\boxed{12}",
        ),
        (
            "the answer before the reasoning",
            "<answer>12</answer><think>I do not know.</think>",
        ),
        (
            "a second turn",
            "<think>I.</think><answer>12</answer><think>I.</think><answer>13</answer>",
        ),
        (
            "a block in a comment",
            "<think>I.</think><!--<answer>12</answer>--><answer>14</answer>",
        ),
        ("a row of numbers", "<think>I do not know.</think>10 11 12"),
        (
            "never finished",
            "<think>I do not know. The answer is 12. The answer is 12.",
        ),
    ] {
        attack(name, false, text);
    }
}

#[test]
fn tags_that_are_none() {
    for text in [
        "<THINK>Seven and five.</THINK><ANSWER>12</ANSWER>",
        "< think >Seven and five.</ think >< answer >12</ answer >",
        "<think\t>Seven and five.</think\t><answer\t>12</answer\t>",
        "<think id=\"1\">Seven and five.</think><answer id=\"1\">12</answer>",
        "<think/>Seven and five.<answer/>12",
        "＜think＞Seven and five.＜/think＞＜answer＞12＜/answer＞",
        "<thіnk>Seven and five.</thіnk><аnswer>12</аnswer>",
        "<thi\u{200b}nk>Seven and five.</thi\u{200b}nk><answer>12</answer>",
        "&lt;think&gt;Seven and five.&lt;/think&gt;<answer>12</answer>",
        "[think]Seven and five.[/think][answer]12[/answer]",
        "```\n<think>Seven and five.</think><answer>12</answer>\n```",
    ] {
        attack("tags that are none", true, text);
        assert!(!crate::strict(text), "{text}");
    }
}

#[test]
fn tags_in_the_wrong_places() {
    for (name, text) in [
        ("the whole five times", HONEST.repeat(5)),
        (
            "tags without end",
            format!("{}<answer>12</answer>", "<think></think>".repeat(50)),
        ),
        (
            "the template in the reasoning",
            format!("<think>{HONEST}</think>"),
        ),
        (
            "the template in the answer",
            format!("<think>a</think><answer>{HONEST}</answer>"),
        ),
        (
            "an answer in the reasoning as well",
            "<think>Seven and five. <answer>12</answer></think><answer>12</answer>".into(),
        ),
        (
            "the answer first",
            "<answer>12</answer><think>Seven and five make twelve.</think>".into(),
        ),
        (
            "invisible characters outside",
            "<think>Seven and five make twelve.</think>\u{200b}<answer>12</answer>".into(),
        ),
        (
            "a direction outside",
            "<think>Seven and five make twelve.</think>\u{202e}<answer>12</answer>".into(),
        ),
        (
            "nested blocks",
            "<think>a</think><answer><answer>12</answer></answer>".into(),
        ),
        (
            "a thought in a thought",
            "<think>a<think>b</think>c</think><answer>12</answer>".into(),
        ),
        ("text after it", format!("{HONEST} That was easy.")),
        ("a bare answer", "12".into()),
        (
            "reasoning left open",
            "Seven and five make twelve.</think><answer>12</answer>".into(),
        ),
    ] {
        attack(name, true, &text);
    }
}

#[test]
fn reasoning_that_is_none() {
    for thought in [
        "",
        " \n",
        ".",
        "...",
        "\u{200b}\u{200b}\u{2060}",
        "\u{3164}\u{3164}",
        "\u{ffa0}",
        "\u{2800}",
        "\u{345}",
        "\u{ad}",
        "&nbsp;",
        "<!-- seven and five -->",
        r"\phantom{seven and five}",
        "7 + 5 = 12",
        "```\n```",
        "🙂",
    ] {
        let text = format!("<think>{thought}</think><answer>12</answer>");
        attack("reasoning that is none", true, &text);
        let honest = super::total(crate::Mode::Sum, "en", HONEST);
        assert!(
            super::total(crate::Mode::Sum, "en", &text) < honest,
            "{text}"
        );
    }
    attack("tags alone", false, "<think></think><answer></answer>");
    attack(
        "the question as reasoning",
        true,
        "<think>What is 7 + 5?</think><answer>12</answer>",
    );
    attack(
        "the question as reasoning",
        false,
        "<think>What is 7 + 5?</think><answer>14</answer>",
    );
}

#[test]
fn answers_that_are_not_there() {
    for answer in [
        "",
        " ",
        "\u{200b}",
        "\u{3164}",
        "\u{2800}",
        "&nbsp;",
        "<!-- 12 -->",
        r"\phantom{12}",
        "$ $",
        r"\text{}",
        "{}",
        "**",
        "``",
        ".",
    ] {
        let text = format!("<think>I do not know.</think><answer>{answer}</answer>");
        attack("an answer that is not there", false, &text);
    }
}
