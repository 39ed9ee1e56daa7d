//! Sentences, and the clauses and words within them.

use std::ops::Range;

/// The places of the sentences of a text that have a letter or digit. A sentence ends at a line's end,
/// at full stops and the like; the point in `3.5` ends none.
pub(super) fn sentences(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|&(_, next)| next);
        let ends = match c {
            '\n' | '。' | '！' | '？' | '；' => true,
            '.' | '!' | '?' | ';' => next.is_none_or(|c| c.is_whitespace() || "\"”)*".contains(c)),
            _ => false,
        };
        if ends || next.is_none() {
            let end = at + c.len_utf8();
            if text[from..end].contains(char::is_alphanumeric) {
                found.push(from..end);
            }
            from = end;
        }
    }
    found
}

/// The clauses of a sentence: lower-case words, and whether a mark rather than the end of the text
/// follows them. Hyphens part words, apostrophes do not.
pub(super) fn clauses(sentence: &str) -> Vec<Vec<String>> {
    let mark = |c: char| ",;:.!?，、；：。！？—–…()（）\"“”*".contains(c);
    let inside = |word: &str| word.replace('’', "'").to_lowercase();
    let dashed = sentence
        .replace(" - ", ", ")
        .replace("--", ", ")
        .replace("...", "…");
    dashed
        .split(mark)
        .map(|clause| {
            let parts = clause.split(|c: char| !(c.is_alphanumeric() || "'’".contains(c)));
            let words = parts.map(|word| word.trim_matches(['\'', '’']));
            words.filter(|word| !word.is_empty()).map(inside).collect()
        })
        .filter(|clause: &Vec<String>| !clause.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_at_marks_and_lines() {
        let text = "Is 3.5 it? Yes.\n\n不对。等等！ So—no";
        let found: Vec<&str> = sentences(text)
            .into_iter()
            .map(|at| text[at].trim())
            .collect();
        assert_eq!(found, ["Is 3.5 it?", "Yes.", "不对。", "等等！", "So—no"]);
        assert!(sentences(" ... \n").is_empty());
    }

    #[test]
    fn clauses_are_words_between_marks() {
        let found = clauses("Wait, that’s - hmm - double-checked.");
        assert_eq!(
            found,
            [
                vec!["wait"],
                vec!["that's"],
                vec!["hmm"],
                vec!["double", "checked"]
            ]
        );
    }
}
