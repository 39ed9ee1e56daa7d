//! One JSON array, element by element, without the whole of it in memory.
//!
//! An element's end is found by its brackets and quotes alone; whether it is an object is the
//! parser's to say. So an element that is none is skipped, and only an array that does not close, or
//! is not separated by commas, ends the reading.

use serde_json::Value;

use super::format::{Broken, Object, line_breaks, pass_space, too_long, utf8};
use super::input::Input;
use super::{MAX_RECORD, ReadError, Unit};

/// The objects of an array.
pub(super) struct Elements {
    input: Input,
    /// The line the input stands in, from 1.
    line: usize,
    /// Elements passed.
    passed: usize,
    begun: bool,
    ended: bool,
    element: Vec<u8>,
}

impl Elements {
    /// Begins at the `[` that `input` stands at, after `breaks` line breaks.
    pub(super) fn new(input: Input, breaks: usize) -> Self {
        Self {
            input,
            line: breaks + 1,
            passed: 0,
            begun: false,
            ended: false,
            element: Vec::new(),
        }
    }

    pub(super) fn next(&mut self) -> Option<Result<Object, Broken>> {
        if self.ended {
            return None;
        }
        match self.advance() {
            Ok(true) => Some(self.object()),
            Ok(false) => {
                self.ended = true;
                None
            }
            Err(error) => {
                self.ended = true;
                Some(Err(error.into()))
            }
        }
    }

    /// Moves to the next element; false behind the last.
    fn advance(&mut self) -> Result<bool, ReadError> {
        if !self.begun {
            self.begun = true;
            self.input.pass(1);
            if self.byte()? == Some(b']') {
                return self.close();
            }
            return Ok(true);
        }
        match self.byte()? {
            Some(b',') => {
                self.input.pass(1);
                self.byte()?;
                Ok(true)
            }
            Some(b']') => self.close(),
            Some(_) => Err(self.wrong("there is no comma between two elements")),
            None => Err(self.cut_off()),
        }
    }

    /// Passes the `]`, behind which nothing may stand.
    fn close(&mut self) -> Result<bool, ReadError> {
        self.input.pass(1);
        match self.byte()? {
            None => Ok(false),
            Some(_) => Err(self.wrong("something follows the array")),
        }
    }

    /// The next byte that is not white space.
    fn byte(&mut self) -> Result<Option<u8>, ReadError> {
        self.line += pass_space(&mut self.input)?;
        Ok(self.input.peek()?.first().copied())
    }

    fn object(&mut self) -> Result<Object, Broken> {
        self.passed += 1;
        let at = self.passed;
        let offset = self.input.offset;
        let whole = self.read()?;
        if !whole {
            let reason = too_long();
            return Err(Broken::Record { at, reason });
        }
        let text = utf8(&self.element, &self.input, offset)?;
        let reason = match serde_json::from_str(text) {
            Ok(Value::Object(object)) => return Ok((at, object)),
            Ok(_) => "it is no object".to_owned(),
            Err(error) => error.to_string(),
        };
        Err(Broken::Record { at, reason })
    }

    /// Reads one element; false if it is too long to be kept.
    fn read(&mut self) -> Result<bool, ReadError> {
        self.element.clear();
        let mut scan = Scan::default();
        let mut whole = true;
        loop {
            let bytes = self.input.peek()?;
            if bytes.is_empty() {
                self.ended = true;
                return Err(self.cut_off());
            }
            let end = scan.end(bytes);
            let part = &bytes[..end.unwrap_or(bytes.len())];
            if self.element.len() + part.len() > MAX_RECORD {
                whole = false;
                self.element = Vec::new();
            }
            if whole {
                self.element.extend_from_slice(part);
            }
            self.line += line_breaks(part);
            let passed = part.len();
            self.input.pass(passed);
            if end.is_some() {
                return Ok(whole);
            }
        }
    }

    fn cut_off(&self) -> ReadError {
        self.wrong("the array does not close, so the file is cut off")
    }

    fn wrong(&self, reason: &str) -> ReadError {
        ReadError::Json {
            path: self.input.path(),
            unit: Unit::Line,
            line: self.line,
            reason: format!("after element {}: {reason}", self.passed),
        }
    }
}

/// Where in an element the reading stands.
#[derive(Default)]
struct Scan {
    depth: usize,
    quoted: bool,
    escaped: bool,
}

impl Scan {
    /// The end of the element within `bytes`, which go on where the last ones ended.
    fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        for (at, byte) in bytes.iter().enumerate() {
            if self.quoted {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.quoted = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => self.quoted = true,
                b'{' | b'[' => self.depth += 1,
                b',' | b']' | b'}' if self.depth == 0 => return Some(at),
                b'}' | b']' => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return Some(at + 1);
                    }
                }
                _ => {}
            }
        }
        None
    }
}
