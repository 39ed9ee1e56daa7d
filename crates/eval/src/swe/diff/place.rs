//! Where in a file a hunk belongs.
//!
//! First where its header says, moved by what the hunks before it changed, then ever further away,
//! forward before backward, as `git apply` and GNU `patch` look. Where it fits nowhere, outer context
//! lines are dropped, one more at a time: the fuzz. A first hunk fits without fuzz at the beginning
//! alone, and one without context below it at the end alone, as `git apply` has it; hunks without any
//! context are free of that.

use serde::{Deserialize, Serialize};

use super::{Hunk, Kind};

/// The most fuzz of the published harness (`patch --batch --fuzz=5`).
pub const MOST_FUZZ: usize = 5;

/// Where a hunk went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    /// The line before the hunk's first, as the file then was; 0 at the beginning.
    pub line: usize,
    /// Lines between where its header puts it and where it went.
    pub offset: i64,
    /// Outer context lines dropped at either end; with any, a missing newline at the end of the file
    /// is forgiven as well.
    pub fuzz: usize,
}

/// A hunk's lines with their line ends, as they are compared with a file's.
pub(super) struct Pattern<'a> {
    hunk: &'a Hunk,
    lines: Vec<(Kind, Vec<u8>)>,
    above: usize,
    below: usize,
}

impl<'a> Pattern<'a> {
    /// The pattern of a hunk, with `\r` put before each line end or taken away where asked for.
    pub(super) fn new(hunk: &'a Hunk, ends: Ends) -> Self {
        let line = |line: &super::Line| {
            let text = match ends {
                Ends::Stripped => line.text.strip_suffix('\r').unwrap_or(&line.text),
                Ends::AsIs | Ends::Added => &line.text,
            };
            let mut bytes = text.as_bytes().to_vec();
            if line.newline {
                bytes.extend_from_slice(if ends == Ends::Added { b"\r\n" } else { b"\n" });
            }
            (line.kind, bytes)
        };
        let is_context = |line: &&super::Line| line.kind == Kind::Context;
        let above = hunk.lines.iter().take_while(is_context).count();
        let below = hunk.lines.iter().rev().take_while(is_context).count();
        Self {
            lines: hunk.lines.iter().map(line).collect(),
            above,
            below,
            hunk,
        }
    }

    /// Where the hunk belongs in `file`, not before line `from`; `moved` is what the hunks before it
    /// have moved the lines by.
    pub(super) fn place(
        &self,
        file: &[&[u8]],
        from: usize,
        moved: i64,
        most: usize,
    ) -> Option<Placed> {
        let old: Vec<&[u8]> = self.side(Kind::Added).collect();
        let start = self.hunk.old_start;
        let first = if old.is_empty() {
            start
        } else {
            start.saturating_sub(1)
        };
        let guess = usize::try_from(first as i64 + moved).unwrap_or(0);
        if old.is_empty() {
            let fits = guess >= from && guess <= file.len();
            return fits.then_some(Placed {
                line: guess,
                offset: 0,
                fuzz: 0,
            });
        }
        let context = self.above.max(self.below);
        for fuzz in 0..=most.min(context) {
            let (top, bottom) = self.dropped(fuzz);
            if top + bottom >= old.len() {
                return None;
            }
            let kept = &old[top..old.len() - bottom];
            let fits = |at: usize| {
                let after = at + old.len();
                let anchored = fuzz == 0 && context > 0;
                let starts = !anchored || start > 1 || at == 0;
                let ends = !anchored || self.below > 0 || after == file.len();
                let lines = at >= from && at + old.len() - bottom <= file.len() && starts && ends;
                lines && same(kept, &file[at + top..at + old.len() - bottom], fuzz > 0)
            };
            let ways = |distance: usize| [guess.checked_add(distance), guess.checked_sub(distance)];
            // A header may be off by any number of lines; nearer than the file's end, nothing fits.
            let nearest = guess.saturating_sub(file.len());
            let found = (nearest..=guess.max(file.len()))
                .flat_map(ways)
                .flatten()
                .find(|at| fits(*at));
            if let Some(line) = found {
                let offset = line as i64 - guess as i64;
                return Some(Placed { line, offset, fuzz });
            }
        }
        None
    }

    /// How many context lines are dropped above and below; the side with less context lets go later.
    fn dropped(&self, fuzz: usize) -> (usize, usize) {
        let context = self.above.max(self.below);
        let drop = |have: usize| fuzz.saturating_sub(context - have).min(have);
        (drop(self.above), drop(self.below))
    }

    /// The lines that are not of a kind.
    fn side(&self, not: Kind) -> impl Iterator<Item = &[u8]> {
        let kept = self.lines.iter().filter(move |(kind, _)| *kind != not);
        kept.map(|(_, bytes)| bytes.as_slice())
    }

    /// How many lines of the file the hunk covers.
    pub(super) fn covers(&self, placed: Placed, file_len: usize) -> usize {
        self.side(Kind::Added).count().min(file_len - placed.line)
    }

    /// Writes what becomes of the lines the hunk covers; context is kept as the file has it.
    pub(super) fn write(&self, covered: &[&[u8]], to: &mut Vec<u8>) {
        let mut covered = covered.iter();
        for (kind, bytes) in &self.lines {
            match kind {
                Kind::Added => push(to, bytes),
                Kind::Removed => drop(covered.next()),
                Kind::Context => covered.next().into_iter().for_each(|line| push(to, line)),
            }
        }
    }
}

/// Writes a line, after the line end the one before it may lack.
pub(super) fn push(to: &mut Vec<u8>, line: &[u8]) {
    if to.last().is_some_and(|last| *last != b'\n') {
        to.push(b'\n');
    }
    to.extend_from_slice(line);
}

fn same(left: &[&[u8]], right: &[&[u8]], loosely: bool) -> bool {
    let text = |line: &&[u8]| line.strip_suffix(b"\n").unwrap_or(line).to_vec();
    left == right || (loosely && left.iter().map(text).eq(right.iter().map(text)))
}

/// What is done with `\r` at the ends of a patch's lines so that they are the file's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ends {
    /// Nothing.
    #[default]
    AsIs,
    /// The file has them throughout and the patch nowhere: they are put in.
    Added,
    /// The patch has them throughout and the file nowhere: they are taken away.
    Stripped,
}

impl Ends {
    /// What these hunks need to fit this file.
    pub(super) fn of(file: &[&[u8]], hunks: &[Hunk]) -> Self {
        let mut ours = hunks
            .iter()
            .flat_map(|hunk| &hunk.lines)
            .filter(|line| line.newline);
        let mut whole = file.iter().filter(|line| line.ends_with(b"\n"));
        let has_lines = whole.clone().next().is_some() && ours.clone().next().is_some();
        let is_crlf = |line: &&[u8]| line.ends_with(b"\r\n");
        match (has_lines, whole.clone().any(is_crlf)) {
            (true, true) if whole.all(is_crlf) && !ours.any(|l| l.text.ends_with('\r')) => {
                Self::Added
            }
            (true, false) if ours.all(|line| line.text.ends_with('\r')) => Self::Stripped,
            _ => Self::AsIs,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Content, parse};
    use super::*;

    fn placed(hunk: &str, file: &str) -> Option<Placed> {
        let patch = parse(&format!("--- a/x\n+++ b/x\n{hunk}")).unwrap();
        let Content::Text(hunks) = &patch.files[0].content else {
            panic!("{patch:?}")
        };
        let file: Vec<&[u8]> = file.split_inclusive('\n').map(str::as_bytes).collect();
        Pattern::new(&hunks[0], Ends::AsIs).place(&file, 0, 0, 2)
    }

    fn at(line: usize, offset: i64, fuzz: usize) -> Option<Placed> {
        Some(Placed { line, offset, fuzz })
    }

    #[test]
    fn a_hunk_is_looked_for_forward_first() {
        let hunk = "@@ -3,3 +3,3 @@\n a\n-b\n+c\n a\n";
        assert_eq!(placed(hunk, "x\nx\na\nb\na\nx\n"), at(2, 0, 0));
        assert_eq!(placed(hunk, "x\nx\nx\na\nb\na\n"), at(3, 1, 0));
        assert_eq!(placed(hunk, "x\na\nb\na\nb\na\n"), at(3, 1, 0));
        assert_eq!(placed(hunk, "a\nb\na\nx\nx\nx\n"), at(0, -2, 0));
        assert_eq!(placed(hunk, "a\nc\na\n"), None);
    }

    /// The search does not walk from there.
    #[test]
    fn a_hunk_from_beyond_the_file_is_found() {
        let hunk = "@@ -4000000000,3 +4000000000,3 @@\n a\n-b\n+c\n a\n";
        assert_eq!(placed(hunk, "x\na\nb\na\nx\n"), at(1, 1 - 3_999_999_999, 0));
        assert_eq!(placed(hunk, "x\n"), None);
    }

    /// Two lines of context above and one below: fuzz 1 drops one above, fuzz 2 one more and the one
    /// below; then only the changed line is compared.
    #[test]
    fn context_is_dropped_from_outside() {
        let hunk = "@@ -5,4 +5,4 @@\n p\n q\n-b\n+c\n r\n";
        assert_eq!(placed(hunk, "1\n2\n3\n4\np\nq\nb\nr\n"), at(4, 0, 0));
        assert_eq!(placed(hunk, "1\n2\n3\n4\nZ\nq\nb\nr\n"), at(4, 0, 1));
        assert_eq!(placed(hunk, "1\n2\n3\n4\nZ\nZ\nb\nZ\n"), at(4, 0, 2));
        assert_eq!(placed(hunk, "1\n2\n3\n4\np\nq\nB\nr\n"), None);
        let inserts = "@@ -2,2 +2,3 @@\n p\n+new\n q\n";
        assert_eq!(
            placed(inserts, "1\nZ\nZ\n"),
            None,
            "nothing is left to compare"
        );
    }

    #[test]
    fn ends_of_the_file_hold_without_fuzz() {
        let first = "@@ -1,2 +1,2 @@\n-a\n+b\n z\n";
        assert_eq!(placed(first, "a\nz\n"), at(0, 0, 0));
        assert_eq!(placed(first, "x\na\nz\n"), at(1, 1, 1));
        let last = "@@ -2,2 +2,2 @@\n z\n-a\n+b\n";
        assert_eq!(placed(last, "x\nz\na\n"), at(1, 0, 0));
        assert_eq!(placed(last, "x\nz\na\nx\n"), at(1, 0, 1));
        assert_eq!(
            placed(last, "x\nz\na"),
            at(1, 0, 1),
            "the newline is forgiven"
        );
    }
}
