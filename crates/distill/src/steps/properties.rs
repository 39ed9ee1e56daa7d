//! What holds of claims in whatever words a model writes.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::{Step, latex, steps};
use crate::claims::read;

/// What claims are made of.
const PIECES: &str = "= + - * / ( ) [ ] { } < > ≤ ≠ ≈ % $ ¢ ^ & . ? ! ; , : \\frac{ \\sqrt{ \\( \\) \\[ \\] $$ \\\\ \\quad \
                      0 3 .5 1/2 1,000 1e9 99999999999999999999 9223372036854775807 cents dollars hours minutes dozen of is \
                      not wait half twice percent 不对 是 等于 一 x Kim";

/// Texts of such pieces, and of anything.
fn texts() -> impl Strategy<Value = String> {
    let known: Vec<&str> = PIECES.split_whitespace().collect();
    let piece = prop_oneof![
        8 => select(known).prop_map(str::to_owned),
        2 => any::<i64>().prop_map(|number| number.to_string()),
        1 => Just("\n".to_owned()),
        1 => ".{0,3}",
    ];
    let joined = |(pieces, space): (Vec<String>, &str)| pieces.join(space);
    (vec(piece, 0..30), select(vec!["", " "])).prop_map(joined)
}

/// Claims decided, and wrong ones.
fn judged(text: &str) -> (usize, usize) {
    let sum = |of: fn(&Step<'_>) -> usize| steps(text).iter().map(of).sum::<usize>();
    (sum(|it| it.checked), sum(|it| it.wrong.len()))
}

proptest! {
    #[test]
    fn any_text_is_read_to_its_end(text in texts()) {
        for step in steps(&text) {
            prop_assert!(step.wrong.len() + step.excused <= step.checked, "{step:?}");
            prop_assert!(text.contains(step.text));
        }
        let found = latex::equations(&text);
        prop_assert!(found.wrong.len() <= found.checked, "{found:?}");
        for sentence in read(&text) {
            let known = sentence.numbers.len();
            prop_assert!(sentence.prose.len() + sentence.denied.len() <= known, "{sentence:?}");
        }
    }

    #[test]
    fn a_sum_is_right_or_wrong_in_words_as_in_signs(a in 0..100_000i64, b in 1..100_000i64, off in 1..1000i64) {
        let (sum, other) = (a + b, a + b + off);
        for (right, wrong) in [
            (format!("{a} + {b} = {sum}"), format!("{a} + {b} = {other}")),
            (
                format!("So {a} pears + {b} pears = {sum} pears"),
                format!("So {a} pears + {b} pears = {other} pears"),
            ),
            (
                format!("With {a} plus {b} equals {sum}"),
                format!("With {a} plus {b} equals {other}"),
            ),
        ] {
            prop_assert_eq!(judged(&right), (1, 0), "{}", right);
            prop_assert_eq!(judged(&wrong), (1, 1), "{}", wrong);
        }
    }

    #[test]
    fn a_fraction_in_latex_is_judged_by_its_value(a in 1..1000i64, b in 2..1000i64, off in 1..1000i64) {
        let said = |value: i64| format!("Then $\\frac{{{}}}{{{b}}} = {value}$ follows", a * b);
        let (right, wrong) = (latex::equations(&said(a)), latex::equations(&said(a + off)));
        prop_assert_eq!((right.checked, right.wrong.len()), (1, 0));
        prop_assert_eq!((wrong.checked, wrong.wrong.len()), (1, 1));
    }
}
