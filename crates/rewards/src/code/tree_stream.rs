//! A tree on its way to a launcher: a kind, a path and what is there, for each entry in turn.

use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::Path;

use super::tree::{Entry, Tree};

const END: u8 = 0;
const FILE: u8 = 1;
const PROGRAM: u8 = 2;
const LINK: u8 = 3;

/// Writes a tree.
pub(crate) fn write(to: &mut impl Write, tree: &Tree) -> io::Result<()> {
    for (path, entry) in tree.iter() {
        let (kind, bytes): (u8, &[u8]) = match entry {
            Entry::File { bytes, executable } => (if *executable { PROGRAM } else { FILE }, bytes),
            Entry::Link { target } => (LINK, target.as_bytes()),
        };
        to.write_all(&[kind])?;
        for part in [path.as_bytes(), bytes] {
            to.write_all(&(part.len() as u64).to_le_bytes())?;
            to.write_all(part)?;
        }
    }
    to.write_all(&[END])
}

/// Reads what [`write`] wrote into an empty folder. All of it is read, whatever cannot be kept.
///
/// # Errors
/// The outer: the stream ends early. The inner: something could not be kept.
pub(crate) fn unpack(from: &mut impl Read, folder: &Path) -> io::Result<io::Result<()>> {
    let mut kept = Ok(());
    // Links come last, so that nothing is written through one.
    let mut links = Vec::new();
    loop {
        let mut kind = [0];
        from.read_exact(&mut kind)?;
        if kind[0] == END {
            break;
        }
        let path = part(from)?;
        let bytes = part(from)?;
        let path = folder.join(String::from_utf8_lossy(&path).as_ref());
        if kept.is_err() {
            continue;
        }
        match kind[0] {
            LINK => links.push((path, bytes)),
            kind => kept = file(&path, &bytes, kind == PROGRAM),
        }
    }
    for (path, target) in links {
        kept = kept.and_then(|()| {
            parents(&path)?;
            symlink(String::from_utf8_lossy(&target).as_ref(), &path)
        });
    }
    Ok(kept)
}

fn part(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut length = [0; 8];
    from.read_exact(&mut length)?;
    let length = u64::from_le_bytes(length);
    let mut bytes = Vec::new();
    match from.by_ref().take(length).read_to_end(&mut bytes)? as u64 {
        read if read == length => Ok(bytes),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

fn parents(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), std::fs::create_dir_all)
}

fn file(path: &Path, bytes: &[u8], executable: bool) -> io::Result<()> {
    parents(path)?;
    let mode = if executable { 0o755 } else { 0o644 };
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true).mode(mode);
    options.open(path)?.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_survives_the_way() {
        let mut tree = Tree::default();
        tree.write("a/b.py", *b"print(1)\n").unwrap();
        let run = Entry::File {
            bytes: (*b"#!/bin/sh\n\xff").into(),
            executable: true,
        };
        tree.insert("run", run).unwrap();
        let link = Entry::Link {
            target: "a/b.py".into(),
        };
        tree.insert("a/link", link).unwrap();
        let mut bytes = Vec::new();
        write(&mut bytes, &tree).unwrap();
        let folder = tempfile::tempdir().unwrap();
        unpack(&mut bytes.as_slice(), folder.path())
            .unwrap()
            .unwrap();
        let mut back = Tree::default();
        back.read_folder(folder.path()).unwrap();
        assert_eq!(back, tree);
        let again = unpack(&mut bytes.as_slice(), folder.path()).unwrap();
        assert!(again.is_err(), "nothing is written over");
        assert!(unpack(&mut &bytes[..9], folder.path()).is_err());
    }
}
