//! Arithmetic as people write it among words: `3 apples + 4 apples = 7 apples`, `20% of 50 = 10`,
//! `8 x 15 = 120`, `$12 / hour * 3 hours = $36`, `14 plus 8 equals 22`, `500(.40) = 200`.
//!
//! Words after a number are its unit and are passed over, so a claim is about the numbers. What is
//! still not read: variables, powers, functions, numbers in words. Who uses the claims is `steps`.

use std::ops::Range;

use data::Rational;

use super::{Lexeme, Op, Relation, Token};
use crate::decimal::decimal;

/// The most words passed over between a number and the sign after it.
const UNIT: usize = 7;

/// Words that do something to what stands after them.
const BEFORE: &[&str] = &[
    "twice", "half", "double", "triple", "thrice", "minus", "negative", "sqrt", "square", "cube",
    "log", "mod", "third", "quarter", "fifth", "thirds", "quarters", "fifths",
];

/// Words that do something to the number before them.
const AFTER: &[&str] = &[
    "remainder",
    "r",
    "rem",
    "mod",
    "squared",
    "cubed",
    "or",
    "to",
];

/// A number written in a text, or an operation, or what parts them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Item {
    /// A number, the decimals it was written with, and whether it is a percentage.
    Value {
        value: Rational,
        places: u32,
        percent: bool,
    },
    Op(Op),
    Open,
    Close,
    /// A unit or another word, in lower case.
    Word(String),
    Equal,
    /// A variable, or anything else of unknown value.
    Letter,
    /// Ends whatever stands before it.
    Stop,
}

/// One side of a claim.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Side {
    /// With percentages as hundredths.
    pub(crate) value: Rational,
    /// With percentages as their number.
    pub(crate) plain: Rational,
    /// Whether something is computed in it.
    pub(crate) computes: bool,
    /// Decimals of a number that stands alone.
    pub(crate) places: u32,
    /// The number it begins with.
    pub(crate) first: Rational,
    /// Most decimals written in it.
    pub(crate) finest: u32,
    /// The last unit word.
    pub(crate) unit: Option<String>,
    /// Its items.
    pub(crate) items: Range<usize>,
}

/// `left = right`, both of known value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Equation {
    pub(crate) left: Side,
    pub(crate) right: Side,
    /// Whether the left side is the right side of the equation before.
    pub(crate) continued: bool,
}

/// The items of a sentence.
pub(crate) fn items(text: &str, sentence: &[Lexeme]) -> Vec<Item> {
    let mut found: Vec<Item> = Vec::new();
    let mut at = 0;
    while at < sentence.len() {
        at += next(text, sentence, at, &mut found);
    }
    found
}

/// Reads one item or a few, and says how many lexemes they took.
fn next(text: &str, sentence: &[Lexeme], at: usize, found: &mut Vec<Item>) -> usize {
    let lexeme = &sentence[at];
    let token = |ahead: usize| sentence.get(at + ahead).map(|lexeme| &lexeme.token);
    let word = |ahead: usize| {
        sentence
            .get(at + ahead)
            .map(Lexeme::word)
            .unwrap_or_default()
    };
    let tight = |ahead: usize| {
        sentence
            .get(at + ahead)
            .is_some_and(|lexeme| !lexeme.spaced)
    };
    let slice = |ahead: usize| {
        sentence
            .get(at + ahead)
            .map_or("", |lexeme| &text[lexeme.at.clone()])
    };
    let starts_value =
        |ahead: usize| matches!(token(ahead), Some(Token::Number { .. } | Token::Open));
    let after_value = matches!(
        found.last(),
        Some(Item::Value { .. } | Item::Close | Item::Word(_))
    );
    let (item, width) = match &lexeme.token {
        Token::Number { .. } if tight(1) && matches!(&*word(1), "st" | "nd" | "rd" | "th") => {
            (Item::Word(word(1)), 2)
        }
        Token::Number { value, places } => {
            let mixed = match (token(1), token(2), token(3)) {
                (
                    Some(Token::Number {
                        value: over,
                        places: 0,
                    }),
                    Some(Token::Op(Op::Div)),
                    Some(Token::Number {
                        value: under,
                        places: 0,
                    }),
                ) if !tight(1) && tight(2) && tight(3) && *places == 0 => over
                    .checked_div(*under)
                    .and_then(|part| value.checked_add(part)),
                _ => None,
            };
            if let Some(value) = mixed {
                (
                    Item::Value {
                        value,
                        places: 0,
                        percent: false,
                    },
                    4,
                )
            } else {
                let percent =
                    (slice(1) == "%" && tight(1)) || slice(1) == "%" || word(1) == "percent";
                let item = Item::Value {
                    value: *value,
                    places: *places,
                    percent,
                };
                (item, 1 + usize::from(percent))
            }
        }
        // `4-foot` is a word; `4-3` is not.
        Token::Op(Op::Sub) if matches!(token(1), Some(Token::Name(_))) && tight(1) && tight(0) => {
            (Item::Word("-".into()), 1)
        }
        // `/ hour` belongs to the unit.
        Token::Op(Op::Div) if matches!(token(1), Some(Token::Name(_))) => (Item::Word(word(1)), 2),
        Token::Op(op) => (Item::Op(*op), 1),
        Token::Open => (Item::Open, 1),
        Token::Close => (Item::Close, 1),
        Token::Relation(Relation::Equal | Relation::Same) => (Item::Equal, 1),
        Token::Break if slice(0) == "≈" => (Item::Equal, 1),
        Token::Name(name) => match &*lexeme.word() {
            "x" if after_value && starts_value(1) => (Item::Op(Op::Mul), 1),
            "plus" if after_value => (Item::Op(Op::Add), 1),
            "minus" if after_value => (Item::Op(Op::Sub), 1),
            "times" if after_value && starts_value(1) => (Item::Op(Op::Mul), 1),
            "multiplied" if word(1) == "by" => (Item::Op(Op::Mul), 2),
            "divided" if word(1) == "by" => (Item::Op(Op::Div), 2),
            "equals" if !fraction(found) => (Item::Equal, 1),
            "is" if word(1) == "equal" && word(2) == "to" && !fraction(found) => (Item::Equal, 3),
            "is" if computed(found) && starts_value(1) => (Item::Equal, 1),
            "of" if starts_value(1) && fraction(found) => (Item::Op(Op::Mul), 1),
            other => match times(name, lexeme, found) {
                Some(value) => {
                    found.push(Item::Op(Op::Mul));
                    (value, 1)
                }
                None if other.chars().count() == 1 && !matches!(&**name, "a" | "A" | "g" | "h") => {
                    (Item::Letter, 1)
                }
                None => (Item::Word(other.to_owned()), 1),
            },
        },
        // What is not read takes what touches it along: of `2^3 - 1` nothing is known.
        Token::Opaque => (Item::Letter, 1),
        Token::Break | Token::End | Token::Relation(_) => (Item::Stop, 1),
    };
    found.push(item);
    width
}

/// `x12` right after a number, as in `5x12`.
fn times(name: &str, lexeme: &Lexeme, found: &[Item]) -> Option<Item> {
    let digits = name.strip_prefix(['x', 'X'])?;
    let number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    (number && !lexeme.spaced && matches!(found.last(), Some(Item::Value { .. }))).then_some(())?;
    Some(Item::Value {
        value: decimal(digits)?,
        places: 0,
        percent: false,
    })
}

/// Whether a computation has just ended: `5 + 3`.
fn computed(found: &[Item]) -> bool {
    matches!(found, [.., Item::Op(_), Item::Value { .. }])
}

/// Whether a percentage or a fraction has just ended.
fn fraction(found: &[Item]) -> bool {
    matches!(
        found,
        [.., Item::Value { percent: true, .. }]
            | [
                ..,
                Item::Value { .. },
                Item::Op(Op::Div),
                Item::Value { .. }
            ]
    )
}

/// The equations among the items of a sentence.
pub(crate) fn equations(items: &[Item]) -> Vec<Equation> {
    let signs: Vec<usize> = (0..items.len())
        .filter(|&at| items[at] == Item::Equal)
        .collect();
    let mut found = Vec::new();
    let mut carried: Option<Side> = None;
    for (n, &sign) in signs.iter().enumerate() {
        let start = n.checked_sub(1).map_or(0, |n| signs[n] + 1);
        let end = signs.get(n + 1).copied().unwrap_or(items.len());
        let continued = carried.is_some();
        let left = carried.take().or_else(|| suffix(items, start..sign));
        let middle = signs.get(n + 1).and_then(|_| whole(items, sign + 1..end));
        let right = middle.clone().or_else(|| prefix(items, sign + 1..end));
        carried = middle;
        if let (Some(left), Some(right)) = (left, right) {
            found.push(Equation {
                left,
                right,
                continued,
            });
        }
    }
    found
}

fn whole(items: &[Item], run: Range<usize>) -> Option<Side> {
    let mut parser = Parser::at(items, run.start, run.end);
    let side = parser.side()?;
    (parser.skip_words() <= UNIT && parser.at == run.end).then_some(side)
}

/// The longest computation that ends where `run` does.
fn suffix(items: &[Item], run: Range<usize>) -> Option<Side> {
    for start in run.clone() {
        if !matches!(
            items[start],
            Item::Value { .. } | Item::Open | Item::Op(Op::Sub)
        ) {
            continue;
        }
        let Some(side) = whole(items, start..run.end) else {
            continue;
        };
        let alone = match start.checked_sub(1).filter(|at| *at >= run.start) {
            None => true,
            Some(at) => match &items[at] {
                Item::Stop => true,
                Item::Word(word) => {
                    let before = at.checked_sub(1).map(|at| &items[at]);
                    let part = word == "of"
                        && matches!(before, Some(Item::Word(w)) if BEFORE.contains(&&**w));
                    !part && !BEFORE.contains(&&**word)
                }
                Item::Open => true,
                _ => false,
            },
        };
        return alone.then_some(side);
    }
    None
}

/// The computation that `run` begins with.
fn prefix(items: &[Item], run: Range<usize>) -> Option<Side> {
    let mut parser = Parser::at(items, run.start, run.end);
    let side = parser.side()?;
    let at = parser.at;
    let words = parser.skip_words();
    let stops = match parser.peek() {
        None | Some(Item::Stop | Item::Close) => true,
        Some(Item::Value { .. } | Item::Open) => words > 0,
        Some(_) => false,
    };
    let taken =
        matches!(items[..run.end].get(at), Some(Item::Word(word)) if AFTER.contains(&&**word));
    (stops && !taken).then_some(side)
}

struct Parser<'a> {
    items: &'a [Item],
    at: usize,
    depth: usize,
    /// Whether anything was computed.
    computes: bool,
    places: u32,
    finest: u32,
    first: Option<Rational>,
    unit: Option<String>,
}

impl<'a> Parser<'a> {
    fn at(items: &'a [Item], start: usize, end: usize) -> Self {
        Self {
            items: &items[..end],
            at: start,
            depth: 0,
            computes: false,
            places: 0,
            finest: 0,
            first: None,
            unit: None,
        }
    }

    fn peek(&self) -> Option<&'a Item> {
        self.items.get(self.at)
    }

    fn skip_words(&mut self) -> usize {
        let start = self.at;
        while let Some(Item::Word(word)) = self.peek() {
            self.unit = Some(word.clone());
            self.at += 1;
        }
        self.at - start
    }

    /// Passes over a unit where an operation or a parenthesis comes after it.
    fn unit(&mut self) {
        let (at, unit) = (self.at, self.unit.clone());
        let words = self.skip_words();
        if words == 0 {
            return;
        }
        if words > UNIT || !matches!(self.peek(), Some(Item::Op(_) | Item::Close)) {
            self.at = at;
            self.unit = unit;
            if let (Some(Item::Word(word)), true) = (self.items.get(at), words <= UNIT + 8) {
                self.unit = Some(word.clone());
            }
        }
    }

    fn side(&mut self) -> Option<Side> {
        let start = self.at;
        let (value, plain) = self.sum()?;
        Some(Side {
            value,
            plain,
            computes: self.computes,
            places: self.places,
            first: self.first?,
            finest: self.finest,
            unit: self.unit.clone(),
            items: start..self.at,
        })
    }

    fn sum(&mut self) -> Option<(Rational, Rational)> {
        let mut left = self.product()?;
        while let Some(Item::Op(op @ (Op::Add | Op::Sub))) = self.peek() {
            self.at += 1;
            self.computes = true;
            let right = self.product()?;
            left = match op {
                Op::Add => (left.0.checked_add(right.0)?, left.1.checked_add(right.1)?),
                _ => (left.0.checked_sub(right.0)?, left.1.checked_sub(right.1)?),
            };
        }
        Some(left)
    }

    fn product(&mut self) -> Option<(Rational, Rational)> {
        let mut left = self.atom()?;
        loop {
            let divides = match self.peek() {
                Some(Item::Op(op @ (Op::Mul | Op::Div))) => {
                    self.at += 1;
                    *op == Op::Div
                }
                Some(Item::Open) if !matches!(self.items[self.at - 1], Item::Word(_)) => false,
                _ => return Some(left),
            };
            self.computes = true;
            let right = self.atom()?;
            left = match divides {
                true => (left.0.checked_div(right.0)?, left.1.checked_div(right.1)?),
                false => (left.0.checked_mul(right.0)?, left.1.checked_mul(right.1)?),
            };
        }
    }

    fn atom(&mut self) -> Option<(Rational, Rational)> {
        if self.depth > 16 {
            return None;
        }
        let item = self.peek()?;
        self.at += 1;
        let value = match item {
            Item::Value {
                value,
                places,
                percent,
            } => {
                self.places = *places;
                self.finest = self.finest.max(*places);
                self.first.get_or_insert(*value);
                let hundredth = match percent {
                    true => value.checked_div(Rational::from(100))?,
                    false => *value,
                };
                (hundredth, *value)
            }
            Item::Op(Op::Sub) => {
                self.depth += 1;
                let inner = self.atom()?;
                self.depth -= 1;
                return Some((-inner.0, -inner.1));
            }
            Item::Open => {
                self.depth += 1;
                let inner = self.sum()?;
                self.depth -= 1;
                self.skip_words();
                matches!(self.peek(), Some(Item::Close)).then_some(())?;
                self.at += 1;
                inner
            }
            _ => return None,
        };
        self.unit();
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::super::lex;
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        equations(&items(text, &lex(text)))
            .iter()
            .map(|found| format!("{} {}", found.left.value, found.right.value))
            .collect()
    }

    #[test]
    fn prose_is_read_by_hand() {
        for (text, wanted) in [
            ("She has 3 apples + 4 apples = 7 apples", "7 7"),
            ("20% of 50 is 10", "10 10"),
            ("Then 20% of 50 = 10 are red", "10 10"),
            ("because 8 x 15 = 120", "120 120"),
            ("5x12=60 eggs", "60 60"),
            ("pay $12 / hour * 3 hours = $36", "36 36"),
            ("14 plus 8 equals 22", "22 22"),
            ("Juniors:500(.40)=200", "200 200"),
            ("a total of 3+4=8 pears", "7 8"),
            ("She ran 1 1/2 * 4 = 6 miles", "6 6"),
            ("so 10 - 2 is 8", "8 8"),
            ("60 cans * 30 sq in / can = 1800 sq in", "1800 1800"),
            ("(5*12) + 3 = 63 inches", "63 63"),
            ("half of 8 - 2 = 2", ""),
            ("3y + 5 = 20", ""),
            ("f(4) = 11", ""),
            ("17 / 5 = 3 remainder 2", ""),
            ("2^3 - 1 = 7", ""),
        ] {
            assert_eq!(shown(text).join("; "), wanted, "{text}");
        }
        assert_eq!(shown("2*10=20+5=25"), ["20 25", "25 25"]);
    }
}
