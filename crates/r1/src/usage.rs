//! The error of someone who asked for something that does not exist, apart from all others.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use anyhow::Context;
use thiserror::Error;

/// A wrong argument: the run has not begun, and the message says what to write instead.
///
/// The binary exits with 2 for this error and with 1 for every other.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct UsageError(pub String);

/// Whether a file can be read from: the name of a folder or of nothing is a wrong argument.
///
/// A pipe can, such as `/dev/stdin`.
pub(crate) fn readable(file: &Path) -> Result<(), UsageError> {
    let refuse = |why: &str| Err(UsageError(format!("{why} {}", file.display())));
    match file.metadata() {
        Ok(about) if about.is_dir() => refuse("give a file in place of the folder"),
        Ok(_) => Ok(()),
        Err(_) => refuse("there is no file"),
    }
}

/// Opens a file that is [`readable`].
pub(crate) fn open(file: &Path) -> anyhow::Result<BufReader<File>> {
    readable(file)?;
    let opened = File::open(file).with_context(|| format!("cannot open {}", file.display()))?;
    Ok(BufReader::new(opened))
}

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
    fn a_file_and_a_device_can_be_read_and_a_folder_cannot() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("problems.jsonl");
        assert!(
            readable(&file)
                .unwrap_err()
                .0
                .starts_with("there is no file")
        );
        std::fs::write(&file, "").unwrap();
        assert_eq!(readable(&file), Ok(()));
        assert!(readable(dir.path()).unwrap_err().0.contains("folder"));
        assert_eq!(readable(Path::new("/dev/null")), Ok(()));
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
