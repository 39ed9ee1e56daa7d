//! Ending a response by what it says.

use std::fmt;
use std::sync::Arc;

use data::{TextStream, Tokenizer};

/// Hears the tokens of one response and says when it ends.
pub trait Stop: fmt::Debug + Send + Sync {
    /// One for another response, that has heard nothing.
    fn fresh(&self) -> Box<dyn Stop>;

    /// Hears the next token; true ends the response with it.
    fn push(&mut self, token: u32) -> bool;
}

/// Ends a response whose text contains one of some strings.
///
/// The text is that of [`TextStream`]: a string is seen once its last character is complete,
/// wherever tokens begin and end.
#[derive(Debug)]
pub struct StopStrings {
    strings: Arc<[String]>,
    text: TextStream,
    /// The end of the text so far, in which a string may have begun.
    tail: String,
}

impl StopStrings {
    /// Ends at any of `strings`; empty ones are ignored.
    pub fn new(tokenizer: &Arc<Tokenizer>, strings: &[String]) -> Self {
        let strings = strings.iter().filter(|string| !string.is_empty());
        Self {
            strings: strings.cloned().collect(),
            text: TextStream::new(Arc::clone(tokenizer)),
            tail: String::new(),
        }
    }
}

impl Stop for StopStrings {
    fn fresh(&self) -> Box<dyn Stop> {
        Box::new(Self {
            strings: Arc::clone(&self.strings),
            text: self.text.fresh(),
            tail: String::new(),
        })
    }

    fn push(&mut self, token: u32) -> bool {
        self.tail.push_str(&self.text.push(token));
        if self.strings.iter().any(|stop| self.tail.contains(stop)) {
            return true;
        }
        let longest = self.strings.iter().map(String::len).max().unwrap_or(0);
        let mut cut = self.tail.len().saturating_sub(longest.saturating_sub(1));
        while !self.tail.is_char_boundary(cut) {
            cut -= 1;
        }
        self.tail.drain(..cut);
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokenizer() -> Arc<Tokenizer> {
        let texts = (0..50).map(|i| format!("one, two and {i}: 七八"));
        Arc::new(Tokenizer::train(texts, 280).unwrap())
    }

    /// How many tokens of `text` are heard until the end.
    fn heard(strings: &[&str], text: &str) -> Option<usize> {
        let tokenizer = tokenizer();
        let strings: Vec<String> = strings.iter().map(|&s| s.into()).collect();
        let mut stop = StopStrings::new(&tokenizer, &strings).fresh();
        let tokens = tokenizer.encode_text(text);
        tokens.iter().position(|&token| stop.push(token))
    }

    #[test]
    fn a_string_is_found_across_tokens() {
        let text = "abc\n\ndef STOP ghi";
        let tokens = |text: &str| tokenizer().encode_text(text).len();
        assert_eq!(heard(&["STOP"], text), Some(tokens("abc\n\ndef STOP") - 1));
        assert_eq!(
            heard(&["zzz", "c\n\nd"], text),
            Some(tokens("abc\n\nd") - 1)
        );
        assert_eq!(heard(&["", "stop"], text), None);
    }

    #[test]
    fn a_character_of_several_tokens_is_found_when_complete() {
        let text = "x 鬱y";
        let bytes = tokenizer().encode_text("x 鬱").len();
        assert!(bytes > 3, "the character is in no merge: a token a byte");
        assert_eq!(heard(&["鬱"], text), Some(bytes - 1));
    }

    #[test]
    fn a_fresh_one_has_heard_nothing() {
        let tokenizer = tokenizer();
        let mut first = StopStrings::new(&tokenizer, &["ab".into()]);
        let [a, b] = ["a", "b"].map(|text| tokenizer.encode_text(text)[0]);
        assert!(!first.push(a));
        assert!(!first.fresh().push(b));
        assert!(first.push(b));
    }
}
