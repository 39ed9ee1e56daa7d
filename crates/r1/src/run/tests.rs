use std::cell::Cell;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;

/// Writes its setting and its input's file into `out`, and counts how often it was run.
struct Write<'a> {
    text: &'a str,
    input: Option<&'a Artifact>,
    times: &'a Cell<usize>,
    fails: bool,
}

impl<'a> Write<'a> {
    fn new(text: &'a str, times: &'a Cell<usize>) -> Self {
        Self {
            text,
            input: None,
            times,
            fails: false,
        }
    }
}

impl Stage for Write<'_> {
    fn inputs(&self) -> Vec<&Artifact> {
        self.input.into_iter().collect()
    }

    fn settings(&self) -> Value {
        json!({ "text": self.text })
    }

    fn run(&self, cx: &StageContext) -> Result<()> {
        self.times.set(self.times.get() + 1);
        assert_eq!(cx.resumed, cx.dir.join("half").exists());
        fs::write(cx.dir.join("half"), "")?;
        if self.fails {
            bail!("a reason");
        }
        let before = self
            .input
            .map(|input| fs::read_to_string(input.file("out")));
        fs::write(
            cx.dir.join("out"),
            before.transpose()?.unwrap_or_default() + self.text,
        )?;
        Ok(())
    }

    fn describe(&self) -> &'static str {
        "writes"
    }
}

fn open_with(dir: &TempDir, seed: u64, until: Option<&str>) -> Result<Run> {
    let preset = Preset::load("smoke", &[]).unwrap();
    let options = Options {
        until: until.map(str::to_owned),
        quiet: true,
        memory: None,
        stop: Stop::default(),
    };
    Run::open(dir.path(), &preset, seed, options)
}

fn open(dir: &TempDir) -> Run {
    open_with(dir, 1, None).unwrap()
}

#[test]
fn a_complete_stage_is_skipped_until_something_changes() {
    let (dir, times) = (TempDir::new().unwrap(), Cell::new(0));
    let first = open(&dir).stage("1-base", Write::new("a", &times)).unwrap();
    assert_eq!(
        open(&dir).stage("1-base", Write::new("a", &times)).unwrap(),
        first
    );
    assert_eq!(times.get(), 1);

    let other = open(&dir).stage("1-base", Write::new("b", &times)).unwrap();
    assert_ne!(other.fingerprint, first.fingerprint);
    assert_eq!(fs::read_to_string(other.file("out")).unwrap(), "b");
    open_with(&dir, 2, None)
        .unwrap()
        .stage("1-base", Write::new("b", &times))
        .unwrap();
    assert_eq!(times.get(), 3);

    let mut names: Vec<_> = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, [".lock", "1-base", "preset.toml", "run.json"]);
}

#[test]
fn a_changed_input_is_read_again() {
    let (dir, times) = (TempDir::new().unwrap(), Cell::new(0));
    let run = open(&dir);
    for text in ["a", "b"] {
        let first = run
            .stage("1-base", Write::new(text, &Cell::new(0)))
            .unwrap();
        let second = Write {
            input: Some(&first),
            ..Write::new("!", &times)
        };
        let second = run.stage("2-r1-zero", second).unwrap();
        assert_eq!(
            fs::read_to_string(second.file("out")).unwrap(),
            format!("{text}!")
        );
    }
    assert_eq!(times.get(), 2);
}

#[test]
fn an_interrupted_stage_finds_its_files_again() {
    let (dir, times) = (TempDir::new().unwrap(), Cell::new(0));
    let failing = || Write {
        fails: true,
        ..Write::new("a", &times)
    };
    let error = open(&dir).stage("1-base", failing()).unwrap_err();
    assert_eq!(format!("{error:#}"), "stage 1-base: a reason");
    // The stage itself asserts that it is told.
    open(&dir).stage("1-base", Write::new("a", &times)).unwrap();
    assert_eq!(times.get(), 2);
}

#[test]
fn another_identity_does_not_find_them() {
    let (dir, times) = (TempDir::new().unwrap(), Cell::new(0));
    let failing = Write {
        fails: true,
        ..Write::new("a", &times)
    };
    open(&dir).stage("1-base", failing).unwrap_err();
    open(&dir).stage("1-base", Write::new("b", &times)).unwrap();
}

#[test]
fn what_was_complete_stays_until_it_is_replaced() {
    let (dir, times) = (TempDir::new().unwrap(), Cell::new(0));
    let first = open(&dir).stage("1-base", Write::new("a", &times)).unwrap();
    let failing = Write {
        fails: true,
        ..Write::new("b", &times)
    };
    open(&dir).stage("1-base", failing).unwrap_err();
    assert_eq!(Artifact::open(&first.dir).unwrap(), first);
    // Interrupted between the two renames of a replacement.
    fs::rename(&first.dir, dir.path().join("1-base.old")).unwrap();
    assert_eq!(
        open(&dir).stage("1-base", Write::new("a", &times)).unwrap(),
        first
    );
    assert_eq!(times.get(), 2);
}

#[test]
fn a_damaged_stage_is_done_again() {
    let (dir, times) = (TempDir::new().unwrap(), Cell::new(0));
    let first = open(&dir).stage("1-base", Write::new("a", &times)).unwrap();
    fs::write(first.file("out"), "x").unwrap();
    assert_eq!(
        open(&dir).stage("1-base", Write::new("a", &times)).unwrap(),
        first
    );
    assert_eq!(times.get(), 2);
}

#[test]
fn a_run_stops_where_it_is_asked_to() {
    let (dir, times) = (TempDir::new().unwrap(), Cell::new(0));
    let run = open_with(&dir, 1, Some("2-r1-zero")).unwrap();
    run.stage("1-base", Write::new("a", &times)).unwrap();
    let error = run.stage("2-r1-zero", Write::new("a", &times)).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Stopped("2-r1-zero".into())));
    drop(run);
    let error = open_with(&dir, 1, Some("2-r1-zer")).unwrap_err();
    assert!(is_usage(&error) && error.to_string().contains("did you mean `2-r1-zero`"));
}

#[test]
fn one_directory_takes_one_process() {
    let dir = TempDir::new().unwrap();
    let first = open(&dir);
    let error = open_with(&dir, 1, None).unwrap_err().to_string();
    assert!(error.contains(&std::process::id().to_string()) && error.contains("--run-dir"));
    drop(first);
    open(&dir);
}

#[test]
fn stages_have_seeds_of_their_own() {
    assert_ne!(stage_seed(1, "1-base"), stage_seed(1, "2-r1-zero"));
    assert_ne!(stage_seed(1, "1-base"), stage_seed(2, "1-base"));
    assert_eq!(kind::<Write<'_>>(), "Write");
    assert_eq!(kind::<Option<Write<'_>>>(), "Option");
}
