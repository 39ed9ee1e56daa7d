//! Lines that are ready in any order, written in theirs.

use std::collections::BTreeMap;
use std::io::{self, Write};

/// Writes line 0 first, then line 1, each as soon as those before it are there.
///
/// A line is one write: whoever breaks off leaves whole lines behind.
#[derive(Debug)]
pub(super) struct InOrder<W> {
    out: W,
    next: usize,
    early: BTreeMap<usize, String>,
}

impl<W: Write> InOrder<W> {
    pub(super) fn new(out: W) -> Self {
        Self {
            out,
            next: 0,
            early: BTreeMap::new(),
        }
    }

    /// Takes the line of a place, with the end of the line in it.
    pub(super) fn put(&mut self, place: usize, line: String) -> io::Result<()> {
        self.early.insert(place, line);
        while let Some(line) = self.early.remove(&self.next) {
            self.out.write_all(line.as_bytes())?;
            self.next += 1;
        }
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_waits_for_those_before_it() {
        let mut out = Vec::new();
        let mut lines = InOrder::new(&mut out);
        lines.put(1, "b\n".into()).unwrap();
        assert_eq!(*lines.out, b"");
        lines.put(0, "a\n".into()).unwrap();
        assert_eq!(*lines.out, b"a\nb\n");
        lines.put(2, "c\n".into()).unwrap();
        assert_eq!(*lines.out, b"a\nb\nc\n");
    }
}
