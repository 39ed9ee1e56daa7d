//! The rule for texts that announce their answer: "the answer is …" in several languages.

use super::formula::{first_formula, last_formula};
use super::last_number::{first_number, last_number};
use super::{is_answer, is_spelled_alike, tidy};
use crate::tags::is_seen;

/// What comes right before an answer, by language; ASCII letters in lower case.
const HEADS: [(&str, &[&str]); 15] = [
    (
        "english",
        &[
            "####",
            "answer is",
            "answers are",
            "answer:",
            "answer：",
            "answer =",
            "answer is:",
        ],
    ),
    ("chinese", &["答案是", "答案为", "答案：", "答案:", "答案"]),
    (
        "french",
        &[
            "réponse est",
            "réponse :",
            "réponse:",
            "Réponse :",
            "Réponse:",
        ],
    ),
    ("spanish", &["respuesta es", "respuesta:"]),
    (
        "german",
        &["antwort ist", "antwort lautet", "antwort:", "ergebnis ist"],
    ),
    ("portuguese", &["resposta é", "resposta:"]),
    ("italian", &["risposta è", "risposta:"]),
    ("russian", &["ответ:", "Ответ:"]),
    ("arabic", &["الإجابة هي", "الجواب هو", "الإجابة:", "الجواب:"]),
    ("hindi", &["उत्तर है", "उत्तर:"]),
    ("thai", &["คำตอบคือ"]),
    ("japanese", &["答えは"]),
    ("korean", &["답은", "정답은"]),
    ("vietnamese", &["đáp án là"]),
    ("turkish", &["cevap:"]),
];

/// What a text announces as its answer: the first formula or number of the sentence where the
/// sentence is not an answer as a whole.
///
/// A number that the sentence denies or only bounds, as in `not 12` and `between 12 and 14`, is none.
pub(super) fn phrase(text: &str, language: Option<&str>) -> Option<String> {
    let sentence = tidy(first_sentence(announced(text, language)?));
    let number = || first_number(sentence).filter(|_| !is_qualified(sentence));
    let answer = if is_answer(sentence) {
        sentence.to_owned()
    } else {
        let formula = first_formula(sentence).map(|inner| tidy(inner).to_owned());
        formula.or_else(number).unwrap_or(sentence.to_owned())
    };
    is_seen(&answer).then_some(answer)
}

/// What a block announces, and what it announced before that. A sentence with several numbers is
/// taken as it stands.
pub(super) fn phrases(block: &str) -> Option<(String, Option<String>)> {
    let start = last_announcement(block, None)?.0;
    let sentence = tidy(first_sentence(announced(block, None)?));
    let formulas = last_formula(sentence).is_some_and(|(last, _)| {
        first_formula(sentence).is_some_and(|first| !is_spelled_alike(first, &last))
    });
    let numbers =
        first_formula(sentence).is_none() && last_number(sentence) != first_number(sentence);
    let denied = sentence
        .find('$')
        .is_some_and(|at| is_denied(&sentence[..at]));
    let answer = match !is_answer(sentence) && (formulas || numbers || denied) {
        true => sentence.to_owned(),
        false => phrase(block, None)?,
    };
    Some((answer, phrase(&block[..start], None)))
}

/// Whether a word right before the first number of `sentence` denies or bounds it.
fn is_qualified(sentence: &str) -> bool {
    const WORDS: [&str; 16] = [
        "not", "isn't", "never", "neither", "either", "between", "than", "least", "most", "except",
        "without", "below", "above", "under", "over", "to",
    ];
    let lower = sentence.to_lowercase();
    let before = lower
        .split(|c: char| c.is_numeric())
        .next()
        .unwrap_or_default();
    let before = before.trim_end_matches(|c: char| c == '-' || c == '$' || c.is_whitespace());
    let last = before
        .rsplit(char::is_whitespace)
        .next()
        .unwrap_or_default();
    WORDS.contains(&last) || is_denied(before)
}

/// Whether what follows `before` is denied by its last word or sign.
pub(super) fn is_denied(before: &str) -> bool {
    let before = before.trim_end();
    let word = before
        .rsplit(char::is_whitespace)
        .next()
        .unwrap_or_default();
    let word = word.trim_matches(['*', '_']);
    matches!(
        word.to_lowercase().as_str(),
        "not" | "isn't" | "isn’t" | "aren't" | "never"
    ) || ["≠", "!=", "\\ne", "\\neq", "不是", "不等于", "并非"]
        .iter()
        .any(|sign| before.ends_with(sign))
}

/// The line, or the next one that is not blank, after the last announcement.
pub(super) fn announced<'t>(text: &'t str, language: Option<&str>) -> Option<&'t str> {
    let start = last_announcement(text, language)?.1;
    let rest = text[start..].trim_start_matches([':', '：', '*', ' ']);
    let mut lines = rest
        .lines()
        .map(|line| line.trim_matches(['*', '#', '>', ' ']));
    lines.find(|line| is_seen(line))
}

/// Where the last announcement begins and ends.
fn last_announcement(text: &str, language: Option<&str>) -> Option<(usize, usize)> {
    let lower = text.to_ascii_lowercase();
    let known = language.filter(|name| HEADS.iter().any(|(language, _)| language == name));
    HEADS
        .iter()
        .filter(|(name, _)| known.is_none_or(|known| *name == known || *name == "english"))
        .flat_map(|(_, heads)| *heads)
        .filter_map(|head| last_head(&lower, head).map(|end| (end - head.len(), end)))
        .chain(last_initial(&lower).map(|end| (end - 2, end)))
        .max_by_key(|(_, end)| *end)
}

/// Where the text after the last `head` begins. The head does not go on in a word, and no "no"
/// comes before it.
fn last_head(lower: &str, head: &str) -> Option<usize> {
    let mut scope = lower;
    for _ in 0..8 {
        let start = scope.rfind(head)?;
        let end = start + head.len();
        let before = &lower[..start];
        let goes_on = head.ends_with(|c: char| c.is_ascii_alphabetic())
            && lower[end..].starts_with(|c: char| c.is_ascii_alphanumeric());
        let within = head.is_ascii() && before.ends_with(|c: char| c.is_ascii_alphanumeric());
        let denied = before.ends_with(" no ") || before == "no ";
        if !(goes_on || within || denied) {
            return Some(end);
        }
        scope = before;
    }
    None
}

/// `A: 12` as a line of its own.
fn last_initial(lower: &str) -> Option<usize> {
    let line = lower.rfind("\na:").map(|at| at + 3);
    line.or_else(|| lower.starts_with("a:").then_some(2))
}

fn first_sentence(text: &str) -> &str {
    let end = [". ", "。", "! ", "; ", "<|"]
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
    fn a_text_may_announce_its_answer() {
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
        expect("3 + 4 = 7\nA: 7", "7", Rule::Phrase);
        expect("3 + 4 = <<3+4=7>>7\n#### 7", "7", Rule::Phrase);
        expect("No answer is here but 7", "7", Rule::LastNumber);
    }

    #[test]
    fn an_announced_sentence_is_searched_for_its_first_value() {
        expect("The answer is that he has 3 left of 8.", "3", Rule::Phrase);
        expect("The answer is the root $x=2$ of it", "x=2", Rule::Phrase);
        expect("Réponse: il doit 220 $ en 12 mois.", "220", Rule::Phrase);
        expect(
            "la réponse est (35 + 70 = 105).",
            "(35 + 70 = 105)",
            Rule::Phrase,
        );
        expect("the answer is $1$ or $2$.", "$1$ or $2$", Rule::Phrase);
        expect("The answer is Paris.", "Paris", Rule::Phrase);
    }
}
