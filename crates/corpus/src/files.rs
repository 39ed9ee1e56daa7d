//! Directories that one process fills at a time, and telling whether a source is the one read before.
//!
//! Files that are whole or not there are [`data::files`]'s.

use std::fs::{File, TryLockError};
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

use data::files::write_whole;

fn at(path: &Path) -> impl FnOnce(Error) -> (PathBuf, Error) {
    let path = path.to_owned();
    move |error| (path, error)
}

/// A directory of what is not whole yet, held by this process.
#[derive(Debug)]
pub struct Claim {
    dir: PathBuf,
    _lock: File,
}

/// Why a directory cannot be held.
#[derive(Debug)]
pub enum Unclaimed {
    /// Another process holds it.
    Held,
    /// It is of something else.
    Other,
    /// A file that failed, and how.
    Io(PathBuf, Error),
}

impl Claim {
    /// Holds `dir`, which is made when missing, for what `identity` stands for. It stays held as long as
    /// the claim lives, or the process.
    ///
    /// # Errors
    /// [`Unclaimed`].
    pub fn new(dir: &Path, identity: &str) -> Result<Self, Unclaimed> {
        let io = |(path, error)| Unclaimed::Io(path, error);
        std::fs::create_dir_all(dir).map_err(at(dir)).map_err(io)?;
        let path = dir.join("lock");
        let lock = File::create(&path).map_err(at(&path)).map_err(io)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Unclaimed::Held),
            Err(TryLockError::Error(error)) => return Err(Unclaimed::Io(path, error)),
        }
        let path = dir.join("identity");
        match std::fs::read_to_string(&path) {
            Ok(found) if found == identity => {}
            Ok(_) => return Err(Unclaimed::Other),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                write_whole(&path, identity.as_bytes()).map_err(io)?;
            }
            Err(error) => return Err(Unclaimed::Io(path, error)),
        }
        Ok(Self {
            dir: dir.to_owned(),
            _lock: lock,
        })
    }

    /// Removes the directory: what it was for is whole.
    ///
    /// # Errors
    /// The directory, and why it stays.
    pub fn finish(self) -> Result<(), (PathBuf, Error)> {
        let dir = self.dir.clone();
        drop(self);
        std::fs::remove_dir_all(&dir).map_err(at(&dir))
    }
}

/// The hash of texts so far, and one more: eight bytes at a time. It tells whether a source is the one
/// that was read before, not whether someone forged it.
pub fn chained(chain: u64, text: &str) -> u64 {
    let mut hash = chain;
    let mut chunks = text.as_bytes().chunks_exact(8);
    for chunk in &mut chunks {
        let word = u64::from_le_bytes(chunk.try_into().expect("eight bytes"));
        hash = (hash ^ word)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(31);
    }
    let mut last = [0; 8];
    last[..chunks.remainder().len()].copy_from_slice(chunks.remainder());
    hash ^= u64::from_le_bytes(last) ^ ((text.len() as u64) << 32);
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_held_once_and_for_one_thing() {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("progress");
        let claim = Claim::new(&place, "a").unwrap();
        assert!(matches!(Claim::new(&place, "a"), Err(Unclaimed::Held)));
        drop(claim);
        assert!(matches!(Claim::new(&place, "b"), Err(Unclaimed::Other)));
        Claim::new(&place, "a").unwrap().finish().unwrap();
        assert!(!place.exists());
    }

    #[test]
    fn a_chain_tells_texts_and_their_order() {
        let chain = |texts: &[&str]| texts.iter().fold(0, |chain, text| chained(chain, text));
        assert_eq!(chain(&["a", "bc"]), chain(&["a", "bc"]));
        assert_ne!(chain(&["a", "bc"]), chain(&["ab", "c"]));
        assert_ne!(chain(&["a", "bc"]), chain(&["bc", "a"]));
        assert_ne!(chain(&["a"]), chain(&["a", ""]));
    }
}
