//! The rule for lines that announce an answer, in English and Chinese.

use super::tidy;
use crate::tags::is_seen;

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
pub(super) fn phrase(text: &str) -> Option<String> {
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

#[cfg(test)]
mod tests {
    use crate::extract::Rule;
    use crate::extract::tests::expect;

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
}
