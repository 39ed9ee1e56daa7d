//! How hard a record says its problem is.

use crate::dataset::Row;

/// The column `level`: a number from 1, easy, medium or hard (1, 2, 3), or a text such as MATH's `Level 3` that
/// ends with one of these; where there is none, `difficulty` where it is one of the words; else 1.
pub(super) fn level(row: &Row) -> Result<u32, String> {
    let last = |column| {
        let text = row.text(column)?;
        text.split_whitespace().last().map(str::to_ascii_lowercase)
    };
    match row.get("level") {
        Some(level) => last("level")
            .and_then(|word| word.parse().ok().or_else(|| of_word(&word)))
            .filter(|level| *level > 0)
            .ok_or_else(|| format!("level {level} is no number from 1")),
        None => Ok(last("difficulty")
            .and_then(|word| of_word(&word))
            .unwrap_or(1)),
    }
}

fn of_word(word: &str) -> Option<u32> {
    match word {
        "easy" => Some(1),
        "medium" => Some(2),
        "hard" => Some(3),
        _ => None,
    }
}
