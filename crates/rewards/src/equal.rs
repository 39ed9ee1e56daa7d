//! Whether an answer says what the gold answer says.
//!
//! Both are read as mathematics ([`crate::math`]); what is no mathematics is compared as text in
//! its plain spelling.

use crate::math::{Comparison, Expr, Shape, parse, shape};
use crate::options::Options;
use crate::plain::plain;
use crate::reward::Verdict;

/// The longest answer that is compared, in bytes.
pub const LONGEST: usize = 4096;

/// Judges `answer` against `gold` with the default [`Options`]; score 1 or 0.
///
/// The two are not exchangeable. A gold answer that is empty, longer than [`LONGEST`], neither
/// mathematics nor words, or without a finite value leaves the matter [`Verdict::Unjudged`]; an
/// answer with the same faults is wrong. `x = 5` and `5` agree either way, but not `y = 5` and
/// `x = 5`; only the answer may carry its working, as in `7 + 5 = 12`; inequalities may be answered
/// by an interval, intervals not by inequalities. Time is bounded whatever the texts.
pub fn verify(gold: &str, answer: &str) -> Verdict {
    verify_with(gold, answer, &Options::default())
}

/// [`verify`] with other [`Options`].
pub fn verify_with(gold: &str, answer: &str, options: &Options) -> Verdict {
    if gold.len() > LONGEST {
        return Verdict::unjudged(format!("the gold answer is longer than {LONGEST} bytes"));
    }
    let Some(gold_text) = plain(gold) else {
        return Verdict::unjudged("the gold answer's braces are not closed");
    };
    if gold_text.is_empty() {
        return Verdict::unjudged("the gold answer is empty");
    }
    let mut comparison = Comparison::new(options);
    let gold_expr = read(gold, options);
    let gold_shape = gold_expr.as_ref().and_then(shape);
    match &gold_shape {
        Some(shape) if !comparison.is_usable(shape) => {
            return Verdict::unjudged("the gold answer has no finite value");
        }
        None if !is_text(&gold_text) => {
            return Verdict::unjudged("the gold answer is neither mathematics nor words");
        }
        _ => {}
    }
    if answer.len() > LONGEST {
        return Verdict::wrong(format!("the answer is longer than {LONGEST} bytes"));
    }
    let Some(answer_text) = plain(answer) else {
        return Verdict::wrong("the answer's braces are not closed");
    };
    if answer_text.is_empty() {
        return Verdict::wrong("the answer is empty");
    }
    let answer_expr = read(answer, options);
    let words = matches!(gold_shape, None | Some(Shape::Text(_)));
    let letters = gold_text.chars().all(char::is_alphabetic);
    let same_text = gold_text == answer_text && (words || letters);
    if same_text || (gold_expr.is_some() && gold_expr == answer_expr) {
        return Verdict::right("the same text");
    }
    if let Some(letter) = choice(gold)
        && chosen(answer) == Some(letter)
    {
        return Verdict::right("the same choice");
    }
    let Some(gold_shape) = gold_shape else {
        return Verdict::wrong("another text");
    };
    match answer_expr.as_ref().and_then(shape) {
        Some(answer) if comparison.agree(&gold_shape, &answer) => Verdict::right("the same value"),
        Some(_) => Verdict::wrong("another value"),
        None => Verdict::wrong("not one answer that can be read"),
    }
}

/// The mathematics of `text`, its variables renamed in their order where names do not matter.
fn read(text: &str, options: &Options) -> Option<Expr> {
    let expr = parse(text)?;
    if options.strict {
        return Some(expr);
    }
    let names: Vec<String> = expr.variables().into_iter().map(str::to_owned).collect();
    Some(expr.map(&|part| match part {
        Expr::Symbol(name) => {
            let place = names.iter().position(|other| *other == name);
            Expr::Symbol(place.map_or(name, |place| format!("v_{place}")))
        }
        other => other,
    }))
}

/// Whether what is no mathematics can be compared as words: there are some, and no commands.
fn is_text(text: &str) -> bool {
    let word = text
        .split(|c: char| !c.is_alphabetic())
        .any(|word| word.len() > 1);
    word && !text.contains('\\')
}

/// The letter of a multiple choice that `gold` is.
fn choice(gold: &str) -> Option<char> {
    let text = plain(gold)?;
    let mut chars = text.chars();
    let letter = chars.next().filter(|c| ('a'..='j').contains(c))?;
    chars.next().is_none().then_some(letter)
}

/// The letter that a text after it explains: `B`, `(B) 12`, `B. Paris`, `option B`.
fn chosen(answer: &str) -> Option<char> {
    let text = plain(answer)?;
    let text = ["option ", "choice "]
        .into_iter()
        .find_map(|lead| text.strip_prefix(lead))
        .unwrap_or(&text);
    let mut rest = text.strip_prefix('(').unwrap_or(text).chars();
    let letter = rest.next().filter(|c| ('a'..='j').contains(c))?;
    let explained = match rest.next() {
        None => true,
        Some(mark) => matches!(mark, ')' | '.' | ':') && rest.next().is_some(),
    };
    explained.then_some(letter)
}

#[cfg(test)]
mod tests {
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
}
