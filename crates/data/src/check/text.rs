//! The forms of an answer that mean the same.

/// The answer with full-width characters made ASCII, without surrounding space, mathematics
/// and emphasis marks, and closing periods.
pub fn normal(answer: &str) -> String {
    let narrow: String = answer.chars().map(narrow).collect();
    let marks = |c: char| c.is_whitespace() || matches!(c, '$' | '`');
    let mut text = narrow.trim_matches(marks);
    while let Some(inner) = text.strip_prefix("**").and_then(|t| t.strip_suffix("**")) {
        text = inner;
    }
    text.trim_end_matches(|c: char| marks(c) || c == '.')
        .to_owned()
}

fn narrow(c: char) -> char {
    match c {
        '。' => '.',
        '×' | '·' => '*',
        '÷' => '/',
        '−' | '–' => '-',
        '\u{3000}' | '\u{a0}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(c as u32 - 0xff01 + 0x21).expect("the block mirrors ASCII")
        }
        other => other,
    }
}

/// The value in `x = value`; the whole text when it has no such form.
pub(super) fn without_name(text: &str) -> &str {
    match text.split_once('=') {
        Some((name, value)) if name.trim().chars().all(|c| c.is_ascii_alphabetic()) => value.trim(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_answers_become_equal_texts() {
        for (given, wanted) in [
            (" 14. ", "14"),
            ("１４。", "14"),
            ("$14$", "14"),
            ("**Tom**.", "**Tom**"),
            ("**Tom**", "Tom"),
            ("３×（４－１）", "3*(4-1)"),
            ("****", ""),
            ("", ""),
        ] {
            assert_eq!(normal(given), wanted);
        }
        assert_eq!(without_name("x = 5"), "5");
        assert_eq!(without_name("3 = 5"), "3 = 5");
    }
}
