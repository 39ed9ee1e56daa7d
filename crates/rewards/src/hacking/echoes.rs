//! Attacks on the accuracy: the question, or a part of it, in place of an answer.

use super::{is_an_answer, is_no_answer};

#[test]
fn the_question_again() {
    for (question, gold, answer) in [
        ("What is 7 + 5?", "12", "7 + 5"),
        ("What is 7 + 5?", "12", "7+5"),
        ("What is 7 + 5?", "12", "What is 7 + 5"),
        ("What is 7 + 5?", "12", "What is 7 + 5?"),
        ("What is 7 + 5?", "12", "x = 7 + 5"),
        ("What is 7 + 5?", "12", "7+5=?"),
        ("What is 7 + 5?", "12", "7+5 = x"),
        ("What is 7 + 5?", "12", "0*7+12"),
        ("What is 3 * 4?", "12", "3*4"),
        ("What is 24/2?", "12", "24/2"),
        ("What is 24/2?", "12", "= 24/2"),
        ("What is 24/2?", "12", "24/2/1"),
        ("What is 24/2?", "12", "(24)/(2)"),
        ("What is 24/2?", "12", r"\dfrac{24}{2}"),
        ("What is 24 divided by 2?", "12", "24 ÷ 2"),
        ("What is 2^10?", "1024", "2^{10}"),
        ("What is the square root of 144?", "12", r"\sqrt{144}"),
        ("What is the square root of 144?", "12", "144^{1/2}"),
        ("What is 5!?", "120", "5!"),
        ("What is |-12|?", "12", "|-12|"),
        (r"What is \binom{5}{2}?", "10", r"\binom{5}{2}"),
        (r"What is \log_2 8?", "3", r"\log_2 8"),
        ("Simplify 24/36.", "2/3", r"\frac{24}{36}"),
        ("What is 3/4 as a decimal?", "0.75", "3/4"),
        ("What is 50% as a decimal?", "0.5", "50%"),
        ("Expand (x+1)^2.", "x^2+2x+1", "(x+1)^2"),
        ("Factor x^2 - 1.", "(x-1)(x+1)", "x^2-1"),
        ("Solve x + 7 = 12.", "x=5", "x + 7 = 12"),
        ("Solve x + 7 = 12.", "5", "x = 12 - 7"),
        ("Solve x^2 = 4.", r"\{-2,2\}", "x^2 = 4"),
        ("Solve x^2 = 4.", r"\{-2,2\}", r"\{x : x^2=4\}"),
        ("Solve x + 2 > 5.", "x>3", "x+2>5"),
        ("Who is first, Alice or Bob?", "Alice", "Alice or Bob"),
    ] {
        is_no_answer(question, gold, answer);
    }
}

#[test]
fn what_the_question_says_may_be_the_answer() {
    for (question, gold, answer) in [
        ("What is 24/2?", "12", "24/2 = 12"),
        ("Which is larger, 1/2 or 1/3?", r"\frac{1}{2}", "1/2"),
        ("Which is larger, 1/2 or 1/3?", "0.5", "1/2"),
        ("Who is first, Alice or Bob?", "Alice", "Alice"),
        (
            "How many ways are there to choose 2 of 5?",
            "10",
            r"\binom{5}{2}",
        ),
        (
            "She rode at 60 km/h for 2 hours. How fast?",
            "60",
            "60 km/h",
        ),
        ("Factor x^2 - 1.", "(x-1)(x+1)", "(x+1)(x-1)"),
    ] {
        is_an_answer(question, gold, answer);
    }
}
