//! Malformed input of every kind: refused with a message that names file and place, exit code 1 or 2,
//! no panic, and nothing written.

mod answers;
mod checkpoints;
mod corpora;
mod gguf_files;
mod keys;
mod problems;
mod prompts;
mod references;
mod requests;
mod tokenizer_files;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::program::{finished, r1};

/// The command failed on what it read.
const FAILED: i32 = 1;
/// The command was called wrongly.
const USAGE: i32 = 2;

/// Everything below a folder, by path.
fn listing(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(dir).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.insert(path.clone(), Vec::new());
            files.extend(listing(&path));
        } else {
            files.insert(path.clone(), fs::read(&path).expect("a file"));
        }
    }
    files
}

/// Inputs that are refused. What is not refused as it should be is told of when the table ends, all of
/// it at once.
#[derive(Default)]
struct Table(Vec<String>);

impl Table {
    /// Runs `r1` with `arguments`, in which `@` is the folder, and holds its refusal to what a refusal
    /// is: the code, an error with every one of `named` in it, no panic, and a folder as it was, but for a
    /// run `@/run` without a complete stage.
    fn refuses(
        &mut self,
        name: &str,
        dir: &TempDir,
        arguments: &[&str],
        code: i32,
        named: &[&str],
    ) {
        let path = dir.path().to_str().expect("a path of text");
        let arguments: Vec<String> = arguments.iter().map(|it| it.replace('@', path)).collect();
        let before = listing(dir.path());
        let mut command = r1(&[]);
        // No run is left behind where the tests are started.
        command.current_dir(dir.path()).args(&arguments);
        let output = finished(&mut command);
        let said = String::from_utf8_lossy(&output.stderr);
        let mut wrong = Vec::new();
        if output.status.code() != Some(code) {
            wrong.push(format!("{}, not {code}", output.status));
        }
        if !said.lines().any(|line| line.starts_with("error: ")) {
            wrong.push("no error is told".to_owned());
        }
        if said.contains("panicked") {
            wrong.push("a panic".to_owned());
        }
        let named = named.iter().map(|part| part.replace('@', path));
        wrong.extend(
            named
                .filter(|part| !said.contains(part))
                .map(|part| format!("{part:?} is not named")),
        );
        let after = listing(dir.path());
        let run = dir.path().join("run");
        let written = after.iter().filter(|(file, content)| {
            before.get(*file) != Some(content) && !file.strip_prefix(&run).is_ok_and(is_begun)
        });
        wrong.extend(written.map(|(file, _)| format!("{} was written", file.display())));
        if !wrong.is_empty() {
            self.0.push(format!(
                "{name}: {}\nr1 {}\n{said}",
                wrong.join("; "),
                arguments.join(" ")
            ));
        }
    }

    /// The same for one file of the given content, alone in its folder.
    fn refuses_file(
        &mut self,
        content: &[u8],
        file: &str,
        arguments: &[&str],
        code: i32,
        named: &[&str],
    ) {
        let dir = TempDir::new().expect("a temporary folder");
        fs::write(dir.path().join(file), content).expect("a file");
        let name = String::from_utf8_lossy(&content[..content.len().min(200)]);
        self.refuses(&name, &dir, arguments, code, named);
    }
}

/// Whether a path of a run directory may be there before any of its stages is complete.
fn is_begun(path: &Path) -> bool {
    let Some(first) = path.iter().next().and_then(|first| first.to_str()) else {
        return true;
    };
    ["preset.toml", "run.json", ".lock"].contains(&first)
        || first.ends_with(".begun")
        || first.ends_with(".partial")
}

impl Drop for Table {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert!(
                self.0.is_empty(),
                "{} rows:\n\n{}",
                self.0.len(),
                self.0.join("\n")
            );
        }
    }
}

/// A copy of a folder's files, but for what would hold them to the hashes of the stage that wrote them: here
/// they are a stranger's.
fn copied(from: &Path) -> TempDir {
    let dir = TempDir::new().expect("a temporary folder");
    let model = dir.path().join("model");
    fs::create_dir(&model).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name");
        if path.is_file() && name != "stage.json" {
            fs::copy(&path, model.join(name)).expect("a copy");
        }
    }
    dir
}
