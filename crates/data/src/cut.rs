//! Text up to the first of some strings, whole or as it comes.

use std::sync::Arc;

/// What stands before the first of `strings` in a text.
pub fn before<'a>(text: &'a str, strings: &[String]) -> &'a str {
    let first = strings.iter().filter_map(|stop| text.find(stop)).min();
    &text[..first.unwrap_or(text.len())]
}

/// [`before`] of a text that is still being written.
#[derive(Debug)]
pub struct Cut {
    strings: Arc<[String]>,
    /// Text in which one of them may have begun.
    held: String,
    found: bool,
}

impl Cut {
    /// Nothing of a text. None of `strings` is empty.
    pub fn new(strings: impl Into<Arc<[String]>>) -> Self {
        Self {
            strings: strings.into(),
            held: String::new(),
            found: false,
        }
    }

    /// Whether one of the strings has come.
    pub fn found(&self) -> bool {
        self.found
    }

    /// Takes the next text and returns what certainly stands before them all.
    pub fn push(&mut self, text: &str) -> String {
        if self.found {
            return String::new();
        }
        self.held.push_str(text);
        let settled = before(&self.held, &self.strings).len();
        self.found = settled < self.held.len();
        if self.found {
            self.held.truncate(settled);
            return std::mem::take(&mut self.held);
        }
        let begun = |at: &usize| {
            let end = &self.held[*at..];
            self.strings.iter().any(|stop| stop.starts_with(end))
        };
        let places = self.held.char_indices().map(|(at, _)| at);
        let settled = { places }.find(begun).unwrap_or(self.held.len());
        self.held.drain(..settled).collect()
    }

    /// What is left when the text ends.
    pub fn finish(&mut self) -> String {
        std::mem::take(&mut self.held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(all: &[&str]) -> Arc<[String]> {
        all.iter().map(|&one| one.into()).collect()
    }

    #[test]
    fn the_first_in_the_text_cuts() {
        let stops = strings(&["STOP", "\n\n"]);
        assert_eq!(before("a\n\nb STOP", &stops), "a");
        assert_eq!(before("a STOP\n\n", &stops), "a ");
        assert_eq!(before("a ST\nOP", &stops), "a ST\nOP");
        assert_eq!(before("七八", &strings(&["八"])), "七");
    }

    #[test]
    fn what_may_become_a_string_is_held_back() {
        let stops = strings(&["STOP", "七八"]);
        let mut cut = Cut::new(Arc::clone(&stops));
        assert_eq!(cut.push("a ST"), "a ");
        assert_eq!(cut.push("AY S"), "STAY ");
        assert_eq!(cut.push("S七"), "SS");
        assert!(!cut.found());
        assert_eq!(cut.push("九 S"), "七九 ");
        assert_eq!(cut.push("TOP b"), "");
        assert!(cut.found());
        assert_eq!(
            (cut.push("c"), cut.finish()),
            (String::new(), String::new())
        );
        let mut cut = Cut::new(Arc::clone(&stops));
        assert_eq!(cut.push("it ST"), "it ");
        assert_eq!(cut.finish(), "ST");
    }

    #[test]
    fn whole_or_in_pieces_it_is_the_same() {
        let stops = strings(&["aab", "ba"]);
        for text in ["aaab", "aabba", "cacaab", "abab", "aaa"] {
            let mut cut = Cut::new(Arc::clone(&stops));
            let pieces = text.chars().map(|letter| cut.push(&letter.to_string()));
            let said = pieces.collect::<String>() + &cut.finish();
            assert_eq!(said, before(text, &stops), "{text}");
        }
    }
}
