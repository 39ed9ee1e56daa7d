//! Where the four tags of the template stand in a text, and which characters can be seen.
//!
//! Tags are matched to the letter: `<Think>` or `<think >` is text.

use std::ops::Range;

/// One of the template's tags, numbered in the order in which the template has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tag {
    Think = 0,
    EndThink = 1,
    Answer = 2,
    EndAnswer = 3,
}

impl Tag {
    pub(crate) const ALL: [Self; 4] = [Self::Think, Self::EndThink, Self::Answer, Self::EndAnswer];

    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Think => "<think>",
            Self::EndThink => "</think>",
            Self::Answer => "<answer>",
            Self::EndAnswer => "</answer>",
        }
    }

    /// The closing tag of an opening one.
    fn close(self) -> Option<Self> {
        match self {
            Self::Think => Some(Self::EndThink),
            Self::Answer => Some(Self::EndAnswer),
            Self::EndThink | Self::EndAnswer => None,
        }
    }
}

/// A tag and the bytes it covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) tag: Tag,
    pub(crate) at: Range<usize>,
}

/// An opening tag directly followed, among the tags, by its closing one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block {
    /// The opening tag.
    pub(crate) tag: Tag,
    /// The bytes between the two tags.
    pub(crate) inner: Range<usize>,
}

impl Block {
    /// The bytes from the first of the opening tag to the last of the closing one.
    pub(crate) fn outer(&self) -> Range<usize> {
        let close = self.tag.close().map_or(0, |close| close.text().len());
        self.inner.start - self.tag.text().len()..self.inner.end + close
    }
}

/// All tags of `text`, in order.
pub(crate) fn marks(text: &str) -> Vec<Mark> {
    text.match_indices('<')
        .filter_map(|(start, _)| {
            let tag = Tag::ALL
                .into_iter()
                .find(|tag| text[start..].starts_with(tag.text()))?;
            Some(Mark {
                tag,
                at: start..start + tag.text().len(),
            })
        })
        .collect()
}

/// The blocks among `marks`. A tag that is no part of a block is a stray.
pub(crate) fn blocks(marks: &[Mark]) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut rest = marks;
    while let [first, tail @ ..] = rest {
        rest = tail;
        if let (Some(close), [second, after @ ..]) = (first.tag.close(), tail)
            && second.tag == close
        {
            blocks.push(Block {
                tag: first.tag,
                inner: first.at.end..second.at.start,
            });
            rest = after;
        }
    }
    blocks
}

/// Characters that take part in a text without being seen: the Unicode format characters and
/// fillers that render as nothing, and controls other than whitespace.
pub(crate) fn is_invisible(c: char) -> bool {
    (c.is_control() && !c.is_whitespace())
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether a reader sees anything of `text`.
pub(crate) fn is_seen(text: &str) -> bool {
    text.chars().any(|c| !c.is_whitespace() && !is_invisible(c))
}

/// Whether a reader sees a letter or a digit in `text`: no filler, no mark that only changes the
/// letter before it, nothing within a comment, an entity or a `\phantom`.
pub(crate) fn has_words(text: &str) -> bool {
    rendered(text)
        .chars()
        .any(|c| c.is_alphanumeric() && !is_invisible(c) && !is_mark(c))
}

/// `text` without HTML comments, `&name;` and `\phantom{…}`, which a reader does not see.
pub(crate) fn rendered(text: &str) -> String {
    let mut seen = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['<', '&', '\\']) {
        let (before, from) = rest.split_at(at);
        seen.push_str(before);
        let hidden = [("<!--", "-->"), ("\\phantom{", "}")]
            .into_iter()
            .find(|(open, _)| from.starts_with(open))
            .map(|(_, close)| from.find(close).map_or(from.len(), |end| end + close.len()));
        let length = hidden.or_else(|| entity(from)).unwrap_or(0);
        if length == 0 {
            seen.push_str(&from[..1]);
        }
        rest = &from[length.max(1)..];
    }
    seen + rest
}

/// The length of the blank entity that `text` begins with.
fn entity(text: &str) -> Option<usize> {
    const BLANKS: [&str; 7] = [
        "&nbsp;", "&ensp;", "&emsp;", "&thinsp;", "&zwnj;", "&zwj;", "&shy;",
    ];
    BLANKS
        .iter()
        .find(|blank| text.starts_with(**blank))
        .map(|blank| blank.len())
}

/// Whether `c` is a combining mark that stands alone as nothing.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_found_in_order_and_to_the_letter() {
        let text = "a<think>b</think><Answer><answer>c</answer >";
        let tags: Vec<Tag> = marks(text).iter().map(|mark| mark.tag).collect();
        assert_eq!(tags, [Tag::Think, Tag::EndThink, Tag::Answer]);
        let found = blocks(&marks(text));
        assert_eq!(found.len(), 1);
        assert_eq!(&text[found[0].inner.clone()], "b");
        assert_eq!(&text[found[0].outer()], "<think>b</think>");
    }

    #[test]
    fn nested_tags_leave_strays_around_the_inner_block() {
        let text = "<answer>1<answer>2</answer></answer>";
        let found = blocks(&marks(text));
        assert_eq!(found.len(), 1);
        assert_eq!(&text[found[0].inner.clone()], "2");
    }

    #[test]
    fn what_is_not_rendered_is_no_word() {
        for text in [
            "",
            "...",
            "\u{3164}\u{ffa0}",
            "\u{345}",
            "<!-- seven -->",
            "<!-- seven",
            "&nbsp;&zwj;",
            "\\phantom{seven}",
            "\u{2800}",
        ] {
            assert!(!has_words(text), "{text}");
        }
        for text in [
            "a",
            "<!-- a --> b",
            "七",
            "1",
            "AT&T",
            "a < b",
            "\\frac12",
            "&nbsp;x",
        ] {
            assert!(has_words(text), "{text}");
        }
    }

    #[test]
    fn zero_width_characters_are_not_seen() {
        assert!(!is_seen(" \n\u{200b}\u{feff}\u{2060}\u{3164}"));
        assert!(is_seen("\u{200b}七"));
    }
}
