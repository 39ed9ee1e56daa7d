//! JSON Lines: one object to a line, blank lines passed over.

use super::format::{Broken, Object, too_long, utf8};
use super::input::Input;
use super::{MAX_RECORD, ReadError};

/// The objects of a file, line by line.
pub(super) struct Lines {
    input: Input,
    /// Lines passed.
    passed: usize,
    line: Vec<u8>,
}

impl Lines {
    /// Begins where `input` stands, after `passed` lines.
    pub(super) fn new(input: Input, passed: usize) -> Self {
        Self {
            input,
            passed,
            line: Vec::new(),
        }
    }

    pub(super) fn next(&mut self) -> Option<Result<Object, Broken>> {
        loop {
            let offset = self.input.offset;
            let whole = match self.read() {
                Ok(None) => return None,
                Ok(Some(whole)) => whole,
                Err(error) => return Some(Err(error.into())),
            };
            let at = self.passed;
            if !whole {
                let reason = too_long();
                return Some(Err(Broken::Record { at, reason }));
            }
            let text = match utf8(&self.line, &self.input, offset) {
                Ok(text) => text.trim(),
                Err(error) => return Some(Err(error.into())),
            };
            if !text.is_empty() {
                return Some(match serde_json::from_str(text) {
                    Ok(object) => Ok((at, object)),
                    Err(error) => Err(Broken::Record {
                        at,
                        reason: error.to_string(),
                    }),
                });
            }
        }
    }

    /// Reads the next line, without its end; `None` where there is none, false where it is too long
    /// to be kept.
    fn read(&mut self) -> Result<Option<bool>, ReadError> {
        self.line.clear();
        let mut whole = true;
        let mut begun = false;
        loop {
            let bytes = self.input.peek()?;
            if bytes.is_empty() {
                self.passed += usize::from(begun);
                return Ok(begun.then_some(whole));
            }
            begun = true;
            let end = bytes.iter().position(|byte| *byte == b'\n');
            let part = &bytes[..end.unwrap_or(bytes.len())];
            if self.line.len() + part.len() > MAX_RECORD {
                whole = false;
                self.line = Vec::new();
            }
            if whole {
                self.line.extend_from_slice(part);
            }
            let passed = part.len() + usize::from(end.is_some());
            self.input.pass(passed);
            if end.is_some() {
                self.passed += 1;
                return Ok(Some(whole));
            }
        }
    }
}
