//! The reasoning and the answer of a response, also while it is still being written.
//!
//! The reasoning is what stands between `<think>`, where the response or its prompt begins with it,
//! and the first `</think>`; the answer is the rest, without the tags of an answer block. Both are
//! trimmed. Left out: whether the template was kept, which is `template::parse`'s to say.

use crate::template::{ANSWER, ANSWER_END, THINK, THINK_END};

/// A piece of a response; neighbours of one kind belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Of the reasoning.
    Reasoning(String),
    /// Of the answer.
    Answer(String),
}

/// The parts of a response, put together from its pieces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parts {
    /// The reasoning, where there is any.
    pub reasoning: Option<String>,
    /// The answer.
    pub answer: String,
}

impl Parts {
    /// Adds what came next.
    pub fn extend(&mut self, pieces: &[Piece]) {
        for piece in pieces {
            match piece {
                Piece::Reasoning(text) => self.reasoning.get_or_insert_default().push_str(text),
                Piece::Answer(text) => self.answer.push_str(text),
            }
        }
    }
}

/// Splits one response as it comes.
#[derive(Debug, Clone)]
pub struct ReasoningStream {
    place: Place,
    /// Text that may be part of a tag, or white space that may be the last.
    held: String,
    /// Whether the current part has text already.
    begun: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Start,
    Reasoning,
    Answer,
}

impl ReasoningStream {
    /// A response nothing of which has come. `open` if its prompt ends in `<think>`.
    pub fn new(open: bool) -> Self {
        Self {
            place: if open { Place::Reasoning } else { Place::Start },
            held: String::new(),
            begun: false,
        }
    }

    /// Whether what comes next belongs to the reasoning.
    pub fn is_reasoning(&self) -> bool {
        self.place == Place::Reasoning
    }

    /// Takes the next text and returns what is settled by it.
    pub fn push(&mut self, text: &str) -> Vec<Piece> {
        self.held.push_str(text);
        let mut pieces = Vec::new();
        while self.advance(&mut pieces) {}
        pieces
    }

    /// What is left when the response ends.
    pub fn finish(&mut self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        if self.place == Place::Start {
            self.place = Place::Answer;
        }
        while self.advance(&mut pieces) {}
        let rest = std::mem::take(&mut self.held);
        self.say(rest.trim_end(), &mut pieces);
        pieces
    }

    /// Settles what it can up to the next tag; true if it has passed one.
    fn advance(&mut self, pieces: &mut Vec<Piece>) -> bool {
        let tags: &[&str] = match self.place {
            Place::Start => return self.start(),
            Place::Reasoning => &[THINK_END],
            Place::Answer => &[ANSWER, ANSWER_END],
        };
        let first = tags
            .iter()
            .filter_map(|tag| Some((self.held.find(tag)?, tag.len())))
            .min();
        let Some((at, length)) = first else {
            let settled = self.held.len() - unsettled(&self.held, tags);
            let text: String = self.held.drain(..settled).collect();
            self.say(&text, pieces);
            return false;
        };
        let before: String = self.held.drain(..at + length).collect();
        let text = before[..at].trim_end();
        self.say(text, pieces);
        if self.place == Place::Reasoning {
            self.place = Place::Answer;
            self.begun = false;
        } else {
            self.held.insert_str(0, &before[text.len()..at]);
        }
        true
    }

    /// Whether the response begins with `<think>`, once that can be told.
    fn start(&mut self) -> bool {
        let text = self.held.trim_start();
        self.place = if let Some(rest) = text.strip_prefix(THINK) {
            self.held = rest.to_owned();
            Place::Reasoning
        } else if THINK.starts_with(text) {
            return false;
        } else {
            Place::Answer
        };
        true
    }

    fn say(&mut self, text: &str, pieces: &mut Vec<Piece>) {
        let text = if self.begun { text } else { text.trim_start() };
        if text.is_empty() {
            return;
        }
        self.begun = true;
        pieces.push(match self.place {
            Place::Reasoning => Piece::Reasoning(text.to_owned()),
            Place::Start | Place::Answer => Piece::Answer(text.to_owned()),
        });
    }
}

/// The length of the end of `text` that could still turn out to be white space at the end, or the
/// beginning of one of `tags`.
fn unsettled(text: &str, tags: &[&str]) -> usize {
    let tag = (1..tags.iter().map(|tag| tag.len()).max().unwrap_or(0))
        .rev()
        .find(|&length| {
            let cut = text.len().checked_sub(length);
            cut.and_then(|cut| text.get(cut..))
                .is_some_and(|end| tags.iter().any(|tag| tag.starts_with(end)))
        })
        .unwrap_or(0);
    let before = &text[..text.len() - tag];
    text.len() - before.trim_end().len()
}

/// The reasoning, where there is any, and the answer of a whole response. `open` if its prompt
/// ends in `<think>`.
///
/// ```
/// let response = "<think>\n7 + 7 = 14.\n</think>\n<answer>14</answer>";
/// let (reasoning, answer) = data::reasoning::split(response, false);
/// assert_eq!((reasoning.as_deref(), answer.as_str()), (Some("7 + 7 = 14."), "14"));
/// ```
pub fn split(response: &str, open: bool) -> (Option<String>, String) {
    let mut stream = ReasoningStream::new(open);
    let mut pieces = stream.push(response);
    pieces.extend(stream.finish());
    let mut parts = Parts::default();
    parts.extend(&pieces);
    (parts.reasoning, parts.answer)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parts(response: &str) -> (Option<String>, String) {
        split(response, false)
    }

    #[test]
    fn the_tags_part_a_response() {
        let of = |reasoning: &str, answer: &str| (Some(reasoning.to_owned()), answer.to_owned());
        assert_eq!(parts(" <think> a\nb </think> c "), of("a\nb", "c"));
        assert_eq!(split("a</think>\n\nc", true), of("a", "c"));
        assert_eq!(parts("<think>a"), of("a", ""));
        assert_eq!(
            parts("<think>a</think>so <answer>4</answer>."),
            of("a", "so 4.")
        );
        assert_eq!(parts("4 < 5 <b>"), (None, "4 < 5 <b>".into()));
        assert_eq!(
            parts("so <think>a</think>"),
            (None, "so <think>a</think>".into())
        );
        assert_eq!(parts("<thi"), (None, "<thi".into()));
        assert_eq!(parts(""), (None, String::new()));
    }

    #[test]
    fn text_comes_as_soon_as_it_is_settled() {
        let mut stream = ReasoningStream::new(false);
        let reasoning = |text: &str| vec![Piece::Reasoning(text.into())];
        assert_eq!(stream.push("<think"), []);
        assert_eq!(stream.push(">one "), reasoning("one"));
        assert_eq!(stream.push("two </th"), reasoning(" two"));
        assert_eq!(stream.push("ree"), reasoning(" </three"));
        assert_eq!(stream.push("</think>\n"), []);
        assert_eq!(stream.push("4"), [Piece::Answer("4".into())]);
        assert_eq!(stream.finish(), []);
    }

    proptest! {
        #[test]
        fn however_it_is_cut_it_says_the_same(
            picks in prop::collection::vec(0..9usize, 0..12),
            cuts in prop::collection::vec(0..40usize, 0..6),
            open: bool,
        ) {
            let words = ["<think>", "</think>", "<answer>", "</answer>", " ", "\n", "字", "a", "<"];
            let text: String = picks.iter().map(|&pick| words[pick]).collect();
            let mut stream = ReasoningStream::new(open);
            let (mut pieces, mut rest) = (Vec::new(), text.as_str());
            for cut in cuts {
                let cut = (0..=cut.min(rest.len())).rev().find(|&at| rest.is_char_boundary(at));
                let (now, later) = rest.split_at(cut.unwrap());
                pieces.extend(stream.push(now));
                rest = later;
            }
            pieces.extend(stream.push(rest));
            pieces.extend(stream.finish());
            let (reasoning, answer) = split(&text, open);
            let joined = |is_reasoning: bool| -> String {
                let of = |piece: &Piece| match piece {
                    Piece::Reasoning(text) => is_reasoning.then(|| text.clone()),
                    Piece::Answer(text) => (!is_reasoning).then(|| text.clone()),
                };
                pieces.iter().filter_map(of).collect()
            };
            prop_assert_eq!(joined(true), reasoning.unwrap_or_default());
            prop_assert_eq!(joined(false), answer);
        }
    }
}
