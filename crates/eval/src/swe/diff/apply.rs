//! A [`Patch`] applied to a tree: all of it or nothing, and nothing outside of the tree.

use rewards::code::{Entry, PathError, Tree};
use serde::{Deserialize, Serialize};

use super::place::{Ends, Pattern, push};
use super::{Change, Content, FileDiff, Hunk, Patch, Placed};

/// The mode of a symbolic link, and of a submodule.
const LINK: u32 = 0o120_000;
const SUBMODULE: u32 = 0o160_000;

/// How a file's changes went in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedFile {
    /// Its path after.
    pub path: String,
    /// What became of it.
    pub change: Change,
    /// Where each hunk went.
    pub hunks: Vec<Placed>,
    /// What was done to the patch's line ends.
    pub ends: Ends,
}

/// Why a patch does not apply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// A path leaves the repository or goes through a link.
    #[error(transparent)]
    Path(#[from] PathError),
    /// There is no such file.
    #[error("`{0}` is not in the repository")]
    Missing(String),
    /// A file to be made is there.
    #[error("`{0}` is in the repository already")]
    Exists(String),
    /// A hunk fits nowhere.
    #[error("hunk {hunk} of {of} of `{path}` fits nowhere, up to fuzz {fuzz}")]
    Nowhere {
        /// The file.
        path: String,
        /// Which hunk, from 1.
        hunk: usize,
        /// How many there are.
        of: usize,
        /// The most fuzz that was tried.
        fuzz: usize,
    },
    /// A deleted file has lines the patch does not know of.
    #[error("`{0}` has more in it than the patch deletes")]
    Rest(String),
    /// Bytes, submodules and other things the patch cannot say or this cannot do.
    #[error("`{path}`: {what} cannot be applied")]
    Unsupported {
        /// The file.
        path: String,
        /// What it is.
        what: &'static str,
    },
}

/// Applies a patch with at most so much fuzz; `tree` stays as it is.
///
/// # Errors
/// Where any file of it cannot be changed so.
pub fn apply(
    tree: &Tree,
    patch: &Patch,
    most_fuzz: usize,
) -> Result<(Tree, Vec<AppliedFile>), ApplyError> {
    let mut tree = tree.clone();
    let files = patch.files.iter();
    let applied: Result<_, _> = files.map(|file| one(&mut tree, file, most_fuzz)).collect();
    Ok((tree, applied?))
}

/// The paths a patch speaks of, each once, in order.
pub fn touched(patch: &Patch) -> Vec<&str> {
    let both = patch.files.iter().flat_map(|file| [&*file.old, &*file.new]);
    let mut paths: Vec<&str> = Vec::new();
    for path in both {
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    paths
}

fn one(tree: &mut Tree, file: &FileDiff, most_fuzz: usize) -> Result<AppliedFile, ApplyError> {
    let unsupported = |what| {
        let path = file.new.clone();
        Err(ApplyError::Unsupported { path, what })
    };
    tree.check(&file.old)?;
    let Content::Text(hunks) = &file.content else {
        return unsupported("a binary change");
    };
    if [file.old_mode, file.new_mode].contains(&Some(SUBMODULE)) {
        return unsupported("a change of a submodule");
    }
    let before = match file.change {
        Change::Create => None,
        _ => Some(tree.get(&file.old).cloned()),
    };
    let before = match before {
        Some(None) => return Err(ApplyError::Missing(file.old.clone())),
        Some(found) => found,
        None => None,
    };
    let (bytes, mode) = match &before {
        None => (&[][..], 0o100_644),
        Some(Entry::Link { target }) => (target.as_bytes(), LINK),
        Some(Entry::File { bytes, executable }) => {
            (&**bytes, if *executable { 0o100_755 } else { 0o100_644 })
        }
    };
    let (after, placed, ends) = change(bytes, hunks, file, most_fuzz)?;
    if matches!(file.change, Change::Delete | Change::Rename) {
        tree.remove(&file.old);
    }
    match file.change {
        Change::Delete if !after.is_empty() => return Err(ApplyError::Rest(file.old.clone())),
        Change::Delete => {}
        change => {
            if change != Change::Modify && tree.get(&file.new).is_some() {
                return Err(ApplyError::Exists(file.new.clone()));
            }
            let Some(entry) = entry(after, file.new_mode.unwrap_or(mode)) else {
                return unsupported("a link with line ends or other bytes");
            };
            tree.insert(&file.new, entry)?;
        }
    }
    Ok(AppliedFile {
        path: file.new.clone(),
        change: file.change,
        hunks: placed,
        ends,
    })
}

fn entry(bytes: Vec<u8>, mode: u32) -> Option<Entry> {
    if mode == LINK {
        let target = String::from_utf8(bytes).ok()?;
        let is_one = !target.is_empty() && !target.contains(['\n', '\0']);
        return is_one.then_some(Entry::Link { target });
    }
    Some(Entry::File {
        bytes: bytes.into(),
        executable: mode & 0o100 != 0,
    })
}

type Changed = (Vec<u8>, Vec<Placed>, Ends);

/// The bytes after all hunks.
fn change(
    bytes: &[u8],
    hunks: &[Hunk],
    file: &FileDiff,
    most_fuzz: usize,
) -> Result<Changed, ApplyError> {
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    let ends = Ends::of(&lines, hunks);
    let mut after = Vec::with_capacity(bytes.len());
    let mut placed = Vec::new();
    // The first line no hunk has passed, and how far the last hunk was from its place.
    let (mut next, mut moved) = (0, 0);
    for (at, hunk) in hunks.iter().enumerate() {
        let pattern = Pattern::new(hunk, ends);
        let found = pattern.place(&lines, next, moved, most_fuzz);
        let found = found.ok_or_else(|| ApplyError::Nowhere {
            path: file.old.clone(),
            hunk: at + 1,
            of: hunks.len(),
            fuzz: most_fuzz,
        })?;
        lines[next..found.line]
            .iter()
            .for_each(|line| push(&mut after, line));
        next = found.line + pattern.covers(found, lines.len());
        pattern.write(&lines[found.line..next], &mut after);
        let offset = moved + found.offset;
        moved = offset;
        placed.push(Placed { offset, ..found });
    }
    lines[next..].iter().for_each(|line| push(&mut after, line));
    Ok((after, placed, ends))
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    fn tree(files: &[(&str, &str)]) -> Tree {
        let mut tree = Tree::default();
        for (path, text) in files {
            tree.write(path, text.as_bytes()).unwrap();
        }
        tree
    }

    fn patched(tree: &Tree, patch: &str) -> Result<(Tree, Vec<AppliedFile>), ApplyError> {
        apply(tree, &parse(patch).unwrap(), 2)
    }

    #[test]
    fn files_are_made_changed_moved_and_deleted_together() {
        let before = tree(&[("a", "1\n2\n3\n"), ("b", "x\n"), ("d/e", "run\n")]);
        let patch = "\
--- a/a
+++ b/a
@@ -1,3 +1,3 @@
 1
-2
+two
 3
--- a/b
+++ /dev/null
@@ -1 +0,0 @@
-x
diff --git a/d/e b/f
old mode 100644
new mode 100755
rename from d/e
rename to f
diff --git a/n/m b/n/m
new file mode 100644
--- /dev/null
+++ b/n/m
@@ -0,0 +1 @@
+new
\\ No newline at end of file
";
        let (after, applied) = patched(&before, patch).unwrap();
        let mut wanted = tree(&[("a", "1\ntwo\n3\n"), ("n/m", "new")]);
        let run = Entry::File {
            bytes: (*b"run\n").into(),
            executable: true,
        };
        wanted.insert("f", run).unwrap();
        assert_eq!(after, wanted);
        assert_eq!(applied.len(), 4);
        assert_eq!(before.len(), 3, "the tree given stays as it is");
    }

    #[test]
    fn what_cannot_be_is_refused_as_a_whole() {
        let mut before = tree(&[("a", "1\n"), ("rest", "1\n2\n")]);
        let link = Entry::Link {
            target: "/etc".into(),
        };
        before.insert("link", link).unwrap();
        let make = |path: &str| format!("--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+x\n");
        let error = |patch: &str| patched(&before, patch).unwrap_err();
        for path in ["../x", "/etc/x", ".git/hooks/post-checkout", "d/../../x"] {
            let outside = ApplyError::Path(PathError::Outside(path.into()));
            assert_eq!(error(&make(path)), outside);
        }
        let moved = "diff --git a/a b/a\nrename from a\nrename to ../a\n";
        assert!(matches!(
            error(moved),
            ApplyError::Path(PathError::Outside(_))
        ));
        assert!(matches!(
            error(&make("link/x")),
            ApplyError::Path(PathError::Through { .. })
        ));
        assert_eq!(error(&make("a")), ApplyError::Exists("a".into()));
        let gone = "--- a/gone\n+++ b/gone\n@@ -1 +1 @@\n-x\n+y\n";
        assert_eq!(error(gone), ApplyError::Missing("gone".into()));
        let delete = "--- a/rest\n+++ /dev/null\n@@ -1 +0,0 @@\n-1\n";
        assert!(matches!(
            error(delete),
            ApplyError::Nowhere { .. } | ApplyError::Rest(_)
        ));
        let bytes = "diff --git a/a b/a\nBinary files a/a and b/a differ\n";
        assert!(matches!(error(bytes), ApplyError::Unsupported { .. }));
    }

    #[test]
    fn line_ends_are_the_files() {
        let dos = tree(&[("a", "1\r\n2\r\n")]);
        let unix = "--- a/a\n+++ b/a\n@@ -1,2 +1,2 @@\n 1\n-2\n+3\n";
        let (after, applied) = patched(&dos, unix).unwrap();
        assert_eq!(after.file("a"), Some(&b"1\r\n3\r\n"[..]));
        assert_eq!(applied[0].ends, Ends::Added);
        let mail = unix.replace('\n', "\r\n");
        let (after, applied) = patched(&tree(&[("a", "1\n2\n")]), &mail).unwrap();
        assert_eq!(after.file("a"), Some(&b"1\n3\n"[..]));
        assert_eq!(applied[0].ends, Ends::Stripped);
        let (after, _) = patched(&dos, &mail).unwrap();
        assert_eq!(after.file("a"), Some(&b"1\r\n3\r\n"[..]));
    }

    #[test]
    fn a_link_is_changed_as_a_link() {
        let mut before = Tree::default();
        let link = |target: &str| Entry::Link {
            target: target.into(),
        };
        before.insert("l", link("old")).unwrap();
        let patch = "diff --git a/l b/l\nindex 1..2 120000\n--- a/l\n+++ b/l\n@@ -1 +1 @@\n-old\n\
                     \\ No newline at end of file\n+new\n\\ No newline at end of file\n";
        let (after, _) = patched(&before, patch).unwrap();
        assert_eq!(after.get("l"), Some(&link("new")));
    }
}
