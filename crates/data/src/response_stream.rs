//! The text of one response as its tokens come.

use std::sync::Arc;

use crate::reasoning::{Piece, ReasoningStream};
use crate::{Cut, TextStream, Tokenizer};

/// Turns tokens into pieces of text that can be shown: whole characters, nothing of a stop string,
/// reasoning apart from the answer.
#[derive(Debug)]
pub struct ResponseStream {
    text: TextStream,
    cut: Cut,
    /// `None` where reasoning and answer stay together.
    reasoning: Option<ReasoningStream>,
}

impl ResponseStream {
    /// A response nothing of which has come, that ends before any of `stops`. Without `reasoning`
    /// its text stays together and comes as an answer.
    pub fn new(
        tokenizer: &Arc<Tokenizer>,
        stops: impl Into<Arc<[String]>>,
        reasoning: Option<ReasoningStream>,
    ) -> Self {
        Self {
            text: TextStream::new(Arc::clone(tokenizer)),
            cut: Cut::new(stops),
            reasoning,
        }
    }

    /// What the next token settles.
    pub fn push(&mut self, token: u32) -> Vec<Piece> {
        let text = self.text.push(token);
        let text = self.cut.push(&text);
        self.part(&text)
    }

    /// Whether the reasoning is under way.
    pub fn is_reasoning(&self) -> bool {
        self.reasoning
            .as_ref()
            .is_some_and(ReasoningStream::is_reasoning)
    }

    /// Whether one of the stop strings has come.
    pub fn is_cut(&self) -> bool {
        self.cut.found()
    }

    /// What is left at the end.
    pub fn finish(&mut self) -> Vec<Piece> {
        let mut text = self.cut.push(&self.text.finish());
        text += &self.cut.finish();
        let mut pieces = self.part(&text);
        if let Some(reasoning) = &mut self.reasoning {
            pieces.extend(reasoning.finish());
        }
        pieces
    }

    fn part(&mut self, text: &str) -> Vec<Piece> {
        match &mut self.reasoning {
            _ if text.is_empty() => Vec::new(),
            Some(reasoning) => reasoning.push(text),
            None => vec![Piece::Answer(text.to_owned())],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokenizer() -> Arc<Tokenizer> {
        let texts = (0..50).map(|i| format!("one, two and {i}: 七八"));
        Arc::new(Tokenizer::train(texts, 280).unwrap())
    }

    fn said(text: &str, stops: &[&str], reasoning: bool) -> Vec<Piece> {
        let tokenizer = tokenizer();
        let stops: Arc<[String]> = stops.iter().map(|&stop| stop.to_owned()).collect();
        let reasoning = reasoning.then(|| ReasoningStream::new(false));
        let mut stream = ResponseStream::new(&tokenizer, stops, reasoning);
        let tokens = tokenizer.encode_text(text);
        let mut pieces: Vec<Piece> = tokens.iter().flat_map(|&t| stream.push(t)).collect();
        pieces.extend(stream.finish());
        pieces
    }

    fn joined(pieces: &[Piece]) -> (String, String) {
        let (mut reasoning, mut answer) = (String::new(), String::new());
        for piece in pieces {
            match piece {
                Piece::Reasoning(text) => reasoning.push_str(text),
                Piece::Answer(text) => answer.push_str(text),
            }
        }
        (reasoning, answer)
    }

    #[test]
    fn a_stop_string_is_never_said() {
        let answer = |text: &str, stops: &[&str]| joined(&said(text, stops, false)).1;
        assert_eq!(answer("one STOP two", &["STOP"]), "one ");
        assert_eq!(answer("one STO two", &["STOP"]), "one STO two");
        assert_eq!(answer("one STO", &["STOP"]), "one STO");
        assert_eq!(answer("a 七八 b", &["八", "b"]), "a 七");
        assert_eq!(answer(" as it is\n", &[]), " as it is\n");
    }

    #[test]
    fn reasoning_comes_apart() {
        let pieces = said(
            "<think>\none\n</think>\n<answer>2</answer> END",
            &["END"],
            true,
        );
        assert_eq!(joined(&pieces), ("one".into(), "2".into()));
        assert!(pieces.len() > 1);
    }
}
