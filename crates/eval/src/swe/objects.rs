//! What `git` says of the objects of a bare clone.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use rewards::code::{Entry, Tree};

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
pub(super) struct Blob {
    mode: u32,
    id: String,
    path: String,
}

/// The files of a commit, those at `paths` alone where there are any.
pub(super) fn list(clone: &Path, commit: &str, paths: &[&str]) -> Result<Vec<Blob>, String> {
    let commit = format!("{commit}^{{commit}}");
    let mut args = vec!["ls-tree", "-r", "-z", "--full-tree"];
    args.extend([commit.as_str(), "--"].iter().chain(paths));
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

/// Their contents.
pub(super) fn read(clone: &Path, blobs: &[Blob]) -> Result<Tree, String> {
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
