//! What the targets share: a folder of their own, and inputs in parts.

use std::fs;
use std::path::PathBuf;

/// A folder for the files of this process; in `/dev/shm` where there is one, as nothing of it is kept.
pub fn folder() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    let place = if memory.is_dir() {
        memory
    } else {
        std::env::temp_dir()
    };
    let folder = place.join(format!("r1-fuzz-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("the folder for temporary files can be written");
    folder
}

/// Writes a file of [`folder`].
pub fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder().join(name);
    fs::write(&path, bytes).expect("the folder for temporary files can be written");
    path
}

/// The two parts of an input, as a line of `=====` divides them; the second is empty without one.
pub fn halves(text: &str) -> (&str, &str) {
    text.split_once("\n=====\n").unwrap_or((text, ""))
}
