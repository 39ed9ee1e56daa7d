//! Attacks on the accuracy: answers that leave several open, deny themselves, or show one thing and
//! say another.

use super::{is_an_answer, is_no_answer};

const SUM: &str = "What is 7 + 5?";

#[test]
fn several_numbers() {
    let list: Vec<String> = (0..20).map(|n| n.to_string()).collect();
    for answer in [
        &*list.join(", "),
        &*list.join(" "),
        &*list.join("\n"),
        "12 or 14",
        "x = 12 or 13",
        "either 12 or 14",
        "{12, 14}",
        r"\{12, 14\}",
        "12; 14",
        "12, 14",
        "14 and 12",
        "12/14",
        "12 | 14",
        "12 : 14",
        "12 14",
        "12\n14",
        "14\n12",
        "12\t14",
        "12\u{a0}14",
        "12\u{200b}14",
        "12 vs 14",
        "12 (or 14)",
        "14 (12)",
        "12 (14)",
        "12 -> 14",
        "14 → 12",
        r"12 \lor 14",
        r"12 \Rightarrow 14",
        r"12\quad14",
        r"12\,14",
        r"12\\14",
        "12 & 14",
        r"12\text{ or }14",
        r"\text{12 or 14}",
        "12 ∪ 14",
        r"\{12\}\cup\{14\}",
        "x = 14 = 12",
        "12 = 14",
        "5 = 12",
        "12, but possibly 14",
        "12 unless it is 14",
        "12 if x else 14",
        r"\begin{pmatrix}12 & 14\end{pmatrix}",
        r"\begin{cases}12\\14\end{cases}",
        "12 <br> 14",
        "12 // 14",
        "12 # 14",
        "~~14~~ 12",
        "~~12~~ 14",
        r"\boxed{12} \boxed{14}",
        r"\boxed{14}\boxed{12}",
        r"\boxed{14}. So \boxed{12}",
        r"\boxed{12}%\boxed{14}",
        r"\boxed{12 \boxed{14}}",
        "Answer: 14 Answer: 12",
        "Answer: 14\nAnswer: 12",
        "The answer is 14. The answer is 12.",
        "The answer is either 12 or maybe 14",
        "Answer: maybe 12, maybe 14",
        r"12\footnote{14}",
        "1 or 12",
        r"\max(12, 3)",
        "12≈14",
        "12 none",
        r"\boxed{12} or 14",
        r"either \boxed{12} or 14",
        r"14, \boxed{12}",
        r"14 = \boxed{12}",
        r"\boxed{12} = 14",
        "The answer: $12$, maybe $14$",
        "The answer is $12$ not $14$",
        "[12, 14]",
        "x=14, 12",
    ] {
        is_no_answer(SUM, "12", answer);
    }
}

#[test]
fn ranges_and_tolerances() {
    for answer in [
        "12 ± 5",
        r"12\pm 1",
        "11.9-12.1",
        "11 to 13",
        "between 11 and 13",
        "11..13",
        "[11,13]",
        "(11,13)",
        "11<x<13",
        "12≤x≤12",
        "<=12",
        ">=12",
        "x>11",
        "about 12",
        "around 12",
        "12ish",
        "12 or so",
        "maybe 12",
        "probably 12",
        "I guess 12",
        "at most 12",
        "more than 11",
        "12 or more",
        "The answer is between 12 and 14",
        "The answer is more than 12",
        "12.00001",
        "11.99999",
        r"12+10^{-7}",
        "1 to 20",
        r"\{1,2,\dots,20\}",
        "1,2,...,20",
        "range(20)",
        "any number",
        "x",
        "n",
        r"x \in \mathbb{R}",
        r"(-\infty,\infty)",
        r"\mathbb{R}",
        "all real numbers",
        "{x | x > 0}",
        r"12 \pmod{13}",
        "unknown",
        "?",
        "NaN",
        "inf",
    ] {
        is_no_answer(SUM, "12", answer);
    }
    for (gold, answer) in [
        ("3.1416", "3.14159"),
        ("3.1416", "3.1415927"),
        ("3.1416", r"\pi"),
        ("3.1416", "3.142"),
        (r"\pi", "3.14"),
        (r"\pi", "22/7"),
        ("1/3", "0.33"),
        ("1/3", "0.333"),
        ("3.14", "[3,4]"),
        ("-3", "±3"),
        ("-3", "|3|"),
        ("5", "x>4"),
        ("x>3", "x>2"),
        ("(1,3)", "(0,4)"),
        ("(1,3)", "[1,3]"),
        (r"\{1,2\}", r"\{1,2,3\}"),
        (r"\{1,2\}", "1"),
        ("(1,2)", "(1,2) or (2,1)"),
        ("(1,2)", "(2,1)"),
    ] {
        is_no_answer("Which is it?", gold, answer);
    }
}

#[test]
fn denials() {
    for answer in [
        "not 12",
        "It is not 12",
        "12 is wrong",
        "12 is false",
        "≠12",
        r"\ne 12",
        r"12 \ne 13",
        "12 != 13",
        "not equal to 12",
        r"\text{not }12",
        r"\not 12",
        "¬12",
        "The answer is not 12",
        "The answer isn't 12",
        "Answer: x is not 12",
        "答案不是12",
        "-12",
        "12 wrong",
        r"not \boxed{12}",
        r"\boxed{12} is wrong",
        r"The answer is not \boxed{12}",
        "The answer is not $12$",
    ] {
        is_no_answer(SUM, "12", answer);
    }
}

#[test]
fn what_is_seen_is_not_what_is_said() {
    for answer in [
        r"\phantom{12}",
        r"\phantom{14}12",
        r"\phantom{12}14",
        r"14\hphantom{12}",
        "\u{202e}21",
        "\u{202e}12",
        "12\u{202d}",
        "1\u{336}2\u{336}",
        "12\u{338}",
        "1\u{fe0f}\u{20e3}2\u{fe0f}\u{20e3}",
        "<!-- 14 -->12",
        "<!-- 12 -->14",
        "12<!-- 14 -->",
        "&#49;&#50;",
        "12&#48;",
        "14 %\n12",
        "%12\n14",
        r"\iffalse 14 \fi 12",
        r"\begin{comment}14\end{comment}12",
        r"\def\x{12}\x",
        r"\cancel{14}12",
        r"\cancel{12}14",
        "①②",
        "⑫",
        "XII",
        "Ⅻ",
        "0xC",
        "0b1100",
        "{\"answer\": 12}",
        "print(12)",
        "eval('7+5')",
        "<![CDATA[12]]>",
        "gold",
        "the gold answer",
        "{answer}",
        "solve(x)=12",
        "f(12)",
        "1100_2",
        "12^{14}",
        "12_{14}",
        "12!",
        r"12^\text{th}",
        "12,0",
        "1 2",
        "1,2",
        "12,000",
    ] {
        is_no_answer(SUM, "12", answer);
    }
}

#[test]
fn several_words_or_choices() {
    for (gold, answer) in [
        ("yes", "yes or no"),
        ("yes", "yes no"),
        ("yes", "yes/no"),
        ("yes", "yes and no"),
        ("yes", "not yes"),
        ("yes", "yеs"),
        ("no", "no yes"),
        ("no", "not"),
        ("Alice", "Alice Bob"),
        ("Alice", "Alice or Bob"),
        ("Alice", "Alice/Bob"),
        ("Alice", "Alice, Bob"),
        ("Alice", "Alice (Bob)"),
        ("Alice", "Аlice"),
        ("Paris", "Paris or London"),
        ("Paris", "not Paris"),
        ("Paris", "Paris (not London)"),
        ("left turn", "left turn or right turn"),
        ("left turn", "left turn right turn"),
        ("True", "True False"),
        ("B", "A or B"),
        ("B", "A, B"),
        ("B", "A B"),
        ("B", "B C"),
        ("B", "not B"),
        ("B", "(B) or (C)"),
        ("B", "(B)(C)"),
        ("B", "B)C)"),
        ("B", "B) C) D)"),
        ("B", "B. or C"),
        ("B", "B: 1, C: 2"),
        ("B", "b) c) d)"),
        ("B", "(b) or (c)"),
        ("B", "B = C"),
        ("C", "D = C"),
        ("B", "B. D"),
        ("B", "B/C"),
        ("B", "B) and C)"),
        ("A", "A-D"),
        ("A", "A. or B."),
        ("B", "В"),
        ("B", "Β"),
    ] {
        is_no_answer("Which is it?", gold, answer);
    }
}

#[test]
fn units_that_are_others() {
    for (gold, answer) in [
        ("5 cm", "5 m"),
        ("5 cm", "5 kg"),
        ("5 cm", "5 cm^2"),
        ("5 cm", "5 square cm"),
        ("5 cm^2", "5 cm"),
        ("5 m", "5 m or 6 m"),
        ("$5", "5 cents"),
        ("$5", "€5"),
        ("$5", "5%"),
        ("$5", "$5 or $6"),
    ] {
        is_no_answer("How much?", gold, answer);
    }
}

#[test]
fn huge_answers_take_no_time() {
    let began = std::time::Instant::now();
    for answer in [
        "1".repeat(100_000),
        "(".repeat(50_000),
        format!("{}12{}", "(".repeat(2000), ")".repeat(2000)),
        "1+".repeat(20_000) + "1",
        "9^9^9^9".into(),
        "12, ".repeat(2_000),
        r"\boxed{".repeat(20_000),
        r"\boxed{12}".repeat(5_000) + r"\boxed{13}",
        "Answer: 12 ".repeat(2_000) + "Answer: 13",
        "12 not ".repeat(20_000),
    ] {
        is_no_answer(SUM, "12", &answer);
    }
    assert!(began.elapsed().as_secs() < 20);
}

/// They look like attacks, but each says one thing, and that is right: who writes them knows it.
#[test]
fn ways_to_write_one_answer() {
    for answer in [
        "12",
        "12.",
        "12?",
        " 12\n",
        "x = 12",
        "7 + 5 = 12",
        "１２",
        "1\u{200b}2",
        "**12**",
        "$12$",
        "(12)",
        r"\{12\}",
        "12.0",
        "12 apples",
        "12 or 12.0",
        r"\boxed{12}",
        r"\boxed{\boxed{12}}",
        r"7 + 5 = \boxed{12}",
        r"So, it is \boxed{12}.",
        r"$x = \boxed{12}$ apples",
        "The answer is $12$.",
        "The answer is 12.",
        "Answer: 12",
        "≈ 12",
        "12\u{200e}",
        "11.9999999",
        r"\text{12}",
        "+12",
        "0012",
    ] {
        is_an_answer(SUM, "12", answer);
    }
    for (gold, answer) in [
        ("B", "(B) 12"),
        ("B", "B. Paris"),
        ("B", "option B"),
        ("A", "A. a dog"),
        ("5 cm^2", "5 square cm"),
        ("$5", "5 dollars"),
        ("$5", "$5.00"),
        ("$5", "5"),
        (r"\{1,2\}", "x = 1 or x = 2"),
        ("x=5", "5"),
        ("1/2", "0.5"),
        ("no", "No."),
        ("yes", "The answer is yes."),
    ] {
        is_an_answer("Which is it?", gold, answer);
    }
}
