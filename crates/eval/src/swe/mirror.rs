//! Repositories as they were at a commit, from bare clones on this machine.
//!
//! `git` reads objects and nothing else: no checkout, so no hooks, filters or attributes; no settings
//! but the clone's own; no network. Left out: submodules, which are passed over, and fetching clones.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rewards::code::{Entry, Tree};

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
        let listed = list(&clone, commit).map_err(wrong("ls-tree"))?;
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

/// `git` on a bare clone, in an environment of its own.
fn git(clone: &Path, args: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.env_clear();
    let path = std::env::var_os("PATH").unwrap_or_else(|| OsStr::new("/usr/bin:/bin").into());
    command
        .env("PATH", path)
        .env("LC_ALL", "C")
        .env("HOME", "/nonexistent")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_NO_REPLACE_OBJECTS", "1")
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_ALLOW_PROTOCOL", "none")
        .args([
            "-c",
            "safe.directory=*",
            "-c",
            "core.hooksPath=/dev/null",
            "--git-dir",
        ])
        .arg(clone)
        .args(args)
        .current_dir("/")
        .stdin(Stdio::null());
    command
}

/// One blob of a tree.
struct Blob {
    mode: u32,
    id: String,
    path: String,
}

fn list(clone: &Path, commit: &str) -> Result<Vec<Blob>, String> {
    let commit = format!("{commit}^{{commit}}");
    let args = ["ls-tree", "-r", "-z", "--full-tree", &commit];
    let output = git(clone, &args)
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
    }
    let text = String::from_utf8(output.stdout).map_err(|_| "a path is no UTF-8".to_owned())?;
    let blob = |line: &str| -> Option<Blob> {
        let (head, path) = line.split_once('\t')?;
        let mut head = head.split(' ');
        Some(Blob {
            mode: u32::from_str_radix(head.next()?, 8).ok()?,
            id: head.nth(1)?.to_owned(),
            path: path.to_owned(),
        })
    };
    let blobs = text
        .split_terminator('\0')
        .map(|line| blob(line).ok_or_else(|| format!("a line that is not understood: {line}")));
    let is_kept = |blob: &Result<Blob, _>| {
        !matches!(
            blob,
            Ok(Blob {
                mode: 0o160_000,
                ..
            })
        )
    };
    blobs.filter(is_kept).collect()
}

fn read(clone: &Path, blobs: &[Blob]) -> Result<Tree, String> {
    let text = |error: std::io::Error| error.to_string();
    let mut command = git(clone, &["cat-file", "--batch"]);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = command.spawn().map_err(text)?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let mut stdin = stdin.ok_or("no way to write to it")?;
    let mut stdout = BufReader::new(stdout.ok_or("no way to read from it")?);
    let tree = std::thread::scope(|scope| {
        // Asked from beside, as neither side waits with a full pipe for the other then.
        scope.spawn(move || {
            blobs
                .iter()
                .try_for_each(|blob| writeln!(stdin, "{}", blob.id))
        });
        let mut tree = Tree::default();
        for blob in blobs {
            let bytes = one(&mut stdout).map_err(text)?;
            let entry = match blob.mode {
                0o120_000 => Entry::Link {
                    target: String::from_utf8(bytes).map_err(|_| "a link is no UTF-8")?,
                },
                mode => Entry::File {
                    bytes: bytes.into(),
                    executable: mode & 0o100 != 0,
                },
            };
            tree.insert(&blob.path, entry)
                .map_err(|error| error.to_string())?;
        }
        Ok(tree)
    });
    if tree.is_err() {
        let _ = child.kill();
    }
    let status = child.wait().map_err(text)?;
    match status.success() || tree.is_err() {
        true => tree,
        false => Err(format!("it ends with {status}")),
    }
}

/// The next object of `cat-file --batch`: `id kind size`, the bytes, a line end.
fn one(from: &mut impl BufRead) -> std::io::Result<Vec<u8>> {
    let mut head = String::new();
    from.read_line(&mut head)?;
    let size = head
        .trim_end()
        .rsplit(' ')
        .next()
        .and_then(|size| size.parse().ok());
    let size: usize = size.ok_or_else(|| std::io::Error::other(format!("it says `{head}`")))?;
    let mut bytes = vec![0; size];
    from.read_exact(&mut bytes)?;
    from.read_exact(&mut [0])?;
    Ok(bytes)
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
