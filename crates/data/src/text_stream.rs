//! Text from tokens as they come, whole characters at a time.
//!
//! A token of a byte-level vocabulary may end in the middle of a character: its bytes wait for the
//! rest. What comes out in the end is what [`Tokenizer::decode`] makes of all tokens at once.

use std::sync::Arc;

use crate::Tokenizer;

/// Turns the tokens of one text into that text, piece by piece.
#[derive(Debug, Clone)]
pub struct TextStream {
    tokenizer: Arc<Tokenizer>,
    /// Bytes that are no whole character yet, three at most.
    waiting: Vec<u8>,
}

impl TextStream {
    /// A text without tokens yet.
    pub fn new(tokenizer: Arc<Tokenizer>) -> Self {
        Self {
            tokenizer,
            waiting: Vec::new(),
        }
    }

    /// The same for another text.
    #[must_use]
    pub fn fresh(&self) -> Self {
        Self::new(Arc::clone(&self.tokenizer))
    }

    /// What `token` completes: possibly nothing, never part of a character. Bytes that can become
    /// no character are `U+FFFD`; special tokens say nothing.
    pub fn push(&mut self, token: u32) -> String {
        self.waiting.extend(self.tokenizer.token_bytes(token));
        let mut text = String::new();
        loop {
            match std::str::from_utf8(&self.waiting) {
                Ok(whole) => {
                    text.push_str(whole);
                    self.waiting.clear();
                    return text;
                }
                Err(error) => {
                    let (whole, rest) = self.waiting.split_at(error.valid_up_to());
                    text.push_str(&String::from_utf8_lossy(whole));
                    let Some(wrong) = error.error_len() else {
                        self.waiting = rest.to_vec();
                        return text;
                    };
                    text.push(char::REPLACEMENT_CHARACTER);
                    self.waiting = rest[wrong..].to_vec();
                }
            }
        }
    }

    /// What is left when the text ends: `U+FFFD` for an incomplete character, otherwise nothing.
    pub fn finish(&mut self) -> String {
        let text = String::from_utf8_lossy(&self.waiting).into_owned();
        self.waiting.clear();
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokenizer() -> Arc<Tokenizer> {
        let texts = (0..50).map(|i| format!("one, two and {i}: 七八 \u{e9}t\u{e9}"));
        Arc::new(Tokenizer::train(texts, 280).unwrap())
    }

    fn streamed(tokenizer: &Arc<Tokenizer>, tokens: &[u32]) -> (Vec<String>, String) {
        let mut stream = TextStream::new(Arc::clone(tokenizer));
        let pieces: Vec<String> = tokens.iter().map(|&token| stream.push(token)).collect();
        let all = pieces.concat() + &stream.finish();
        (pieces, all)
    }

    #[test]
    fn pieces_add_up_and_split_no_character() {
        let tokenizer = tokenizer();
        let text = "<think> été 七 鬱 👍🏽 naïve\n\t\0 </think> 12.5";
        let tokens = tokenizer.encode_text(text);
        let (pieces, all) = streamed(&tokenizer, &tokens);
        assert_eq!(all, text);
        assert_eq!(all, tokenizer.decode(&tokens));
        assert!(pieces.iter().all(|piece| !piece.contains('\u{fffd}')));
        assert!(
            pieces.iter().any(String::is_empty),
            "鬱 takes several tokens"
        );
    }

    #[test]
    fn bytes_without_a_character_are_replaced_as_decoding_does() {
        let tokenizer = tokenizer();
        let bytes = tokenizer.encode_text("鬱");
        let letter = tokenizer.encode_text("x")[0];
        for tokens in [
            vec![bytes[0], letter, bytes[1], letter],
            vec![bytes[0], bytes[1]],
            vec![bytes[2], bytes[2], bytes[0]],
            vec![tokenizer.pad, letter, tokenizer.end, 100_000],
        ] {
            assert_eq!(streamed(&tokenizer, &tokens).1, tokenizer.decode(&tokens));
        }
    }
}
