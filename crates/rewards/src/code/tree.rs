//! A folder of files as a value: what a program finds at [`PLACE`] and may change there.
//!
//! Nothing is read from or written to a disk here but by [`Tree::read_folder`]; a path that leaves the
//! folder, or goes through a link, cannot be put in. Left out: owners, times, special files, and
//! permissions but for whether a file may be executed.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Where programs find the tree.
pub const PLACE: &str = "/testbed";

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A file.
    File {
        /// What is in it.
        bytes: Arc<[u8]>,
        /// Whether it may be executed.
        executable: bool,
    },
    /// A symbolic link; it is followed in the sandbox alone.
    Link {
        /// What it points to, to the letter.
        target: String,
    },
}

/// Files and links by their paths, with `/` between folders. A copy shares the files' bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tree {
    entries: BTreeMap<String, Entry>,
}

/// Why a path cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// It is absolute, empty, or has a part that is empty, `.`, `..` or `.git`.
    #[error("the path `{0}` leaves the folder or is none of its files")]
    Outside(String),
    /// A part before the last is a link or a file.
    #[error("the path `{path}` goes through `{through}`, which is no folder")]
    Through {
        /// The path.
        path: String,
        /// The part of it that is no folder.
        through: String,
    },
    /// There is a folder.
    #[error("the path `{0}` is a folder")]
    Folder(String),
}

impl Tree {
    /// What stands at a path.
    pub fn get(&self, path: &str) -> Option<&Entry> {
        self.entries.get(path)
    }

    /// The bytes of the file at a path; `None` where there is none, or a link.
    pub fn file(&self, path: &str) -> Option<&[u8]> {
        match self.entries.get(path)? {
            Entry::File { bytes, .. } => Some(bytes),
            Entry::Link { .. } => None,
        }
    }

    /// All entries, by path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries
            .iter()
            .map(|(path, entry)| (path.as_str(), entry))
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Puts an entry at a path, in the place of what stood there.
    ///
    /// # Errors
    /// Where the path leaves the folder, or needs a folder where there is none.
    pub fn insert(&mut self, path: &str, entry: Entry) -> Result<(), PathError> {
        self.check(path)?;
        self.entries.insert(path.to_owned(), entry);
        Ok(())
    }

    /// Puts a file that is not executed at a path.
    ///
    /// # Errors
    /// As [`Tree::insert`].
    pub fn write(&mut self, path: &str, bytes: impl Into<Arc<[u8]>>) -> Result<(), PathError> {
        let (bytes, executable) = (bytes.into(), false);
        self.insert(path, Entry::File { bytes, executable })
    }

    /// Takes away what stands at a path.
    pub fn remove(&mut self, path: &str) -> Option<Entry> {
        self.entries.remove(path)
    }

    /// Whether an entry may be put at a path.
    ///
    /// # Errors
    /// As [`Tree::insert`].
    pub fn check(&self, path: &str) -> Result<(), PathError> {
        if !is_inside(path) {
            return Err(PathError::Outside(path.to_owned()));
        }
        for (at, _) in path.match_indices('/') {
            if self.entries.contains_key(&path[..at]) {
                return Err(PathError::Through {
                    path: path.to_owned(),
                    through: path[..at].to_owned(),
                });
            }
        }
        let below = format!("{path}/");
        let next = self.entries.range(below.clone()..).next();
        match next.is_some_and(|(next, _)| next.starts_with(&below)) {
            true => Err(PathError::Folder(path.to_owned())),
            false => Ok(()),
        }
    }

    /// Lays the files of a folder of this machine over the tree; links are kept, not followed.
    ///
    /// # Errors
    /// Where one cannot be read, or stands where the tree has a folder.
    pub fn read_folder(&mut self, folder: &Path) -> io::Result<()> {
        let mut open = vec![folder.to_path_buf()];
        while let Some(next) = open.pop() {
            for item in std::fs::read_dir(&next)? {
                let item = item?;
                let (path, kind) = (item.path(), item.file_type()?);
                if kind.is_dir() {
                    open.push(path);
                    continue;
                }
                let text = |path: &Path| {
                    let text = path.to_str().map(str::to_owned);
                    text.ok_or_else(|| io::Error::other(format!("{} is no UTF-8", path.display())))
                };
                let entry = match kind.is_symlink() {
                    true => Entry::Link {
                        target: text(&std::fs::read_link(&path)?)?,
                    },
                    false => Entry::File {
                        bytes: std::fs::read(&path)?.into(),
                        executable: is_executable(&item.metadata()?),
                    },
                };
                let name = text(path.strip_prefix(folder).unwrap_or(&path))?;
                self.insert(&name, entry).map_err(io::Error::other)?;
            }
        }
        Ok(())
    }
}

#[cfg(unix)]
fn is_executable(of: &std::fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&of.permissions()) & 0o100 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &std::fs::Metadata) -> bool {
    false
}

/// Whether a path names something below a folder, whatever is in it.
fn is_inside(path: &str) -> bool {
    path.split('/').all(|part| {
        !matches!(part, "" | "." | "..")
            && !part.eq_ignore_ascii_case(".git")
            && !part.contains('\0')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_leave_the_folder_are_refused() {
        let mut tree = Tree::default();
        for path in [
            "",
            "/etc/passwd",
            "../x",
            "a/../../x",
            "a//b",
            "./a",
            "a/.",
            ".git/hooks/x",
            "a/.GIT/config",
            "a/",
            "a\0b",
        ] {
            let outside = PathError::Outside(path.to_owned());
            assert_eq!(tree.write(path, *b"x"), Err(outside), "{path:?}");
        }
        assert!(tree.is_empty());
        tree.write(".gitignore", *b"x").unwrap();
        tree.write("a..b/c", *b"x").unwrap();
        assert_eq!(tree.len(), 2);
    }

    #[test]
    fn links_and_files_are_no_folders_and_folders_no_files() {
        let mut tree = Tree::default();
        let link = Entry::Link {
            target: "/etc".into(),
        };
        tree.insert("out", link).unwrap();
        tree.write("a/b", *b"x").unwrap();
        tree.write("a-c", *b"x").unwrap();
        let through = |path: &str, through: &str| PathError::Through {
            path: path.into(),
            through: through.into(),
        };
        assert_eq!(tree.write("out/x", *b"x"), Err(through("out/x", "out")));
        assert_eq!(tree.write("a/b/c", *b"x"), Err(through("a/b/c", "a/b")));
        assert_eq!(tree.write("a", *b"x"), Err(PathError::Folder("a".into())));
        tree.write("out", *b"y").unwrap();
        assert_eq!(tree.file("out"), Some(&b"y"[..]));
    }
}
