//! Pairs of answers, and what is to be said about them.

use super::*;

fn right(gold: &str, answer: &str) -> bool {
    verify(gold, answer).score() == Some(1.0)
}

#[test]
fn equal_answers_are_right() {
    let pairs = [
        ("12", "12."),
        ("12", "$12$"),
        ("12", "１２"),
        ("12", "012"),
        ("12", "12.0"),
        ("1234567", "1,234,567"),
        ("1/2", "0.5"),
        ("1/2", r"\frac{1}{2}"),
        (r"\frac{3}{2}", "1 1/2"),
        ("50%", "0.5"),
        ("5", "x = 5"),
        ("x=5", "5"),
        ("12", "7 + 5 = 12"),
        ("12", "x = 7 + 5 = 12"),
        ("5", r"\$5"),
        ("12 cm", r"12\text{ cm}"),
        ("Yes", "yes"),
        (r"\text{B}", "(B)"),
        ("三", "三。"),
        ("(1, 2)", "( 1,2 )"),
        ("-3", "−3"),
        (r"90^\circ", "90 degrees"),
        ("1,2,3", "1, 2, 3"),
    ];
    for (gold, answer) in pairs {
        assert!(right(gold, answer), "{gold} against {answer}");
    }
}

#[test]
fn other_answers_are_wrong() {
    let pairs = [
        ("12", "13"),
        ("12", "12 or 13"),
        ("12", "12, 13"),
        ("12", "1,2"),
        ("12", "-12"),
        ("12", "5 = 12"),
        ("12", "x >= 12"),
        ("12", "12 million"),
        ("12", "x = 11, x = 12"),
        ("x=5", "y=5"),
        ("1/3", "0.333"),
        ("12", ""),
        ("12", "}"),
        ("yes", "yes and no"),
        ("7 + 5 = 12", "12"),
    ];
    for (gold, answer) in pairs {
        assert_eq!(
            verify(gold, answer).score(),
            Some(0.0),
            "{gold} against {answer}"
        );
    }
}

#[test]
fn a_bad_gold_answer_is_not_a_wrong_answer() {
    for gold in [
        "",
        " . ",
        "\u{200b}",
        r"\frac{1}{2",
        "1/0",
        "3/0.0",
        &"9".repeat(5000),
    ] {
        assert_eq!(verify(gold, "12").score(), None, "{gold}");
    }
    assert_eq!(verify("12", "1/0").score(), Some(0.0));
    assert_eq!(verify("12", &"9".repeat(5000)).score(), Some(0.0));
}

#[test]
fn verification_is_not_symmetric() {
    assert!(right("12", "7+5=12"));
    assert!(!right("7+5=12", "12"));
    assert!(right("1 < x < 2", "(1, 2)"));
    assert!(!right("(1, 2)", "1 < x < 2"));
    assert!(right(r"3 \pm 1", "2, 4"));
    assert!(right("2, 4", "(2, 4)"));
    assert!(!right("(2, 4)", r"\{2, 4\}"));
}

#[test]
fn a_unit_may_be_left_out_but_not_exchanged() {
    assert!(right("5 km", "5") && right("5", "5 km") && right("5 kilometers", "5km"));
    assert!(!right("5 km", "5 m") && right("5 m", "5 meters") && right("£5", "5 pounds"));
    assert!(right("5", "5 apples") && right(r"12\text{ cm}^2", "12 square centimeters"));
    assert!(right("12000000", "12 million") && !right("12", "12 million"));
    assert!(!right("5", "5m") && !right("12", "12 dozen"));
}

#[test]
fn a_percentage_is_its_number_or_a_hundredth_of_it() {
    assert!(right("50%", "50") && right("50%", "1/2") && right("0.5", "50%"));
    assert!(right("28\\%", "28 percent") && right("50", "50%") && !right("50%", "5"));
}

#[test]
fn algebra_of_every_kind_is_compared() {
    let pairs = [
        ("(r+5)^2", "(r+5)(r+5)"),
        (r"\frac{\sqrt{3}}{3}", r"\frac{1}{\sqrt{3}}"),
        ("2x+4y-3=0", r"y=-\frac{1}{2}x+\frac{3}{4}"),
        ("y = x^2+2x+1", "2x+ 1+x^2"),
        (r"x \ge 5", r"5 \leq x"),
        ("x < 1", "-x > -1"),
        (r"-793 < a < 10", "(-793, 10)"),
        (r"x < 1 \text{ or } x > 3", r"(-\infty, 1) \cup (3, \infty)"),
        ("V_1:V_2 = 11:21", "11:21"),
        ("p=5,q=2;p=7,q=2", "(5,2),(7,2)"),
        ("a_3 = 2, a_{37} = 19", "a_{37} = 19, a_3 = 2"),
        ("(p,q,r)=(3,2,7)", "(3,2,7)"),
        (r"\{1, 2, 3\}", "3, 2, 1"),
        (r"\begin{pmatrix}1\\2\end{pmatrix}", "(1, 2)"),
        ("0.333333", r"\frac13"),
        (r"90^\circ", r"\frac{\pi}{2}"),
        ("B", "(B) 42"),
        (r"\text{Alice and Bob}", "Alice and Bob"),
        (r"8\!:\!34 \text{ p.m.}", "8:34 p.m."),
        ("2^{4950}", "2 * 2^{4949}"),
        ("f(x) = x^2", "f(t) = t^2"),
        ("4210_5", "4210_{5}"),
        (r"\approx 8.24 \text{ mph}", "8.24"),
        ("864 \\mbox{ inches}^2", "864"),
    ];
    for (gold, answer) in pairs {
        assert!(right(gold, answer), "{gold} against {answer}");
    }
    let others = [
        ("7 = 11a+c", "11a+c"),
        ("2x + z = 1", "1"),
        ("(3,1)", "{1,3}"),
        ("[0,1)", "(0,1)"),
        ("1", "-[0,1)"),
        ("x = 1, y = 2", "x = 2, y = 1"),
        ("E", r"\mathrm{E}*2"),
        ("x < 1", "y < 1"),
        ("12", "7 + 5"),
        (r"\sqrt{67}", r"\sqrt{67},-\sqrt{85}"),
        ("B", "(A) (B) (C)"),
        ("8:34 p.m.", "8:34 a.m."),
        ("4210_5", "4210"),
        ("x > 5", "x < 5"),
        ("(1, 2)", "(2, 1)"),
        ("x = 1, x = 2", "x = 1"),
        ("5", "5, 6"),
        ("5", r"\{5, 6\}"),
        ("10^{40}", "10^{40}+1"),
    ];
    for (gold, answer) in others {
        assert!(!right(gold, answer), "{gold} against {answer}");
    }
}

#[test]
fn options_change_what_is_accepted() {
    let right = |gold: &str, answer: &str, options: &Options| {
        verify_with(gold, answer, options).score() == Some(1.0)
    };
    let two = Options {
        precision: 2,
        ..Options::default()
    };
    assert!(right("1/3", "0.33", &two));
    let loose = Options {
        strict: false,
        ..Options::default()
    };
    assert!(right("f(x)", "f(y)", &loose) && !right("x+y", "x+x", &loose));
    let sets = Options {
        relation_for_set: true,
        ..Options::default()
    };
    assert!(right("[1, 2]", "1 <= x <= 2", &sets));
    let ordered = Options {
        ordered: true,
        ..Options::default()
    };
    assert!(!right("4, 10, -2", "10, 4, -2", &ordered) && right("4, 10", "4,10", &ordered));
}
