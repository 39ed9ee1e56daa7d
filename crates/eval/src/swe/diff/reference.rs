//! Held against `git`: what it writes is read, and what both apply comes out the same.

use std::path::Path;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use rewards::code::Tree;

use super::{Patch, apply, parse};

/// Runs `git` in a folder, without anybody's settings; its exit code and what it wrote.
fn git(folder: &Path, args: &[&str]) -> (i32, String) {
    let output = Command::new("git")
        .args(args)
        .current_dir(folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CEILING_DIRECTORIES", folder)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .expect("git is on the PATH");
    let text = String::from_utf8(output.stdout).expect("the test's texts are UTF-8");
    (output.status.code().unwrap_or(-1), text)
}

/// A line of few kinds, so that hunks fit in several places.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[abc]{0,2}",
        1 => Just("\\ no".to_owned()),
        1 => Just("-- x".to_owned()),
        1 => "[ \t]é?[+@-]{0,3}",
    ]
}

fn text(lines: &[String], newline: bool, ends: &str) -> String {
    let mut text = lines.join(ends);
    if newline && !lines.is_empty() {
        text += ends;
    }
    text
}

/// A file's lines and what is done at some of them: 0 removes, 1 replaces, 2 inserts.
type Edits = Vec<(prop::sample::Index, u8, String)>;

fn edited(lines: &[String], edits: &Edits) -> Vec<String> {
    let mut lines = lines.to_vec();
    for (at, what, new) in edits {
        if lines.is_empty() {
            lines.push(new.clone());
            continue;
        }
        let at = at.index(lines.len());
        match what {
            0 => drop(lines.remove(at)),
            1 => lines[at].clone_from(new),
            _ => lines.insert(at, new.clone()),
        }
    }
    lines
}

fn edits(most: usize) -> impl Strategy<Value = Edits> {
    prop::collection::vec((any::<prop::sample::Index>(), 0..3_u8, line()), 0..most)
}

fn tree(text: &str) -> Tree {
    let mut tree = Tree::default();
    tree.write("new", text.as_bytes()).unwrap();
    tree
}

/// What `git diff` says, with both names made one.
fn diff(folder: &Path, old: &str, new: &str, context: usize) -> String {
    std::fs::write(folder.join("old"), old).unwrap();
    std::fs::write(folder.join("new"), new).unwrap();
    let context = format!("-U{context}");
    let args = ["diff", "--no-index", "--no-color", &context, "old", "new"];
    git(folder, &args).1.replace("a/old", "a/new")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_git_diff_says_makes_the_new_file_and_is_printed_back(
        lines in prop::collection::vec(line(), 0..40),
        edits in edits(6),
        newlines in any::<(bool, bool)>(),
        crlf in any::<bool>(),
        context in 0..5_usize,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let ends = if crlf { "\r\n" } else { "\n" };
        let old = text(&lines, newlines.0, ends);
        let new = text(&edited(&lines, &edits), newlines.1, ends);
        let diff = diff(folder.path(), &old, &new, context);
        if diff.is_empty() {
            prop_assert_eq!(old, new);
            return Ok(());
        }
        let patch = parse(&diff).unwrap();
        prop_assert_eq!(patch.to_string(), diff);
        let (after, applied) = apply(&tree(&old), &patch, 0).unwrap();
        prop_assert_eq!(after.file("new"), Some(new.as_bytes()));
        prop_assert!(applied[0].hunks.iter().all(|placed| placed.offset == 0));
    }

    #[test]
    fn on_a_changed_file_git_apply_comes_to_the_same(
        lines in prop::collection::vec(line(), 5..40),
        edits_ours in edits(4),
        edits_theirs in edits(4),
        newlines in any::<(bool, bool)>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let old = text(&lines, true, "\n");
        let new = text(&edited(&lines, &edits_ours), newlines.0, "\n");
        let other = text(&edited(&lines, &edits_theirs), newlines.1, "\n");
        let diff = diff(folder.path(), &old, &new, 3);
        if diff.is_empty() || other.is_empty() {
            return Ok(());
        }
        std::fs::write(folder.path().join("new"), &other).unwrap();
        std::fs::write(folder.path().join("diff"), &diff).unwrap();
        let (code, _) = git(folder.path(), &["apply", "--whitespace=nowarn", "diff"]);
        let ours = apply(&tree(&other), &parse(&diff).unwrap(), 0);
        // Without fuzz, what the one applies the other does as well.
        prop_assert_eq!(ours.is_ok(), code == 0, "{:?}\n{}", ours.err(), diff);
        if let Ok((after, _)) = ours {
            let theirs = std::fs::read(folder.path().join("new")).unwrap();
            prop_assert_eq!(after.file("new"), Some(theirs.as_slice()));
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "(?s)(@@ -[0-9],?[0-9]? \\+[0-9] @@|[-+ ]|--- a/x\n\\+\\+\\+ b/x\n|.|\n){0,40}") {
        if let Ok(patch) = parse(&text) {
            let again: Patch = parse(&patch.to_string()).unwrap();
            prop_assert_eq!(&again, &patch);
            let _ = apply(&tree("a\nb\n"), &patch, 5);
        }
    }
}
