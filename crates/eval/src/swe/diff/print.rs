//! A [`Patch`] to the text `git diff` would have written.

use std::fmt::{self, Display, Formatter};

use super::quote::quoted;
use super::{Change, Content, FileDiff, Hunk, Kind, Patch};

impl Display for Patch {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.files.iter().try_for_each(|file| file.fmt(f))
    }
}

impl Display for FileDiff {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (old, new) = (side("a", &self.old), side("b", &self.new));
        writeln!(f, "diff --git {old} {new}")?;
        let modes = match self.change {
            Change::Create => [
                ("deleted file mode", None),
                ("new file mode", self.new_mode),
            ],
            Change::Delete => [
                ("deleted file mode", self.old_mode),
                ("new file mode", None),
            ],
            _ => [("old mode", self.old_mode), ("new mode", self.new_mode)],
        };
        for (name, mode) in modes {
            if let Some(mode) = mode {
                writeln!(f, "{name} {mode:06o}")?;
            }
        }
        if let Some(similarity) = self.similarity {
            writeln!(f, "similarity index {similarity}%")?;
        }
        let moved = match self.change {
            Change::Rename => Some("rename"),
            Change::Copy => Some("copy"),
            _ => None,
        };
        if let Some(moved) = moved {
            writeln!(f, "{moved} from {}", quoted(&self.old))?;
            writeln!(f, "{moved} to {}", quoted(&self.new))?;
        }
        if let Some(index) = &self.index {
            writeln!(f, "index {index}")?;
        }
        let null = || "/dev/null".to_owned();
        let old = if self.change == Change::Create {
            null()
        } else {
            old
        };
        let new = if self.change == Change::Delete {
            null()
        } else {
            new
        };
        match &self.content {
            Content::Binary => writeln!(f, "Binary files {old} and {new} differ"),
            Content::Text(hunks) if hunks.is_empty() => Ok(()),
            Content::Text(hunks) => {
                writeln!(f, "--- {old}\n+++ {new}")?;
                hunks.iter().try_for_each(|hunk| hunk.fmt(f))
            }
        }
    }
}

fn side(side: &str, path: &str) -> String {
    quoted(&format!("{side}/{path}"))
}

impl Display for Hunk {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let range = |start: usize, count: usize| match count {
            1 => start.to_string(),
            count => format!("{start},{count}"),
        };
        let old = range(self.old_start, self.before().count());
        let new = range(self.new_start, self.after().count());
        writeln!(f, "@@ -{old} +{new} @@{}", self.section)?;
        for line in &self.lines {
            let mark = match line.kind {
                Kind::Context => ' ',
                Kind::Removed => '-',
                Kind::Added => '+',
            };
            writeln!(f, "{mark}{}", line.text)?;
            if !line.newline {
                writeln!(f, "\\ No newline at end of file")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;

    #[test]
    fn what_git_writes_is_printed_to_the_letter() {
        let text = "\
diff --git a/x.py b/x.py
old mode 100644
new mode 100755
index 1..2
--- a/x.py
+++ b/x.py
@@ -1,2 +1 @@ def f():
 a
-b
\\ No newline at end of file
diff --git a/e b/e
new file mode 100644
index 000..e69
diff --git a/gone b/gone
deleted file mode 100644
--- a/gone
+++ /dev/null
@@ -1 +0,0 @@
-x
diff --git a/p.png b/p.png
index 1..2 100644
Binary files a/p.png and b/p.png differ
diff --git \"a/\\303\\244\" \"b/\\303\\244\"
--- \"a/\\303\\244\"
+++ \"b/\\303\\244\"
@@ -1 +1 @@
-x
+y\r
";
        assert_eq!(parse(text).unwrap().to_string(), text);
    }
}
