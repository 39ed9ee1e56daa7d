//! Words that take a claim back, in English and Chinese.

use data::Rational;

use super::{Lexeme, Op, Token};

const WRONG: &[&str] = &[
    "wrong",
    "incorrect",
    "mistake",
    "mistaken",
    "oops",
    "wait",
    "false",
    "impossible",
];
const WRONG_ZH: &[&str] = &[
    "不对",
    "错",
    "重算",
    "重排",
    "重新",
    "等等",
    "不成立",
    "再试",
    "不行",
];
const NOT_WRONG_ZH: &[&str] = &["没错", "没有错", "不错", "无错"];
const NOT: &[&str] = &["not", "nothing", "no", "isn't", "never", "without"];
const NOT_ZH: &[&str] = &["不是", "不等于", "并非"];
const CHECKS: &[&str] = &["check", "checking", "verify"];
const CHECKS_ZH: &[&str] = &["检验", "检查", "验算", "验证"];

/// Whether a sentence says that the one before it is wrong: it begins with words to that effect,
/// or it is a check that fails.
pub(crate) fn takes_back(sentence: &[Lexeme]) -> bool {
    let first = sentence.first().map(Lexeme::word).unwrap_or_default();
    let checks =
        CHECKS.contains(&first.as_str()) || CHECKS_ZH.iter().any(|word| first.starts_with(word));
    let opening = 0..sentence.len().min(if first == "but" || first == "hmm" {
        5
    } else {
        1
    });
    opening.into_iter().any(|at| wrong(sentence, at))
        || (checks && (follows(sentence, 0) || !denials(sentence).is_empty()))
}

/// Whether words that take something back stand at `from` or later.
pub(super) fn follows(sentence: &[Lexeme], from: usize) -> bool {
    (from..sentence.len()).any(|at| wrong(sentence, at))
}

fn wrong(sentence: &[Lexeme], at: usize) -> bool {
    let word = |at: usize| sentence.get(at).map(Lexeme::word).unwrap_or_default();
    let this = word(at);
    let before = at.checked_sub(1).map(word).unwrap_or_default();
    let alone = sentence
        .get(at + 1)
        .is_none_or(|next| next.token == Token::Break);
    match this.as_str() {
        "" => false,
        "no" => alone,
        "try" => word(at + 1) == "again",
        "not" => matches!(&*word(at + 1), "right" | "correct" | "true"),
        "work" | "hold" => matches!(&*before, "not" | "doesn't" | "don't"),
        _ if this.is_ascii() => {
            let denied = NOT.contains(&before.as_str())
                || (before == "is" && at > 1 && word(at - 2) == "nothing");
            WRONG.contains(&this.as_str()) && !denied
        }
        _ => {
            WRONG_ZH.iter().any(|wrong| this.contains(wrong))
                && !NOT_WRONG_ZH.iter().any(|fine| this.contains(fine))
        }
    }
}

/// The numbers denied: `not 7`, `不是 7`, with the place of each. `not 7 + 3` denies nothing.
pub(super) fn denials(sentence: &[Lexeme]) -> Vec<(usize, Rational)> {
    let denies = |at: usize| {
        let word = sentence[at].word();
        matches!(&*word, "not" | "isn't") || NOT_ZH.iter().any(|not| word.ends_with(not))
    };
    (0..sentence.len())
        .filter(|at| denies(*at))
        .filter_map(|at| {
            let negative = sentence.get(at + 1)?.token == Token::Op(Op::Sub);
            let place = at + 1 + usize::from(negative);
            let Token::Number { value, .. } = sentence.get(place)?.token else {
                return None;
            };
            let goes_on = sentence.get(place + 1).is_some_and(|next| {
                matches!(
                    next.token,
                    Token::Op(_) | Token::Relation(_) | Token::Opaque
                )
            });
            let value = if negative { -value } else { value };
            (!goes_on).then_some((place, value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::lex;
    use super::*;

    #[test]
    fn words_take_back() {
        for text in [
            "Wait",
            "no, that",
            "Wrong",
            "But that is wrong",
            "不对",
            "重算 3",
            "Check: 3, not 4",
        ] {
            assert!(takes_back(&lex(text)), "{text}");
        }
        for text in [
            "So",
            "no one",
            "not wrong",
            "没错",
            "Try 3, not 4",
            "Check: 3, yes",
            "the mistake is",
        ] {
            assert!(!takes_back(&lex(text)), "{text}");
        }
    }

    #[test]
    fn denials_are_read() {
        let denied = |text: &str| -> Vec<String> {
            denials(&lex(text))
                .iter()
                .map(|(_, value)| value.to_string())
                .collect()
        };
        assert_eq!(denied("8, not 4"), ["4"]);
        assert_eq!(denied("得 8，不是 -4"), ["-4"]);
        assert_eq!(denied("not 4 + 3 = 8"), Vec::<String>::new());
    }
}
