//! A text to a [`Patch`].

use super::quote::path;
use super::{Change, Content, FileDiff, Hunk, Kind, Line, Patch};

/// Why a text is no patch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// No file's header is in it.
    #[error("there is no diff: neither `diff --git` nor `---` and `+++`")]
    NoDiff,
    /// A line says what cannot be.
    #[error("line {line} of the patch: {reason}")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
}

/// Reads a patch, in time linear in its length. What stands before the first file and, after a blank
/// line, between files is passed over; paths lose a first `a/` or `b/`.
///
/// # Errors
/// Where there is no file in it, or a header or hunk is broken.
pub fn parse(text: &str) -> Result<Patch, Malformed> {
    let lines: Vec<&str> = text.split('\n').collect();
    let mut reader = Reader { lines, at: 0 };
    let mut patch = Patch::default();
    while let Some(line) = reader.peek() {
        if line.starts_with("diff --git ") || reader.is_plain() {
            patch.files.push(reader.file()?);
        } else if line.starts_with("@@ -") {
            return Err(reader.wrong("a hunk without a file"));
        } else {
            reader.at += 1;
        }
    }
    match patch.files.is_empty() {
        true => Err(Malformed::NoDiff),
        false => Ok(patch),
    }
}

struct Reader<'a> {
    lines: Vec<&'a str>,
    at: usize,
}

/// What the headers of a file say.
#[derive(Default)]
struct Header {
    change: Option<Change>,
    from: Option<String>,
    to: Option<String>,
    old_mode: Option<u32>,
    new_mode: Option<u32>,
    similarity: Option<u8>,
    index: Option<String>,
    binary: bool,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.lines.get(self.at).copied()
    }

    fn wrong(&self, reason: impl Into<String>) -> Malformed {
        Malformed::Line {
            line: self.at + 1,
            reason: reason.into(),
        }
    }

    /// Whether `---`, `+++` and a hunk come next.
    fn is_plain(&self) -> bool {
        let starts = |ahead: usize, with: &str| {
            let line = self.lines.get(self.at + ahead);
            line.is_some_and(|line| line.starts_with(with))
        };
        starts(0, "--- ") && starts(1, "+++ ") && starts(2, "@@ -")
    }

    fn file(&mut self) -> Result<FileDiff, Malformed> {
        let mut header = Header::default();
        let mut names = None;
        if let Some(line) = self
            .peek()
            .and_then(|line| line.strip_prefix("diff --git "))
        {
            names = both_names(line.trim_end_matches('\r'));
            self.at += 1;
            while self.extended(&mut header)? {}
        }
        let mut old_new = (None, None);
        let starts =
            |at: usize, with: &str| self.lines.get(at).is_some_and(|l| l.starts_with(with));
        if starts(self.at, "--- ") && starts(self.at + 1, "+++ ") {
            old_new.0 = Some(self.name("--- ")?);
            old_new.1 = Some(self.name("+++ ")?);
        }
        let mut hunks = Vec::new();
        while self.peek().is_some_and(|line| line.starts_with("@@ -")) {
            if old_new.0.is_none() {
                return Err(self.wrong("a hunk without `---` and `+++`"));
            }
            hunks.push(self.hunk()?);
        }
        if header.binary && self.peek().is_some_and(|line| line == "GIT binary patch") {
            self.skip_bytes();
        }
        self.after_hunks(!hunks.is_empty())?;
        self.assemble(header, names, old_new, hunks)
    }

    /// Reads one extended header line; whether there was one.
    fn extended(&mut self, header: &mut Header) -> Result<bool, Malformed> {
        let Some(line) = self.peek().map(|line| line.trim_end_matches('\r')) else {
            return Ok(false);
        };
        let mode = |text: &str| {
            u32::from_str_radix(text, 8).map_err(|_| self.wrong(format!("`{text}` is no mode")))
        };
        let name = |text: &str| {
            let found = path(text).map(|(path, _)| path);
            found.ok_or_else(|| self.wrong("a quoted path is broken"))
        };
        if let Some(text) = line.strip_prefix("old mode ") {
            header.old_mode = Some(mode(text)?);
        } else if let Some(text) = line.strip_prefix("new mode ") {
            header.new_mode = Some(mode(text)?);
        } else if let Some(text) = line.strip_prefix("new file mode ") {
            header.new_mode = Some(mode(text)?);
            header.change = Some(Change::Create);
        } else if let Some(text) = line.strip_prefix("deleted file mode ") {
            header.old_mode = Some(mode(text)?);
            header.change = Some(Change::Delete);
        } else if let Some(text) = line.strip_prefix("rename from ") {
            header.from = Some(name(text)?);
            header.change = Some(Change::Rename);
        } else if let Some(text) = line.strip_prefix("copy from ") {
            header.from = Some(name(text)?);
            header.change = Some(Change::Copy);
        } else if let Some(text) = line
            .strip_prefix("rename to ")
            .or_else(|| line.strip_prefix("copy to "))
        {
            header.to = Some(name(text)?);
        } else if let Some(text) = line.strip_prefix("similarity index ") {
            let number = text.trim_end_matches('%').parse();
            header.similarity = Some(number.map_err(|_| self.wrong("no percentage"))?);
        } else if line.starts_with("dissimilarity index ") {
        } else if let Some(text) = line.strip_prefix("index ") {
            header.index = Some(text.to_owned());
        } else if line == "GIT binary patch" {
            header.binary = true;
            return Ok(false);
        } else if line.starts_with("Binary files ") && line.ends_with(" differ") {
            header.binary = true;
        } else {
            return Ok(false);
        }
        self.at += 1;
        Ok(true)
    }

    /// The name after `---` or `+++`; `None` for `/dev/null`.
    fn name(&mut self, mark: &str) -> Result<Option<String>, Malformed> {
        let text = &self.lines[self.at][mark.len()..];
        let found = path(text).ok_or_else(|| self.wrong("a quoted path is broken"))?;
        let name = found.0;
        if name.is_empty() {
            return Err(self.wrong("there is no path"));
        }
        self.at += 1;
        Ok((name != "/dev/null").then(|| without_side(&name)))
    }

    fn hunk(&mut self) -> Result<Hunk, Malformed> {
        let line = self.lines[self.at];
        let (old, new, section) = ranges(line).ok_or_else(|| self.wrong("a broken hunk header"))?;
        self.at += 1;
        let (mut old_left, mut new_left) = (old.1, new.1);
        let mut lines: Vec<Line> = Vec::new();
        while old_left > 0 || new_left > 0 {
            let short = "the hunk ends before its header's counts of lines are reached";
            // The text after the last line end is no line.
            let is_end = self.at + 1 >= self.lines.len() && self.peek() == Some("");
            let line = self.peek().filter(|_| !is_end);
            let line = line.ok_or_else(|| self.wrong(short))?;
            let (kind, text) = match line.as_bytes().first() {
                // Mail and models lose the blank of an empty line.
                None => (Kind::Context, ""),
                Some(b'\r') if line.len() == 1 => (Kind::Context, line),
                Some(b' ') => (Kind::Context, &line[1..]),
                Some(b'-') => (Kind::Removed, &line[1..]),
                Some(b'+') => (Kind::Added, &line[1..]),
                Some(b'\\') => {
                    self.no_newline(&mut lines)?;
                    continue;
                }
                Some(_) => return Err(self.wrong(short)),
            };
            let fits =
                (kind == Kind::Added || old_left > 0) && (kind == Kind::Removed || new_left > 0);
            if !fits {
                return Err(self.wrong("the hunk has more lines than its header counts"));
            }
            old_left -= usize::from(kind != Kind::Added);
            new_left -= usize::from(kind != Kind::Removed);
            lines.push(Line {
                kind,
                text: text.to_owned(),
                newline: true,
            });
            self.at += 1;
        }
        if self.peek().is_some_and(|line| line.starts_with('\\')) {
            self.no_newline(&mut lines)?;
        }
        Ok(Hunk {
            old_start: old.0,
            new_start: new.0,
            section: section.to_owned(),
            lines,
        })
    }

    fn no_newline(&mut self, lines: &mut [Line]) -> Result<(), Malformed> {
        match lines.last_mut() {
            Some(line) => line.newline = false,
            None => return Err(self.wrong("a missing newline of no line")),
        }
        self.at += 1;
        Ok(())
    }

    /// What follows the last hunk of a file must not look like more of it.
    fn after_hunks(&self, any: bool) -> Result<(), Malformed> {
        let line = self.peek().unwrap_or_default();
        let is_more = any
            && line.starts_with(['+', '-', ' '])
            && !self.is_plain()
            && line.trim_end() != "--"
            && !line.trim().is_empty();
        match is_more {
            true => Err(self.wrong("the hunk has more lines than its header counts")),
            false => Ok(()),
        }
    }

    fn skip_bytes(&mut self) {
        while self
            .peek()
            .is_some_and(|line| !line.starts_with("diff --git "))
        {
            self.at += 1;
        }
    }

    fn assemble(
        &self,
        header: Header,
        names: Option<(String, String)>,
        (old, new): (Option<Option<String>>, Option<Option<String>>),
        hunks: Vec<Hunk>,
    ) -> Result<FileDiff, Malformed> {
        let implied = match (&old, &new) {
            (Some(None), Some(None)) => return Err(self.wrong("a file without a path")),
            (Some(None), _) => Some(Change::Create),
            (_, Some(None)) => Some(Change::Delete),
            _ => None,
        };
        let (before, after) = names.unzip();
        let old = header.from.or(old.flatten()).or(before);
        let new = header.to.or(new.flatten()).or(after);
        let change = header.change.or(implied).unwrap_or(Change::Modify);
        let missing = || self.wrong("a file without a path");
        let (old, new) = match change {
            Change::Create => {
                let new = new.ok_or_else(missing)?;
                (new.clone(), new)
            }
            Change::Delete => {
                let old = old.ok_or_else(missing)?;
                (old.clone(), old)
            }
            _ => (old.ok_or_else(missing)?, new.ok_or_else(missing)?),
        };
        if change == Change::Modify && old != new {
            let reason = format!("`{old}` and `{new}` differ, without `rename from`");
            return Err(self.wrong(reason));
        }
        if !header.binary && hunks.is_empty() && implied.is_some() {
            return Err(self.wrong("a file without a hunk"));
        }
        let content = match header.binary {
            true => Content::Binary,
            false => Content::Text(hunks),
        };
        Ok(FileDiff {
            change,
            old,
            new,
            old_mode: header.old_mode,
            new_mode: header.new_mode,
            similarity: header.similarity,
            index: header.index,
            content,
        })
    }
}

/// A path without the `a/` or `b/` that says which side it is of.
fn without_side(name: &str) -> String {
    let stripped = name.strip_prefix("a/").or_else(|| name.strip_prefix("b/"));
    stripped.unwrap_or(name).to_owned()
}

/// The two names of `diff --git`; without quotes, they are told apart where they are the same.
fn both_names(text: &str) -> Option<(String, String)> {
    if text.starts_with('"') {
        let (old, rest) = path(text)?;
        let (new, _) = path(rest.strip_prefix(' ')?)?;
        return Some((without_side(&old), without_side(&new)));
    }
    let middle = text.len() / 2;
    if text.as_bytes().get(middle) == Some(&b' ') {
        let (old, new) = (
            without_side(&text[..middle]),
            without_side(&text[middle + 1..]),
        );
        if old == new {
            return Some((old, new));
        }
    }
    let (old, new) = text.split_once(' ')?;
    let (new, _) = path(new)?;
    Some((without_side(old), without_side(&new)))
}

type Range = (usize, usize);

/// `@@ -old +new @@section`.
fn ranges(line: &str) -> Option<(Range, Range, &str)> {
    let (old, rest) = line.strip_prefix("@@ -")?.split_once(" +")?;
    let (new, section) = rest.split_once(" @@")?;
    // 32 bits, so that sums of a few are numbers too.
    let number = |text: &str| text.parse::<u32>().ok().map(|number| number as usize);
    let range = |text: &str| -> Option<Range> {
        let (start, count) = text.split_once(',').unwrap_or((text, "1"));
        Some((number(start)?, number(count)?))
    };
    Some((range(old)?, range(new)?, section))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "\
From: someone

diff --git a/x.py b/x.py
index 1..2 100644
--- a/x.py
+++ b/x.py
@@ -1,3 +1,4 @@ def f():
 a

-b
+c
+d
\\ No newline at end of file
diff --git a/old name b/new name
similarity index 100%
rename from old name
rename to new name
";

    #[test]
    fn headers_hunks_and_missing_newlines_are_read() {
        let patch = parse(TWO).unwrap();
        let [first, second] = &patch.files[..] else {
            panic!("{patch:?}")
        };
        let Content::Text(hunks) = &first.content else {
            panic!("{first:?}")
        };
        assert_eq!(
            (first.change, &*first.old, &*first.new),
            (Change::Modify, "x.py", "x.py")
        );
        assert_eq!(
            (hunks[0].before().count(), hunks[0].after().count()),
            (3, 4)
        );
        assert_eq!(hunks[0].section, " def f():");
        let last = hunks[0].lines.last().unwrap();
        assert_eq!((&*last.text, last.newline), ("d", false));
        assert_eq!(second.change, Change::Rename);
        assert_eq!((&*second.old, &*second.new), ("old name", "new name"));
        assert_eq!(second.similarity, Some(100));
    }

    #[test]
    fn plain_diffs_new_files_and_deleted_ones_are_told_apart() {
        let text = "--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+x\n--- a/d\t2020\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n";
        let patch = parse(text).unwrap();
        let changes: Vec<_> = patch.files.iter().map(|f| (f.change, &*f.new)).collect();
        assert_eq!(changes, [(Change::Create, "n"), (Change::Delete, "d")]);
        let empty = "diff --git a/e b/e\nnew file mode 100644\nindex 000..e69\n";
        assert_eq!(parse(empty).unwrap().files[0].change, Change::Create);
        let signed = format!("{TWO}-- \n2.47.3\n");
        assert_eq!(parse(&signed).unwrap(), parse(TWO).unwrap());
    }

    #[test]
    fn broken_patches_are_said_to_be_with_the_line() {
        let line = |text: &str| match parse(text) {
            Err(Malformed::Line { line, .. }) => line,
            other => panic!("{text}: {other:?}"),
        };
        let head = "--- a/x\n+++ b/x\n";
        assert_eq!(parse("I would change line 3."), Err(Malformed::NoDiff));
        assert_eq!(line("@@ -1 +1 @@\n-a\n+b\n"), 1);
        assert_eq!(line(&format!("{head}@@ -1,2 +1,2 @@\n-a\n+b\n")), 6);
        assert_eq!(line(&format!("{head}@@ -1 +1 @@\n-a\n+b\n+c\n")), 6);
        assert_eq!(line(&format!("{head}@@ -1,9 +1,9 @@\n a\nSo it is.\n")), 5);
        assert_eq!(line(&format!("{head}@@ -1,x +1 @@\n-a\n+b\n")), 3);
        assert_eq!(
            line(&format!("{head}@@ -9223372036854775807 +1 @@\n-a\n+b\n")),
            3
        );
        assert_eq!(line("--- a/x\n+++ b/y\n@@ -1 +1 @@\n-a\n+b\n"), 6);
        assert_eq!(
            line("--- /dev/null\n+++ /dev/null\n@@ -1 +1 @@\n-a\n+b\n"),
            6
        );
    }
}
