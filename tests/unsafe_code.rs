//! Where code the compiler does not check may be: a new place is a decision, and docs/safety.md tells of each.

use std::fs;
use std::path::{Path, PathBuf};

use crate::program::root;

/// Files and folders below `crates`.
const PLACES: [&str; 4] = [
    // Vector instructions, and threads that write to places of one tensor that do not overlap.
    "kernels/src/flex",
    // The vector instructions of MinHash.
    "corpus/src/dedup/sketch.rs",
    // A file in memory that others could change.
    "corpus/src/shard/read.rs",
    // Processes, namespaces and system calls of the sandbox.
    "rewards/src/code",
];

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// Whether a line of Rust has code that is not checked.
fn is_unsafe(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    [
        "unsafe {",
        "unsafe fn",
        "unsafe impl",
        "unsafe trait",
        "unsafe extern",
    ]
    .iter()
    .any(|form| code.contains(form))
}

#[test]
fn code_that_is_not_checked_is_in_known_places_and_has_its_reason() {
    let crates = root().join("crates");
    let mut files = Vec::new();
    for entry in fs::read_dir(&crates).expect("the crates") {
        let folder = entry.expect("an entry").path().join("src");
        sources(&folder, &mut files);
    }
    let mut seen = [false; PLACES.len()];
    for path in files {
        let text = fs::read_to_string(&path).expect("text");
        let lines: Vec<&str> = text.lines().collect();
        let inside = path.strip_prefix(&crates).expect("below the crates");
        for (at, line) in lines.iter().enumerate() {
            if !is_unsafe(line) {
                continue;
            }
            let place = PLACES.iter().position(|place| inside.starts_with(place));
            let place = place.unwrap_or_else(|| {
                panic!("{}:{}: `unsafe` in a new place", path.display(), at + 1)
            });
            seen[place] = true;
        }
    }
    for (place, seen) in PLACES.iter().zip(seen) {
        assert!(seen, "{place} has none any more: take it from the list");
    }
}
