//! Repositories as they were at a commit, from bare clones on this machine.
//!
//! `git` reads objects and nothing else: no checkout, so no hooks, filters or attributes; no settings
//! but the clone's own; no network. Left out: submodules, which are passed over, and fetching clones.

use std::path::PathBuf;

use rewards::code::Tree;

use super::objects::{list, read};

/// A folder of bare clones, each named `owner__name` or `owner__name.git`.
#[derive(Debug, Clone)]
pub struct Mirror {
    folder: PathBuf,
}

/// Why a repository is not to be had.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    /// There is no clone of it.
    #[error("no clone of {repo}: make one by `git clone --bare https://github.com/{repo} {}`", path.display())]
    NoClone {
        /// `owner/name`.
        repo: String,
        /// Where it should be.
        path: PathBuf,
    },
    /// A name or commit has other characters than those have.
    #[error("`{0}` is neither `owner/name` nor a commit's number")]
    Name(String),
    /// `git` does not run, or says no.
    #[error("`git {command}` in {}: {reason}", folder.display())]
    Git {
        /// The command.
        command: &'static str,
        /// The clone.
        folder: PathBuf,
        /// What it said.
        reason: String,
    },
}

impl Mirror {
    /// The clones of a folder.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// The files of `repo` at `commit`, a whole number of a commit or its beginning.
    ///
    /// # Errors
    /// Where there is no such clone or commit, or `git` is missing.
    pub fn tree(&self, repo: &str, commit: &str) -> Result<Tree, MirrorError> {
        self.files(repo, commit, &[])
    }

    /// The files at `paths` alone, of those there are; without paths all.
    ///
    /// # Errors
    /// As [`Mirror::tree`].
    pub fn files(&self, repo: &str, commit: &str, paths: &[&str]) -> Result<Tree, MirrorError> {
        let is_commit = commit.len() >= 7 && commit.bytes().all(|b| b.is_ascii_hexdigit());
        if !is_commit {
            return Err(MirrorError::Name(commit.to_owned()));
        }
        let clone = self.clone_of(repo)?;
        let wrong = |command: &'static str| {
            let folder = clone.clone();
            move |reason: String| MirrorError::Git {
                command,
                folder,
                reason,
            }
        };
        let listed = list(&clone, commit, paths).map_err(wrong("ls-tree"))?;
        read(&clone, &listed).map_err(wrong("cat-file"))
    }

    fn clone_of(&self, repo: &str) -> Result<PathBuf, MirrorError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let name = match repo.split_once('/') {
            Some((owner, name)) if owner.chars().chain(name.chars()).all(plain) => {
                format!("{owner}__{name}")
            }
            _ => return Err(MirrorError::Name(repo.to_owned())),
        };
        let path = self.folder.join(&name);
        let packed = self.folder.join(format!("{name}.git"));
        let found = [&path, &packed]
            .into_iter()
            .find(|path| path.join("objects").is_dir());
        found.cloned().ok_or_else(|| MirrorError::NoClone {
            repo: repo.to_owned(),
            path: packed,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_none_never_reach_git() {
        let mirror = Mirror::new("/nonexistent");
        for (repo, commit) in [
            ("a/b/c", "0123456"),
            ("a/b c", "0123456"),
            ("a/b", "--upload-pack=x"),
            ("a/b", "HEAD"),
            ("a/b", "abc"),
        ] {
            let error = mirror.tree(repo, commit).unwrap_err();
            assert!(
                matches!(error, MirrorError::Name(_)),
                "{repo} {commit}: {error}"
            );
        }
        let error = mirror.tree("a/b", "0123456789").unwrap_err();
        assert!(
            error
                .to_string()
                .contains("git clone --bare https://github.com/a/b")
        );
    }
}
