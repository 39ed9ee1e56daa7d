//! Where a conversation is shown: a terminal, or a file or pipe.
//!
//! On a terminal the reasoning is dim, or folded into one line that counts its tokens. Elsewhere, and
//! where `NO_COLOR` is set, nothing but text is written and the reasoning stands between its tags;
//! folded, it is left out. Replies go to `out`, all else to `notes`.

use std::io::{self, Write};

use data::reasoning::Piece;
use data::template::{THINK, THINK_END};

const DIM: &str = "\x1b[2m";
const PLAIN: &str = "\x1b[0m";

/// What the place understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// Text.
    Plain,
    /// Text in a line that can be written over, and escape sequences if `colour`.
    Terminal {
        /// Whether `NO_COLOR` is not set.
        colour: bool,
    },
}

/// Writing failed: nothing more can be shown.
#[derive(Debug, thiserror::Error)]
#[error("cannot write: {0}")]
pub(super) struct Broken(#[from] pub(super) io::Error);

/// The part of a reply that was shown last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Nothing,
    Reasoning,
    Answer,
}

/// Shows replies as they come.
pub(super) struct Screen<'a> {
    out: &'a mut dyn Write,
    notes: &'a mut dyn Write,
    style: Style,
    /// Whether the reasoning is folded.
    pub(super) fold: bool,
    part: Part,
    /// Tokens of the reply when its reasoning was last heard of.
    thought: usize,
}

impl<'a> Screen<'a> {
    pub(super) fn new(
        out: &'a mut dyn Write,
        notes: &'a mut dyn Write,
        style: Style,
        fold: bool,
    ) -> Self {
        Self {
            out,
            notes,
            style,
            fold,
            part: Part::Nothing,
            thought: 0,
        }
    }

    pub(super) fn is_terminal(&self) -> bool {
        self.style != Style::Plain
    }

    /// A line beside the conversation.
    pub(super) fn note(&mut self, text: &str) -> Result<(), Broken> {
        let text = self.dim(text);
        writeln!(self.notes, "{text}")?;
        Ok(self.notes.flush()?)
    }

    /// Something that went wrong.
    pub(super) fn error(&mut self, text: &str) -> Result<(), Broken> {
        writeln!(self.notes, "error: {text}")?;
        Ok(self.notes.flush()?)
    }

    /// The next pieces of a reply, which has `tokens` tokens with them.
    pub(super) fn hear(&mut self, pieces: &[Piece], tokens: usize) -> Result<(), Broken> {
        for piece in pieces {
            match piece {
                Piece::Reasoning(text) => {
                    if self.part == Part::Nothing {
                        self.part = Part::Reasoning;
                        self.open()?;
                    }
                    if !self.fold {
                        self.say(text)?;
                    }
                }
                Piece::Answer(text) => {
                    if self.part == Part::Reasoning {
                        self.close("\n")?;
                    }
                    self.part = Part::Answer;
                    self.say(text)?;
                }
            }
        }
        if self.part == Part::Reasoning {
            self.thought = tokens;
            if self.fold && self.is_terminal() {
                let line = self.dim(&format!("thinking … {tokens} tokens"));
                write!(self.out, "\r{line}")?;
            }
        }
        Ok(self.out.flush()?)
    }

    /// The reply has ended.
    pub(super) fn end(&mut self) -> Result<(), Broken> {
        match self.part {
            Part::Reasoning => self.close("")?,
            Part::Answer | Part::Nothing => writeln!(self.out)?,
        }
        self.part = Part::Nothing;
        Ok(self.out.flush()?)
    }

    /// A reasoning by itself.
    pub(super) fn reasoning(&mut self, text: &str) -> Result<(), Broken> {
        let fold = std::mem::replace(&mut self.fold, false);
        let shown = self.hear(&[Piece::Reasoning(text.to_owned())], 0);
        let ended = self.end();
        self.fold = fold;
        shown.and(ended)
    }

    fn open(&mut self) -> Result<(), Broken> {
        match (self.fold, self.style) {
            (true, _) => {}
            (false, Style::Terminal { colour: true }) => write!(self.out, "{DIM}")?,
            (false, _) => writeln!(self.out, "{THINK}")?,
        }
        Ok(())
    }

    /// Ends the reasoning and its line, with `space` where anything was shown of it.
    fn close(&mut self, space: &str) -> Result<(), Broken> {
        match (self.fold, self.style) {
            (true, Style::Plain) if space.is_empty() => writeln!(self.out)?,
            (true, Style::Plain) => {}
            (true, _) => {
                let count = self.thought;
                let line = self.dim(&format!("thought for {count} tokens; /think shows them"));
                writeln!(self.out, "\r{line}")?;
            }
            (false, Style::Terminal { colour: true }) => write!(self.out, "{PLAIN}\n{space}")?,
            (false, _) => write!(self.out, "\n{THINK_END}\n{space}")?,
        }
        Ok(())
    }

    /// What the model says cannot steer the terminal.
    fn say(&mut self, text: &str) -> Result<(), Broken> {
        let harmless = |letter: char| match letter {
            '\n' | '\t' => letter,
            _ if letter.is_control() => char::REPLACEMENT_CHARACTER,
            _ => letter,
        };
        if self.is_terminal() {
            let text: String = text.chars().map(harmless).collect();
            return Ok(write!(self.out, "{text}")?);
        }
        Ok(write!(self.out, "{text}")?)
    }

    fn dim(&self, text: &str) -> String {
        match self.style {
            Style::Terminal { colour: true } => format!("{DIM}{text}{PLAIN}"),
            _ => text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a reply looks like, piece by piece.
    fn shown(style: Style, fold: bool, pieces: &[Piece]) -> String {
        let (mut out, mut notes) = (Vec::new(), Vec::new());
        let mut screen = Screen::new(&mut out, &mut notes, style, fold);
        for (piece, tokens) in pieces.iter().zip(1..) {
            screen.hear(std::slice::from_ref(piece), tokens).unwrap();
        }
        screen.end().unwrap();
        assert!(notes.is_empty());
        String::from_utf8(out).unwrap()
    }

    fn reply() -> [Piece; 4] {
        let reasoning = |text: &str| Piece::Reasoning(text.into());
        let answer = |text: &str| Piece::Answer(text.into());
        [
            reasoning("2 + 2"),
            reasoning(" = 4."),
            answer("4"),
            answer("."),
        ]
    }

    const COLOUR: Style = Style::Terminal { colour: true };
    const GREY: Style = Style::Terminal { colour: false };

    #[test]
    fn reasoning_is_dim_or_between_its_tags() {
        let of = |style| shown(style, false, &reply());
        assert_eq!(of(COLOUR), "\x1b[2m2 + 2 = 4.\x1b[0m\n\n4.\n");
        let plain = "<think>\n2 + 2 = 4.\n</think>\n\n4.\n";
        assert_eq!((of(GREY), of(Style::Plain)), (plain.into(), plain.into()));
        let unfinished = |style| shown(style, false, &reply()[..2]);
        assert_eq!(unfinished(COLOUR), "\x1b[2m2 + 2 = 4.\x1b[0m\n");
        assert_eq!(unfinished(Style::Plain), "<think>\n2 + 2 = 4.\n</think>\n");
        assert_eq!(shown(COLOUR, false, &reply()[2..]), "4.\n");
        assert_eq!(shown(COLOUR, true, &[]), "\n");
    }

    #[test]
    fn folded_it_is_a_line_that_counts() {
        let of = |style| shown(style, true, &reply());
        assert_eq!(
            of(GREY),
            "\rthinking … 1 tokens\rthinking … 2 tokens\
             \rthought for 2 tokens; /think shows them\n4.\n"
        );
        assert!(of(COLOUR).starts_with("\r\x1b[2mthinking … 1 tokens\x1b[0m\r"));
        assert_eq!(of(Style::Plain), "4.\n");
        assert_eq!(shown(Style::Plain, true, &reply()[..2]), "\n");
    }

    #[test]
    fn the_model_cannot_steer_the_terminal() {
        let answer = [Piece::Answer("a\x1b[2J\tb\n\u{9b}c".into())];
        assert_eq!(shown(GREY, false, &answer), "a\u{fffd}[2J\tb\n\u{fffd}c\n");
        assert_eq!(
            shown(Style::Plain, false, &answer),
            "a\x1b[2J\tb\n\u{9b}c\n"
        );
    }
}
