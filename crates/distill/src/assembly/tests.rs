//! Whole sets: what is in them, and that no stop changes a byte.

use std::collections::{BTreeMap, BTreeSet};

use data::chat::Message;
use data::dataset::Dataset;
use data::{Domain, seed};
use rand::{Rng, RngExt};

use super::*;
use crate::rules::RuleConfig;

fn words(rng: &mut impl Rng, count: usize) -> String {
    let word = |_| format!("w{}", rng.random_range(0..50_000));
    (0..count).map(word).collect::<Vec<_>>().join(" ")
}

fn entry(id: String, question: &str, answer: &str, at: usize) -> Entry {
    Entry {
        messages: vec![Message::user(question), Message::assistant(answer)],
        source: ["teacher", "other"][at % 2].into(),
        domain: Domain::ALL[at % 3],
        language: ["en", "zh"][at % 5 / 4].into(),
        id,
        level: (!at.is_multiple_of(7)).then_some(1 + at as u32 % 4),
    }
}

const HELD: &str =
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen";

/// 400 entries: of every 20 one is blank, one the same as the one 5 before, one nearly so, and one has a held-out
/// text in it; the others are new, three to a question.
fn entries(name: &str) -> Vec<Entry> {
    let mut all: Vec<Entry> = Vec::new();
    for at in 0..400usize {
        let mut rng = seed::stream(1, &[name, &at.to_string()]);
        let question = format!("{name} asks {} now?", at / 3);
        let answer = words(&mut rng, 80);
        let id = |kind: &str| format!("{name}-{kind}-{at}");
        let before = at
            .checked_sub(5)
            .map(|at| all[at].messages[1].content.clone());
        all.push(match (at % 20, before) {
            (10, _) => entry(id("blank"), &question, " ", at),
            (11, Some(before)) => {
                let question = &all[at - 5].messages[0].content.clone();
                entry(id("exact"), question, &before, at - 5)
            }
            (12, Some(before)) => {
                let question = &all[at - 5].messages[0].content.clone();
                entry(id("near"), question, &format!("{before} end"), at)
            }
            (13, _) => entry(id("held"), &question, &format!("{answer} {HELD}"), at),
            _ => entry(id("new"), &question, &answer, at),
        });
    }
    all
}

fn inputs() -> Vec<Input<'static>> {
    let input = |name: &str, side| Input::new(name, "MIT", side, entries(name).into_iter().map(Ok));
    vec![input("math", Side::Reasoning), input("talk", Side::General)]
}

fn held_out() -> Vec<HeldOut> {
    vec![HeldOut {
        name: "counting".into(),
        texts: vec![HELD.into()],
    }]
}

/// Bytes of a segment: some 80 entries.
const SEGMENT: usize = 60_000;

fn settings() -> AssemblySettings {
    AssemblySettings {
        validation: 0.2,
        per_problem: 2,
        per_file: 100,
        ..AssemblySettings::default()
    }
}

fn made(
    dir: &Path,
    settings: &AssemblySettings,
    told: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Card, AssemblyError> {
    assemble_by(SEGMENT, dir, settings, &held_out(), inputs(), told)
}

fn on(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// Every file of a directory with its bytes.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let listed = std::fs::read_dir(dir).unwrap().map(|it| it.unwrap());
    let read = listed.map(|it| {
        let name = it.file_name().into_string().unwrap();
        let bytes = std::fs::read(it.path()).unwrap_or_else(|error| panic!("{name}: {error}"));
        (name, bytes)
    });
    read.collect()
}

fn read(dir: &Path, card: &Card, split: &str) -> Vec<Entry> {
    let files = card.files.iter().filter(|it| it.name.starts_with(split));
    let read = files.flat_map(|file| {
        let set = Dataset::open(dir.join(&file.name)).unwrap();
        let entries = set.records::<Entry>().gather().unwrap();
        assert_eq!(
            (entries.records.len(), entries.skipped.len()),
            (file.entries, 0)
        );
        entries.records
    });
    read.collect()
}

fn check(format: Format) {
    let dir = tempfile::tempdir().unwrap();
    let settings = AssemblySettings {
        format,
        ..settings()
    };
    let card = made(dir.path(), &settings, &mut on).unwrap();
    assert_eq!(card, Card::read(dir.path()).unwrap().unwrap());
    assert_eq!(card.read, 800);
    for gate in ["unusable", "exact_duplicate", "near_duplicate", "held_out"] {
        assert_eq!(card.dropped(gate), 40, "{gate}");
    }
    assert_eq!(card.held_out["counting"], 40);
    let (train, validation) = (
        read(dir.path(), &card, "train"),
        read(dir.path(), &card, "validation"),
    );
    assert_eq!(
        (train.len(), validation.len()),
        (card.train, card.validation)
    );
    assert!(!validation.is_empty() && card.files.len() > 3);
    // What was left in, to the letter.
    let mut known: BTreeMap<String, Entry> = BTreeMap::new();
    for name in ["math", "talk"] {
        known.extend(entries(name).into_iter().map(|it| (it.id.clone(), it)));
    }
    let (mut per_problem, mut sides) = (BTreeMap::new(), [0, 0]);
    for entry in train.iter().chain(&validation) {
        assert_eq!(entry, &known[&entry.id]);
        assert!(entry.id.contains("-new-"), "{}", entry.id);
        *per_problem.entry(entry.question().unwrap()).or_insert(0) += 1;
        sides[usize::from(entry.id.starts_with("talk"))] += 1;
    }
    assert!(per_problem.values().all(|count| *count <= 2));
    assert_eq!(sides[1], (f64::from(sides[0]) / 3.0).round() as i32);
    let asked = |split: &[Entry]| -> BTreeSet<String> {
        split
            .iter()
            .map(|it| it.question().unwrap().to_owned())
            .collect()
    };
    assert!(asked(&train).is_disjoint(&asked(&validation)));
    assert_eq!(card.problems[1], asked(&validation).len());
    // The card says what is there.
    let left: u64 = card.gates.last().unwrap().left;
    assert_eq!(left as usize, card.train + card.validation);
    for counts in [&card.domains, &card.levels, &card.languages, &card.sources] {
        assert_eq!(counts.values().sum::<u64>(), left);
    }
    let files = files(dir.path());
    for file in &card.files {
        let bytes = &files[&file.name];
        assert_eq!(
            (bytes.len() as u64, sha256(bytes)),
            (file.bytes, file.sha256.clone())
        );
    }
    let markdown = String::from_utf8(files["README.md"].clone()).unwrap();
    assert!(markdown.contains("| near_duplicate | no text much like it came before | 40 |"));
    assert!(
        markdown.contains("| math | reasoning | MIT | 400 |"),
        "{markdown}"
    );
    assert!(markdown.contains("% like `math-new-7`"), "{markdown}");
}

#[test]
fn a_set_has_what_was_asked_for() {
    check(Format::Jsonl);
}

#[cfg(feature = "zstd")]
#[test]
fn a_set_is_packed() {
    check(Format::JsonlZst);
}

#[cfg(feature = "parquet")]
#[test]
fn a_set_is_a_table() {
    check(Format::Parquet);
}

#[test]
fn no_stop_changes_a_byte() {
    let whole = tempfile::tempdir().unwrap();
    let (mut steps, mut segments) = (0, 0);
    let card = made(whole.path(), &settings(), &mut |progress| {
        steps += 1;
        segments += usize::from(matches!(progress, Progress::Judged(_)));
        ControlFlow::Continue(())
    })
    .unwrap();
    let expected = files(whole.path());
    assert!(steps > 25, "{steps}");
    for stop in 1..=steps {
        let dir = tempfile::tempdir().unwrap();
        let mut told = 0;
        let stopped = made(dir.path(), &settings(), &mut |_| {
            told += 1;
            match told == stop {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        assert!(matches!(stopped, Err(AssemblyError::Stopped)), "{stop}");
        // What a kill leaves half done is written over.
        for rest in [
            "progress/000003.jsonl",
            "progress/duplicates.json",
            "train-00000-of-00004.jsonl",
        ] {
            let path = data::files::partial(&dir.path().join(rest));
            std::fs::write(path, "rest").unwrap();
        }
        let mut again = Vec::new();
        let resumed = made(dir.path(), &settings(), &mut |progress| {
            again.push(progress);
            ControlFlow::Continue(())
        });
        assert_eq!(resumed.unwrap(), card, "{stop}");
        // Segments, and files, are not made again.
        let judged = again.iter().filter(|it| matches!(it, Progress::Judged(_)));
        assert_eq!(judged.count(), segments.saturating_sub(stop), "{stop}");
        let mut found = files(dir.path());
        found.retain(|name, _| !name.ends_with(".partial"));
        assert!(found == expected, "stopped at {stop}");
    }
}

#[test]
fn a_whole_set_is_left_alone_and_another_refused() {
    let dir = tempfile::tempdir().unwrap();
    let card = made(dir.path(), &settings(), &mut on).unwrap();
    let again = made(dir.path(), &settings(), &mut |_| panic!("nothing is done")).unwrap();
    assert_eq!(again, card);
    // Killed after the card: what is left over goes.
    let progress = dir.path().join("progress");
    std::fs::create_dir(&progress).unwrap();
    assert_eq!(made(dir.path(), &settings(), &mut on).unwrap(), card);
    assert!(!progress.exists());
    let other = AssemblySettings {
        seed: 9,
        ..settings()
    };
    let refused = made(dir.path(), &other, &mut on);
    assert!(matches!(refused, Err(AssemblyError::Other { .. })));
}

#[test]
fn inputs_that_fail_or_change_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let run = |inputs, told: &mut dyn FnMut(Progress) -> ControlFlow<()>| {
        assemble_by(SEGMENT, dir.path(), &settings(), &held_out(), inputs, told)
    };
    let mut failing = inputs();
    let mut read = 0;
    failing[0].entries = Box::new(entries("math").into_iter().map(move |entry| {
        read += 1;
        match read == 100 {
            true => Err("line 100 is cut".into()),
            false => Ok(entry),
        }
    }));
    let failed = run(failing, &mut on).unwrap_err().to_string();
    assert_eq!(failed, "input `math`, entry 99: line 100 is cut");
    let mut changed = inputs();
    let mut others = entries("math");
    others[3].messages[1].content.push('!');
    changed[0].entries = Box::new(others.into_iter().map(Ok));
    let refused = run(changed, &mut on).unwrap_err();
    assert!(matches!(refused, AssemblyError::Changed { name, .. } if name == "math"));
    let mut shorter = inputs();
    shorter[0].entries = Box::new(entries("math").into_iter().take(5).map(Ok));
    let refused = run(shorter, &mut on).unwrap_err();
    assert!(matches!(refused, AssemblyError::Changed { .. }));
    assert!(run(inputs(), &mut on).is_ok());
}

#[test]
fn rules_are_gates_and_an_empty_set_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let settings = AssemblySettings {
        rules: Some(RuleConfig::default()),
        ..settings()
    };
    let failed = made(dir.path(), &settings, &mut on).unwrap_err();
    let AssemblyError::Empty { read: 800, gates } = failed else {
        panic!("{failed}");
    };
    // No reasoning is in the template, and so there is nothing for general entries to stand beside.
    assert!(gates.contains("template 380"), "{gates}");
}

#[test]
fn one_process_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let mut refused = false;
    made(dir.path(), &settings(), &mut |_| {
        let second = made(dir.path(), &settings(), &mut on);
        refused = matches!(second, Err(AssemblyError::Locked { .. }));
        ControlFlow::Continue(())
    })
    .unwrap();
    assert!(refused);
}
