//! The claims of a text: chains of expressions held together by `=`, `≠`, `<`, `>`, `≤` and `≥`,
//! sentence by sentence, and which of them the text takes back.
//!
//! Anything that is not certain to be understood makes a side of unknown value, about which
//! nothing is claimed: powers, percentages, functions, units, words for operations. Left out: what
//! the claims are worth, which is `judge`'s, and claims in words alone ("Kim is taller").

mod chain;
mod expr;
mod lex;
pub(crate) mod loose;
mod retract;

use data::Rational;

pub(crate) use chain::Chain;
pub(crate) use expr::{Expr, Op};
pub(crate) use lex::{Lexeme, Relation, Token, lex};
pub(crate) use retract::takes_back;

/// Whether words that take something back stand in a sentence.
pub(crate) fn takes_back_later(sentence: &[Lexeme]) -> bool {
    retract::follows(sentence, 0)
}

/// A sentence: what stands between two of `. ? ! ;` or line ends.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sentence {
    /// Its claims, in order.
    pub(crate) chains: Vec<Chain>,
    /// Numbers said not to be the value of what stands before: `…, not 7`.
    pub(crate) denied: Vec<Denial>,
    /// Numbers outside of claims and denials.
    pub(crate) prose: Vec<Rational>,
    /// `… is Kim`, `…是小明`: the name a sentence without claims ends in.
    pub(crate) said_of: Option<String>,
    /// Every number of the sentence.
    pub(crate) numbers: Vec<Rational>,
}

/// `…, not 7`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Denial {
    /// The number.
    pub(crate) value: Rational,
    /// How many claims of the sentence stand before it.
    pub(crate) after: usize,
}

/// Reads the claims of a text.
pub(crate) fn read(text: &str) -> Vec<Sentence> {
    let lexemes = lex(text);
    let parts: Vec<&[Lexeme]> = lexemes
        .split(|lexeme| lexeme.token == Token::End)
        .filter(|part| !part.is_empty())
        .collect();
    let mut sentences: Vec<Sentence> = parts
        .iter()
        .map(|lexemes| sentence(text, lexemes))
        .collect();
    for (at, sentence) in sentences.iter_mut().enumerate() {
        let taken_back = parts
            .get(at + 1)
            .is_some_and(|next| retract::takes_back(next));
        for chain in &mut sentence.chains {
            chain.retracted |= taken_back || retract::follows(parts[at], chain.lexemes.end);
        }
    }
    sentences
}

fn sentence(text: &str, lexemes: &[Lexeme]) -> Sentence {
    let chains = chain::chains(text, lexemes);
    let number = |at: usize| match &lexemes[at].token {
        Token::Number { value, .. } => Some(*value),
        _ => None,
    };
    let denied: Vec<(usize, Denial)> = retract::denials(lexemes)
        .into_iter()
        .map(|(at, value)| {
            let after = chains
                .iter()
                .filter(|chain| chain.lexemes.end <= at)
                .count();
            (at, Denial { value, after })
        })
        .collect();
    let prose = (0..lexemes.len())
        .filter(|at| !chains.iter().any(|chain| chain.lexemes.contains(at)))
        .filter(|at| !denied.iter().any(|(denied, _)| denied == at))
        .filter_map(number)
        .collect();
    Sentence {
        said_of: chains.is_empty().then(|| said_of(lexemes)).flatten(),
        denied: denied.into_iter().map(|(_, denial)| denial).collect(),
        prose,
        numbers: (0..lexemes.len()).filter_map(number).collect(),
        chains,
    }
}

/// The name a sentence ends in, when it says that something is it.
fn said_of(lexemes: &[Lexeme]) -> Option<String> {
    let (last, before) = lexemes.split_last()?;
    let Token::Name(name) = &last.token else {
        return None;
    };
    match name.rsplit_once('是') {
        Some((_, name)) if !name.is_empty() => Some(name.to_owned()),
        Some(_) => None,
        None => (before.last()?.word() == "is").then(|| name.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retracted(text: &str) -> Vec<bool> {
        read(text)
            .iter()
            .flat_map(|s| &s.chains)
            .map(|chain| chain.retracted)
            .collect()
    }

    #[test]
    fn what_is_taken_back_is_known() {
        assert_eq!(retracted("7 + 5 = 13. Wait, 7 + 5 = 12."), [true, false]);
        assert_eq!(retracted("7 + 5 = 13, no, 7 + 5 = 12"), [true, false]);
        assert_eq!(retracted("7 + 5 = 13？不对，7 + 5 = 12。"), [true, false]);
        assert_eq!(retracted("7 + 5 = 13\n重算 7 + 5 = 12"), [true, false]);
        assert_eq!(
            retracted("x = 8.\nCheck: 8 * 5 = 40, not 35.\nx = 7."),
            [true, false, false]
        );
        assert_eq!(
            retracted("So Kim > Sam > Ann.\nCheck: Sam > Kim, no.\nAgain, Sam > Kim > Ann."),
            [true, true, false]
        );
        assert_eq!(
            retracted("9 + 2 = 11, not 12.\nTry 9 + 3 = 12, yes."),
            [false, false]
        );
        assert_eq!(
            retracted("7 + 5 = 12, nothing wrong here. There is no remainder."),
            [false]
        );
        assert_eq!(retracted("7 + 5 = 12，没错。"), [false]);
    }

    #[test]
    fn numbers_are_told_apart() {
        let read = read("Try 9 + 2 - 3 = 8, not 4, of 7 in all.");
        let shown = |numbers: &[Rational]| -> Vec<String> {
            numbers.iter().map(ToString::to_string).collect()
        };
        assert_eq!(read.len(), 1);
        assert_eq!(read[0].denied[0].value.to_string(), "4");
        assert_eq!(read[0].denied[0].after, 1);
        assert_eq!(shown(&read[0].prose), ["7"]);
        assert_eq!(shown(&read[0].numbers), ["9", "2", "3", "8", "4", "7"]);
    }
}
