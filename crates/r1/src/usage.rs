//! The error of someone who asked for something that does not exist, apart from all others.

use thiserror::Error;

/// A wrong argument: the run has not begun, and the message says what to write instead.
///
/// The binary exits with 2 for this error and with 1 for every other.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct UsageError(pub String);

/// The candidate most like `word`, or `None` where none is even half alike.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| {
            (
                strsim::normalized_damerau_levenshtein(word, candidate),
                candidate,
            )
        })
        .filter(|(likeness, _)| *likeness >= 0.5)
        // The first of equals wins, so the answer follows the order of the candidates.
        .reduce(|best, next| if next.0 > best.0 { next } else { best })
        .map(|(_, candidate)| candidate)
}

/// "`word` is unknown" with the nearest candidate, or all of them where none is near.
pub(crate) fn unknown(what: &str, word: &str, candidates: &[&str]) -> UsageError {
    UsageError(match nearest(word, candidates.iter().copied()) {
        Some(near) => format!(
            "there is no {what} `{word}`; did you mean `{near}`? There are: {}",
            candidates.join(", ")
        ),
        None => format!(
            "there is no {what} `{word}`; there are: {}",
            candidates.join(", ")
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_its_word() {
        assert_eq!(nearest("tinny", ["smoke", "tiny", "small"]), Some("tiny"));
        assert_eq!(
            nearest("zero.stpes", ["zero.steps", "base.steps"]),
            Some("zero.steps")
        );
        assert_eq!(nearest("xylophone", ["smoke", "tiny"]), None);
    }

    #[test]
    fn the_message_lists_the_choices() {
        let error = unknown("preset", "smal", &["tiny", "small"]).to_string();
        assert_eq!(
            error,
            "there is no preset `smal`; did you mean `small`? There are: tiny, small"
        );
    }
}
