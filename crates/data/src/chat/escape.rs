//! Keeps what a person wrote from being read as the template's own tokens.
//!
//! Before the template is rendered, each special token that occurs in a message is replaced by a
//! character of Unicode's second private plane; afterwards the text is cut at those characters and
//! what they stood for is spelled out. Everything between is encoded as one text, so that ordinary
//! messages get the tokens they always had.

use super::{Message, Role};

/// The first of the characters that stand for something.
const FIRST: u32 = 0x10_0000;

/// Messages whose special tokens are hidden.
#[derive(Debug)]
pub(crate) struct Escaped {
    /// The messages, ready to be rendered.
    pub(crate) messages: Vec<Message>,
    hidden: Hidden,
}

/// What the characters stand for, in their order.
#[derive(Debug)]
struct Hidden(Vec<String>);

/// A part of a rendered conversation.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part<'a> {
    /// The template's text and ordinary messages: added tokens are recognised.
    Template(&'a str),
    /// To be spelled out.
    Plain(&'a str),
}

impl Escaped {
    /// Hides special tokens wherever they occur in `messages`, and tags except in what the model
    /// said.
    pub(crate) fn new(messages: &[Message], special: &[String], tags: &[String]) -> Self {
        let mut hidden = Hidden(Vec::new());
        let messages = messages
            .iter()
            .map(|message| {
                let tags = match message.role {
                    Role::Assistant => &[],
                    Role::System | Role::User => tags,
                };
                let mut tokens: Vec<&String> = special.iter().chain(tags).collect();
                // One may contain another.
                tokens.sort_by_key(|token| std::cmp::Reverse(token.len()));
                Message {
                    role: message.role,
                    content: hidden.hide(&message.content, &tokens),
                }
            })
            .collect();
        Self { messages, hidden }
    }

    /// The parts of the rendered text.
    pub(crate) fn parts<'a>(&'a self, rendered: &'a str) -> Vec<Part<'a>> {
        let mut parts = Vec::new();
        let mut rest = rendered;
        while let Some(at) = rest.find(|c: char| c as u32 >= FIRST) {
            let (before, from) = rest.split_at(at);
            let mut chars = from.chars();
            let mark = chars.next().unwrap_or_default();
            if !before.is_empty() {
                parts.push(Part::Template(before));
            }
            let hidden = self.hidden.0.get((mark as u32 - FIRST) as usize);
            parts.push(Part::Plain(hidden.map_or("", String::as_str)));
            rest = chars.as_str();
        }
        if !rest.is_empty() {
            parts.push(Part::Template(rest));
        }
        parts
    }
}

impl Hidden {
    fn hide(&mut self, content: &str, tokens: &[&String]) -> String {
        // Characters of the plane itself stand for themselves.
        let own = |c: char| c as u32 >= FIRST;
        let mut content: String = content
            .chars()
            .map(|c| if own(c) { self.mark(&c.to_string()) } else { c })
            .collect();
        for token in tokens {
            if content.contains(token.as_str()) {
                content = content.replace(token.as_str(), &self.mark(token).to_string());
            }
        }
        content
    }

    fn mark(&mut self, token: &str) -> char {
        let known = self.0.iter().position(|hidden| hidden == token);
        let place = known.unwrap_or_else(|| {
            self.0.push(token.to_owned());
            self.0.len() - 1
        });
        // The plane has room for all of its own characters and a thousand tokens less; past it, the
        // text says that something is missing.
        char::from_u32(FIRST + place as u32).unwrap_or(char::REPLACEMENT_CHARACTER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_comes_back_plain() {
        let tokens = ["<|end|>".to_owned(), "<|".to_owned()];
        let messages = [Message::user("a <|end|> b <| \u{100001}")];
        let escaped = Escaped::new(&messages, &tokens, &[]);
        let content = &escaped.messages[0].content;
        assert!(!content.contains("<|"));
        assert_eq!(
            escaped.parts(content),
            [
                Part::Template("a "),
                Part::Plain("<|end|>"),
                Part::Template(" b "),
                Part::Plain("<|"),
                Part::Template(" "),
                Part::Plain("\u{100001}"),
            ]
        );
    }

    #[test]
    fn the_model_may_have_used_tags() {
        let messages = [Message::user("<t>"), Message::assistant("<t><s>")];
        let escaped = Escaped::new(&messages, &["<s>".to_owned()], &["<t>".to_owned()]);
        assert_eq!(escaped.messages[0].content, "\u{100000}");
        assert_eq!(escaped.messages[1].content, "<t>\u{100001}");
    }

    #[test]
    fn ordinary_text_is_one_part() {
        let escaped = Escaped::new(&[Message::user("2 + 2?")], &["<|end|>".to_owned()], &[]);
        assert_eq!(
            escaped.parts("<|user|>2 + 2?<|end|>"),
            [Part::Template("<|user|>2 + 2?<|end|>")]
        );
    }
}
