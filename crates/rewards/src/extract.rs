//! The final answer of a response, and which rule found it.
//!
//! Only what follows the last `</think>` is read: an answer inside the reasoning, or before it, is
//! no answer. The rules are tried in the order of [`Rule`], and the first that applies decides.

use crate::plain::plain;
use crate::tags::{Tag, blocks, is_seen, marks};

/// What found the answer, from the strictest to the loosest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// `<answer>…</answer>`. What a box or an `Answer:` line inside says, where there is one.
    AnswerTag,
    /// The last balanced `\boxed{…}`.
    Boxed,
    /// The last line that begins `Answer: …`, `So the answer is …`, `答案：…` or `答案是…`.
    Phrase,
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
    /// Several `<answer>` blocks that do not say the same.
    #[error("several answer blocks that differ")]
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
    let all = marks(response);
    let last_thought = all
        .iter()
        .rev()
        .find(|mark| matches!(mark.tag, Tag::Think | Tag::EndThink));
    let scope = match last_thought {
        Some(mark) if mark.tag == Tag::Think => return Err(NoAnswer::StillThinking),
        Some(mark) => &response[mark.at.end..],
        None => response,
    };
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
    let found = |text: String, rule| Ok(Extracted { text, rule });
    if let Some(answer) = boxed(&text) {
        return found(answer, Rule::Boxed);
    }
    if let Some(answer) = phrase(&text) {
        return found(answer, Rule::Phrase);
    }
    last_number(&text).map_or(Err(NoAnswer::Nothing), |answer| {
        found(answer, Rule::LastNumber)
    })
}

fn from_blocks(answers: &[&str]) -> Result<Extracted, NoAnswer> {
    let mut texts = answers.iter().map(|answer| {
        boxed(answer)
            .or_else(|| phrase(answer))
            .unwrap_or_else(|| tidy(answer).to_owned())
    });
    let text = texts.next().unwrap_or_default();
    let spelling = |text: &str| plain(text).unwrap_or_else(|| text.to_owned());
    let first = spelling(&text);
    if texts.any(|other| spelling(&other) != first) {
        return Err(NoAnswer::Conflicting);
    }
    if !is_seen(&text) {
        return Err(NoAnswer::Empty);
    }
    Ok(Extracted {
        text,
        rule: Rule::AnswerTag,
    })
}

fn without_tags(text: &str) -> String {
    Tag::ALL
        .iter()
        .fold(text.to_owned(), |text, tag| text.replace(tag.text(), "\n"))
}

/// What the last balanced, non-empty `\boxed{…}` holds.
fn boxed(text: &str) -> Option<String> {
    const OPEN: &str = "\\boxed{";
    let mut open: Vec<Option<usize>> = Vec::new();
    let mut last = None;
    let mut skip_to = 0;
    for (index, byte) in text.bytes().enumerate() {
        if index < skip_to {
            continue;
        }
        match byte {
            b'\\' if text[index..].starts_with(OPEN) => {
                skip_to = index + OPEN.len();
                open.push(Some(skip_to));
            }
            b'\\' => skip_to = index + 2,
            b'{' => open.push(None),
            b'}' => {
                if let Some(Some(start)) = open.pop() {
                    last = Some(start..index);
                }
            }
            _ => {}
        }
    }
    let mut inner = tidy(&text[last?]);
    while let Some(deeper) = inner
        .strip_prefix(OPEN)
        .and_then(|inner| inner.strip_suffix('}'))
        .map(tidy)
    {
        inner = deeper;
    }
    is_seen(inner).then(|| inner.to_owned())
}

/// Words a line may begin with before it comes to its answer.
const LEADS: [&str; 20] = [
    "so",
    "thus",
    "therefore",
    "hence",
    "and",
    "then",
    "the",
    "my",
    "our",
    "final",
    "correct",
    "所以",
    "因此",
    "因而",
    "故",
    "最终",
    "最后",
    "正确",
    "那么",
    "的",
];

/// What comes between the word for "answer" and the answer.
const HEADS: [&str; 12] = [
    "answer is:",
    "answer is",
    "answer:",
    "answer：",
    "answer =",
    "答案是：",
    "答案是:",
    "答案是",
    "答案为",
    "答案：",
    "答案:",
    "答案",
];

/// What the last line that announces an answer says, up to the end of its first sentence.
fn phrase(text: &str) -> Option<String> {
    let lines: Vec<String> = text
        .lines()
        .map(|line| line.replace(['*', '#', '>'], ""))
        .collect();
    (0..lines.len()).rev().find_map(|index| {
        let rest = after_head(lines[index].trim())?;
        let following = || {
            lines[index + 1..]
                .iter()
                .map(|line| line.trim())
                .find(|l| is_seen(l))
        };
        let answer = if is_seen(rest) { rest } else { following()? };
        let answer = tidy(first_sentence(answer));
        is_seen(answer).then(|| answer.to_owned())
    })
}

/// What follows the announcement a line begins with.
fn after_head(line: &str) -> Option<&str> {
    let mut rest = line;
    loop {
        let head = HEADS.iter().find(|head| begins(rest, head));
        if let Some(head) = head {
            return Some(rest[head.len()..].trim());
        }
        let lead = LEADS.iter().find(|lead| begins(rest, lead))?;
        rest = rest[lead.len()..].trim_start_matches([' ', ',', '，', '、']);
    }
}

/// Whether `text` begins with `word`, whatever its case, and the word ends there.
fn begins(text: &str, word: &str) -> bool {
    let Some(start) = text.get(..word.len()) else {
        return false;
    };
    let goes_on = text[word.len()..].starts_with(|c: char| c.is_ascii_alphanumeric());
    let complete = !(word.ends_with(|c: char| c.is_ascii_alphabetic()) && goes_on);
    start.eq_ignore_ascii_case(word) && complete
}

fn first_sentence(text: &str) -> &str {
    let end = [". ", "。", "! ", "; "]
        .iter()
        .filter_map(|stop| text.find(stop))
        .min();
    &text[..end.unwrap_or(text.len())]
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

/// The last number: an optional sign, digits with thousands separators and a decimal part, and
/// after them a fraction or a percent sign. Digits that end a name, as in `x2`, are not a number.
fn last_number(text: &str) -> Option<String> {
    let chars: Vec<char> = text
        .chars()
        .map(|c| match c {
            '０'..='９' | '．' | '，' | '／' | '－' | '％' => {
                char::from_u32(c as u32 - 0xfee0).unwrap_or(c)
            }
            '\u{2212}' => '-',
            _ => c,
        })
        .collect();
    let mut last = None;
    let mut at = 0;
    while at < chars.len() {
        if !chars[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let end = number_end(&chars, at);
        let named = at > 0 && (chars[at - 1].is_ascii_alphabetic() || chars[at - 1] == '_');
        if !named {
            let start = if is_signed(&chars, at) { at - 1 } else { at };
            last = Some(start..end);
        }
        at = end;
    }
    last.map(|range| chars[range].iter().collect())
}

fn number_end(chars: &[char], start: usize) -> usize {
    let digit = |at: usize| chars.get(at).is_some_and(char::is_ascii_digit);
    let digits = |mut at: usize| {
        while digit(at) {
            at += 1;
        }
        at
    };
    let mut at = digits(start);
    while chars.get(at) == Some(&',') && digits(at + 1) == at + 4 {
        at += 4;
    }
    for sign in ['.', '/'] {
        if chars.get(at) == Some(&sign) && digit(at + 1) {
            at = digits(at + 1);
        }
    }
    if chars.get(at) == Some(&'%') {
        at + 1
    } else {
        at
    }
}

/// Whether the number at `start` has a minus sign that is not a subtraction.
fn is_signed(chars: &[char], start: usize) -> bool {
    if start == 0 || chars[start - 1] != '-' {
        return false;
    }
    let before = &chars[..start - 1];
    let operand = |c: char| c.is_ascii_digit() || c == ')';
    let adjacent = before
        .last()
        .is_some_and(|&c| operand(c) || c.is_alphabetic());
    let spaced = before
        .iter()
        .rev()
        .find(|c| !c.is_whitespace())
        .is_some_and(|&c| operand(c));
    !adjacent && !spaced
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(response: &str) -> Option<(String, Rule)> {
        extract(response)
            .ok()
            .map(|answer| (answer.text, answer.rule))
    }

    fn expect(response: &str, text: &str, rule: Rule) {
        assert_eq!(found(response), Some((text.to_owned(), rule)), "{response}");
    }

    #[test]
    fn the_answer_block_after_the_reasoning_comes_first() {
        expect(
            "<think>1</think><answer> 12 </answer>",
            "12",
            Rule::AnswerTag,
        );
        expect(r"<answer>\boxed{12}</answer>", "12", Rule::AnswerTag);
        expect(
            "<answer>The answer is **12**.</answer>",
            "12",
            Rule::AnswerTag,
        );
        expect(
            "<think>a</think>Answer: 3 <answer>12</answer>",
            "12",
            Rule::AnswerTag,
        );
        expect(
            "<answer>12</answer><answer>12.</answer>",
            "12",
            Rule::AnswerTag,
        );
    }

    #[test]
    fn a_box_is_balanced_and_the_last_one_counts() {
        expect(
            r"so \boxed{\frac{1}{2}} it is 3",
            r"\frac{1}{2}",
            Rule::Boxed,
        );
        expect(r"\boxed{1} then \boxed{2}", "2", Rule::Boxed);
        expect(r"\boxed{\boxed{2}}", "2", Rule::Boxed);
        expect(r"\boxed{\{1, 2\}}", r"\{1, 2\}", Rule::Boxed);
        expect(r"\boxed{12", "12", Rule::LastNumber);
    }

    #[test]
    fn a_line_may_announce_the_answer() {
        expect("7 + 5\nAnswer: 12", "12", Rule::Phrase);
        expect("**Answer:** 12 apples", "12 apples", Rule::Phrase);
        expect(
            "So the final answer is 12. I checked 3 times.",
            "12",
            Rule::Phrase,
        );
        expect("Therefore, the answer is $x = 5$.", "x = 5", Rule::Phrase);
        expect("Answer:\n\n12\n", "12", Rule::Phrase);
        expect("Answer: 3\nAnswer: 4", "4", Rule::Phrase);
        expect("所以，最终答案是十二。", "十二", Rule::Phrase);
        expect("答案：12", "12", Rule::Phrase);
        expect("No answer is here but 7", "7", Rule::LastNumber);
    }

    #[test]
    fn the_last_number_is_the_last_resort() {
        expect("We get 1,234 then -7.5", "-7.5", Rule::LastNumber);
        expect("it is 10 -3", "3", Rule::LastNumber);
        expect("half is 3/4.", "3/4", Rule::LastNumber);
        expect("12 of x2", "12", Rule::LastNumber);
        expect("about 12.5%", "12.5%", Rule::LastNumber);
        expect("共１２个", "12", Rule::LastNumber);
        assert_eq!(extract("no idea"), Err(NoAnswer::Nothing));
        assert_eq!(extract(""), Err(NoAnswer::Nothing));
    }

    #[test]
    fn what_is_not_after_the_reasoning_is_no_answer() {
        assert_eq!(
            extract("<think>the answer is 12"),
            Err(NoAnswer::StillThinking)
        );
        assert_eq!(
            extract("<think><answer>12</answer></think>"),
            Err(NoAnswer::Nothing)
        );
        assert_eq!(
            extract("<answer>12</answer><think>a</think>"),
            Err(NoAnswer::Nothing)
        );
        assert_eq!(
            extract("<answer>12</answer><answer>13</answer>"),
            Err(NoAnswer::Conflicting)
        );
        assert_eq!(
            extract("<answer>\u{200b}</answer> 12"),
            Err(NoAnswer::Empty)
        );
        expect(
            "reasoning</think><answer>12</answer>",
            "12",
            Rule::AnswerTag,
        );
    }

    #[test]
    fn long_and_strange_texts_are_read_in_bounded_time() {
        for piece in [
            "\\boxed{",
            "<answer>",
            "Answer:\n",
            "1,",
            "so ",
            "}",
            "$",
            "答案",
            "**",
            "\\",
        ] {
            let _ = extract(&piece.repeat(50_000));
        }
    }
}
