//! The final answer of a response, and which rule found it.
//!
//! Only what follows the last `</think>` is read: an answer inside the reasoning, or before it, is
//! no answer. The rules are tried in the order of [`Rule`], and the first that applies decides.

mod boxed;
mod formula;
mod last_number;
mod letter;
mod phrase;
mod reading;

use boxed::{around_box, boxed, has_other_box};
use formula::last_formula;
use last_number::last_number;
use letter::letter;
use phrase::{phrase, phrases};
pub use reading::Reading;

use crate::equal::LONGEST;
use crate::math::{Expr, parse, read};
use crate::plain::plain;
use crate::tags::{Tag, blocks, is_seen, marks, rendered};

/// What found the answer, from the strictest to the loosest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// `<answer>…</answer>`. What a box or an `Answer:` line inside says, where there is one.
    AnswerTag,
    /// The last balanced `\boxed{…}`.
    Boxed,
    /// What is announced last: `The answer is …`, `Answer: …`, `A: …`, `答案是…` and the like.
    Phrase,
    /// The text as a whole, which is nothing but an answer.
    Whole,
    /// The letter of a multiple choice; only where [`Reading::letters`] asks for it.
    Letter,
    /// The last formula, `$…$`, where no number comes after it.
    LastFormula,
    /// The last number.
    LastNumber,
}

impl Rule {
    /// The name used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::AnswerTag => "answer_tag",
            Self::Boxed => "boxed",
            Self::Phrase => "phrase",
            Self::Whole => "whole",
            Self::Letter => "letter",
            Self::LastFormula => "last_formula",
            Self::LastNumber => "last_number",
        }
    }
}

/// A final answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extracted {
    /// The answer without the markup around it; never blank.
    pub text: String,
    /// What found it.
    pub rule: Rule,
}

/// Why a response has no final answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// `<think>` was opened last and never closed.
    #[error("the reasoning does not end")]
    StillThinking,
    /// Several `<answer>` blocks, or several boxes or announcements in one, that do not say the same;
    /// or nothing but a row of numbers.
    #[error("several answers that differ")]
    Conflicting,
    /// An `<answer>` block with nothing in it.
    #[error("the answer block is empty")]
    Empty,
    /// No rule found anything.
    #[error("no answer was found")]
    Nothing,
}

/// Finds the final answer of `response`, in time linear in its length.
///
/// # Errors
///
/// When there is none, or more than one.
pub fn extract(response: &str) -> Result<Extracted, NoAnswer> {
    extract_as(response, &Reading::default())
}

/// [`extract`] with a say in where to look.
///
/// # Errors
///
/// When there is none, or more than one.
pub fn extract_as(response: &str, reading: &Reading) -> Result<Extracted, NoAnswer> {
    let found = |text: String, rule| Ok(Extracted { text, rule });
    if reading.whole {
        return found(response.to_owned(), Rule::Whole);
    }
    let scope = after_thinking(response)?;
    let marks = marks(scope);
    let answers: Vec<&str> = blocks(&marks)
        .into_iter()
        .filter(|block| block.tag == Tag::Answer)
        .map(|block| &scope[block.inner])
        .collect();
    if !answers.is_empty() {
        return from_blocks(&answers);
    }
    let text = without_tags(scope);
    let language = reading.language.as_deref();
    if reading.letters {
        return letter(&text, language)
            .map_or(Err(NoAnswer::Nothing), |answer| found(answer, Rule::Letter));
    }
    if let Some(answer) = boxed(&text).filter(|_| reading.latex) {
        return found(answer, Rule::Boxed);
    }
    if let Some(answer) = phrase(&text, language) {
        return found(answer, Rule::Phrase);
    }
    let whole = tidy(&text);
    if is_formula(whole) {
        return found(whole.to_owned(), Rule::Whole);
    }
    if is_listing(whole) {
        return Err(NoAnswer::Conflicting);
    }
    // `$.$` is none.
    let formula =
        last_formula(&text).filter(|(formula, _)| reading.latex && !tidy(formula).is_empty());
    let after = formula.as_ref().map_or(0, |(_, end)| *end);
    let number = last_number(&text[after..]).filter(|_| reading.plain || formula.is_none());
    match (formula, number) {
        (_, Some(number)) => found(number, Rule::LastNumber),
        (Some((formula, _)), None) => found(tidy(&formula).to_owned(), Rule::LastFormula),
        (None, None) => Err(NoAnswer::Nothing),
    }
}

/// Whether all of `text` is one answer, in words or symbols.
pub(crate) fn is_answer(text: &str) -> bool {
    text.len() <= LONGEST && read(text).is_some()
}

/// Whether all of `text` is mathematics, with more than a number or a word in it. What contradicts
/// itself, as `5 = 12`, is so too: no side of it may be picked.
fn is_formula(text: &str) -> bool {
    let marked = |c: char| c.is_ascii_digit() || "\\=<>{}".contains(c);
    let bare = text.chars().all(|c| c.is_ascii_digit());
    !bare
        && text.len() <= 500
        && text.contains(marked)
        && parse(text).is_some_and(|expr| !matches!(expr, Expr::Text(_)))
}

/// Whether the text between two answers joins them: nothing, or a few words with an "and", an
/// "or" or a comma, within a sentence.
fn is_joint(gap: &str) -> bool {
    if gap.len() > 60 || gap.contains(". ") || gap.contains("\n\n") {
        return false;
    }
    let mut bare = gap.to_owned();
    for sign in [
        "$", "\\(", "\\)", "\\[", "\\]", "\\quad", "\\,", "\\ ", "\\text", "}", "{",
    ] {
        bare = bare.replace(sign, " ");
    }
    let mut words = bare.split_whitespace().peekable();
    words.peek().is_none()
        || words.any(|word| {
            matches!(word, "and" | "or" | "和" | "或" | "&") || word.ends_with([',', ';', '，'])
        })
}

fn from_blocks(answers: &[&str]) -> Result<Extracted, NoAnswer> {
    let mut texts = Vec::new();
    for answer in answers {
        texts.push(from_block(answer)?);
    }
    let text = texts.swap_remove(0);
    if texts.iter().any(|other| !is_spelled_alike(other, &text)) {
        return Err(NoAnswer::Conflicting);
    }
    if !is_seen(&rendered(&text)) {
        return Err(NoAnswer::Empty);
    }
    Ok(Extracted {
        text,
        rule: Rule::AnswerTag,
    })
}

/// The one answer of a block: of several boxes or announcements none may say another thing.
fn from_block(block: &str) -> Result<String, NoAnswer> {
    if let Some(answer) = boxed(block) {
        return match (has_other_box(block, &answer), around_box(block)) {
            (true, _) => Err(NoAnswer::Conflicting),
            (false, Some(whole)) => Ok(whole),
            (false, None) => Ok(answer),
        };
    }
    match phrases(block) {
        Some((answer, earlier))
            if earlier
                .as_ref()
                .is_none_or(|e| is_spelled_alike(e, &answer)) =>
        {
            Ok(answer)
        }
        Some(_) => Err(NoAnswer::Conflicting),
        None => Ok(tidy(block).to_owned()),
    }
}

fn is_spelled_alike(left: &str, right: &str) -> bool {
    left == right || plain(left).is_some_and(|left| Some(left) == plain(right))
}

/// Whether `text` is three numbers or more, one after the other, and nothing else.
fn is_listing(text: &str) -> bool {
    let number = |word: &str| {
        word.contains(|c: char| c.is_ascii_digit())
            && word
                .chars()
                .all(|c| c.is_ascii_digit() || "-.,;".contains(c))
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut different: Vec<&&str> = words.iter().collect();
    different.sort_unstable();
    different.dedup();
    different.len() > 2 && words.iter().all(|word| number(word)) && parse(text).is_none()
}

fn without_tags(text: &str) -> String {
    Tag::ALL
        .iter()
        .fold(text.to_owned(), |text, tag| text.replace(tag.text(), "\n"))
}

/// `text` without blanks, Markdown, mathematics delimiters and a full stop around it.
fn tidy(text: &str) -> &str {
    let mut rest = text.trim();
    loop {
        let before = rest;
        rest = rest
            .strip_suffix('.')
            .filter(|rest| !rest.ends_with('.'))
            .unwrap_or(rest);
        rest = rest.strip_suffix('。').unwrap_or(rest);
        for (open, close) in [
            ("**", "**"),
            ("`", "`"),
            ("$", "$"),
            ("\\(", "\\)"),
            ("\\[", "\\]"),
        ] {
            let inner = rest
                .strip_prefix(open)
                .and_then(|inner| inner.strip_suffix(close));
            rest = inner
                .filter(|inner| !inner.contains(open))
                .unwrap_or(rest)
                .trim();
        }
        if rest == before {
            return rest;
        }
    }
}

/// What follows the last thought; the whole response where there is none.
///
/// # Errors
/// Where the last thought is still open.
pub(crate) fn after_thinking(response: &str) -> Result<&str, NoAnswer> {
    let all = marks(response);
    let last_thought = all
        .iter()
        .rev()
        .find(|mark| matches!(mark.tag, Tag::Think | Tag::EndThink));
    match last_thought {
        Some(mark) if mark.tag == Tag::Think => Err(NoAnswer::StillThinking),
        Some(mark) => Ok(&response[mark.at.end..]),
        None => Ok(response),
    }
}

#[cfg(test)]
pub(crate) mod tests;
