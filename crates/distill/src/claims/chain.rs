//! Chains of sides: `x = 12 / 3 = 4`, `a > b > c`.
//!
//! A chain begins and ends in the middle of words, so its first side is the longest expression
//! that ends at the relation, and its last the longest that begins there. Where the words around
//! it take part (`twice 3`, `half of 8`, `17 / 5 = 3 remainder 2`), the side is unknown.

use std::ops::Range;

use super::expr::is_letter;
use super::{Expr, Lexeme, Relation, Token, retract};

/// The longest side that is read, in lexemes.
const LONGEST: usize = 80;

/// Words that do something to the expression after them.
const BEFORE: &[&str] = &[
    "of", "twice", "half", "double", "triple", "minus", "negative", "plus", "times", "by", "mod",
    "sqrt", "square", "cube", "log", "ln", "sin", "cos", "tan", "per", "than", "not", "x", "的",
    "平方", "根号", "负", "减", "加", "乘", "除以", "不是",
];

/// Words that do something to the expression before them.
const AFTER: &[&str] = &[
    "remainder",
    "rem",
    "mod",
    "squared",
    "cubed",
    "times",
    "plus",
    "minus",
    "percent",
    "or",
    "hundred",
    "thousand",
    "million",
    "余",
    "的",
    "万",
    "亿",
    "倍",
    "百",
    "千",
    "加",
    "减",
    "乘",
    "除以",
    "或",
];

/// Words that make what follows them a supposition.
const TENTATIVE: &[&str] = &[
    "if", "let", "case", "suppose", "assume", "when", "try", "guess", "say", "maybe", "perhaps",
    "whether", "could", "would", "test", "or", "either", "若", "如果", "设", "假设", "假如", "令",
    "当", "试", "可能", "也许", "或", "或者",
];

/// One side; unknown where there is no expression.
pub(crate) type Side = Option<Expr>;

/// A claim.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Chain {
    /// At least two.
    pub(crate) sides: Vec<Side>,
    /// One fewer.
    pub(crate) relations: Vec<Relation>,
    /// As it was written.
    pub(crate) text: String,
    /// Its place in the sentence.
    pub(crate) lexemes: Range<usize>,
    /// Whether it is only supposed: nothing is said of what its letters are.
    pub(crate) tentative: bool,
    /// Whether the text takes it back.
    pub(crate) retracted: bool,
}

/// The chains of a sentence.
pub(super) fn chains(text: &str, sentence: &[Lexeme]) -> Vec<Chain> {
    let mut found = Vec::new();
    let mut start = 0;
    for phrase in sentence.split(|lexeme| lexeme.token == Token::Break) {
        found.extend(phrase_chains(text, sentence, start..start + phrase.len()));
        start += phrase.len() + 1;
    }
    let supposes = |at: usize| {
        let word = sentence[at].word();
        TENTATIVE.contains(&word.as_str())
    };
    for chain in &mut found {
        let or =
            (0..sentence.len()).any(|at| matches!(&*sentence[at].word(), "or" | "或" | "或者"));
        chain.tentative = or || (0..chain.lexemes.start).any(supposes);
    }
    found
}

fn phrase_chains(text: &str, sentence: &[Lexeme], phrase: Range<usize>) -> Vec<Chain> {
    let relations: Vec<(usize, Relation)> = phrase
        .clone()
        .filter_map(|at| match sentence[at].token {
            Token::Relation(relation) => Some((at, relation)),
            _ => None,
        })
        .collect();
    let Some(&(first, _)) = relations.first() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut open = Open::at(sentence, phrase.start..first);
    for (at, &(place, relation)) in relations.iter().enumerate() {
        let next = relations.get(at + 1).map(|(next, _)| *next);
        let run = place + 1..next.unwrap_or(phrase.end);
        open.relations.push(relation);
        let whole = next.and_then(|_| parse(&sentence[run.clone()]));
        if let Some(expr) = whole {
            open.sides.push(Some(expr));
            continue;
        }
        let (side, end) = last_side(sentence, &run);
        open.sides.push(side);
        found.push(open.close(text, sentence, end));
        open = Open::at(sentence, run);
    }
    found
}

/// A chain that may go on.
struct Open {
    sides: Vec<Side>,
    relations: Vec<Relation>,
    start: usize,
}

impl Open {
    fn at(sentence: &[Lexeme], run: Range<usize>) -> Self {
        let (side, start) = first_side(sentence, &run);
        Self {
            sides: vec![side],
            relations: Vec::new(),
            start,
        }
    }

    fn close(self, text: &str, sentence: &[Lexeme], end: usize) -> Chain {
        let bytes = sentence[self.start].at.start..sentence[end - 1].at.end;
        Chain {
            sides: self.sides,
            relations: self.relations,
            text: text[bytes].to_owned(),
            lexemes: self.start..end,
            tentative: false,
            retracted: false,
        }
    }
}

fn parse(lexemes: &[Lexeme]) -> Option<Expr> {
    (lexemes.len() <= LONGEST).then(|| Expr::parse(lexemes))?
}

/// The side before the first relation, and where it begins.
fn first_side(sentence: &[Lexeme], run: &Range<usize>) -> (Side, usize) {
    let from = run.start.max(run.end.saturating_sub(LONGEST));
    let found = (from..run.end).find_map(|at| Some((Expr::parse(&sentence[at..run.end])?, at)));
    match found {
        Some((expr, at)) if stands_alone(sentence, run.start, at, &expr) => (Some(expr), at),
        Some((_, at)) => (None, at),
        None => (None, run.end),
    }
}

/// Whether nothing before `at` takes part in the expression there.
fn stands_alone(sentence: &[Lexeme], start: usize, at: usize, expr: &Expr) -> bool {
    let Some(before) = at.checked_sub(1).filter(|before| *before >= start) else {
        return true;
    };
    match &sentence[before].token {
        Token::Name(_) => {
            let word = sentence[before].word();
            let acts = BEFORE.iter().any(|known| word == *known)
                || BEFORE
                    .iter()
                    .any(|known| !known.is_ascii() && word.ends_with(known));
            let called = sentence[at].token == Token::Open && !sentence[at].spaced;
            // In `area 16 = 4 * 4` the word is equated as well; a lone number says too little.
            !acts && !called && !matches!(expr, Expr::Number { .. })
        }
        // A remark in parentheses: `(7 + 5 = 12)`.
        Token::Open => {
            sentence[before].spaced && {
                let earlier = before.checked_sub(1).filter(|earlier| *earlier >= start);
                earlier.is_none_or(|earlier| matches!(sentence[earlier].token, Token::Name(_)))
            }
        }
        _ => false,
    }
}

/// The side after the last relation, and where it ends.
fn last_side(sentence: &[Lexeme], run: &Range<usize>) -> (Side, usize) {
    let to = run.end.min(run.start + LONGEST);
    let found = (run.start + 1..=to)
        .rev()
        .find_map(|end| Some((Expr::parse(&sentence[run.start..end])?, end)));
    match found {
        Some((expr, end)) if ends_alone(sentence, end, run.end) => (Some(expr), end),
        Some((_, end)) => (None, end),
        None => (None, run.start),
    }
}

/// Whether nothing from `end` on takes part in the expression before it.
fn ends_alone(sentence: &[Lexeme], end: usize, stop: usize) -> bool {
    let Some(next) = sentence[..stop].get(end) else {
        return true;
    };
    match &next.token {
        Token::Name(name) => {
            let word = next.word();
            let acts = AFTER.contains(&word.as_str())
                || AFTER
                    .iter()
                    .any(|known| !known.is_ascii() && word.starts_with(known));
            let unit = !next.spaced && name.is_ascii();
            let factor = is_letter(name);
            (!acts && !unit && !factor) || retract::takes_back(&sentence[end..stop])
        }
        Token::Close => true,
        Token::Open => {
            let inner = sentence[..stop].get(end + 1).map(|lexeme| &lexeme.token);
            next.spaced && matches!(inner, Some(Token::Name(_)))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::lex;
    use super::*;

    /// Each chain with the values of its sides; letters have none.
    fn shown(text: &str) -> Vec<String> {
        let show = |side: &Side| match side {
            Some(expr) => expr
                .closed()
                .map_or("letter".to_owned(), |value| value.to_string()),
            None => "?".to_owned(),
        };
        chains(text, &lex(text))
            .iter()
            .map(|chain| {
                format!(
                    "{}: {}",
                    chain.text,
                    chain.sides.iter().map(show).collect::<Vec<_>>().join(" ")
                )
            })
            .collect()
    }

    #[test]
    fn chains_are_found_among_words() {
        assert_eq!(
            shown("So x = 35 / 5 = 7, yes"),
            ["x = 35 / 5 = 7: letter 7 7"]
        );
        assert_eq!(
            shown("Check: 7 + 5 = 12, 12 - 9 = 3"),
            ["7 + 5 = 12: 12 12", "12 - 9 = 3: 3 3"]
        );
        assert_eq!(shown("得到9×2＝18，对"), ["9×2＝18: 18 18"]);
        assert_eq!(shown("it holds (7 + 5 = 12)"), ["7 + 5 = 12: 12 12"]);
        assert_eq!(shown("5 + 4 = 9 apples"), ["5 + 4 = 9: 9 9"]);
        assert_eq!(
            shown("3 < 4 so 4 + 1 > 3"),
            ["3 < 4: 3 4", "4 + 1 > 3: 5 3"]
        );
        assert_eq!(shown("no relation here"), Vec::<String>::new());
    }

    #[test]
    fn what_is_not_understood_is_unknown() {
        for (text, wanted) in [
            ("twice 3 + 4 = 10", "? 10"),
            ("half of 8 = 4", "? 4"),
            ("2^3 = 8", "? 8"),
            ("20% of 50 = 10", "? 10"),
            ("f(9) = 2", "? 2"),
            ("sqrt(16) = 4", "? 4"),
            ("17 / 5 = 3 remainder 2", "17/5 ?"),
            ("17 / 5 = 3 余 2", "17/5 ?"),
            ("3 apples + 4 apples = 7", "? 7"),
            ("5m = 500cm", "letter ?"),
            ("1 1/2 = 3/2", "? 3/2"),
            ("5! = 120", "? 120"),
            ("2 * 3 = 6%", "6 ?"),
            ("10 / 3 = 3.3...", "10/3 ?"),
            ("total 16 = 4 * 4", "? 16"),
            ("8 的一半 = 4", "? 4"),
            ("= 4", "? 4"),
        ] {
            let found = shown(text);
            let values = found[0].rsplit_once(": ").unwrap().1;
            assert_eq!(values, wanted, "{text}");
        }
    }

    #[test]
    fn suppositions_are_marked() {
        let tentative = |text: &str| chains(text, &lex(text))[0].tentative;
        assert!(
            tentative("if x = 3 we win") && tentative("试 x = 3") && tentative("x = 2 or x = 3")
        );
        assert!(!tentative("So x = 3"));
    }
}
