//! Data sets as they are found in the world, where they are present.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::*;
use crate::{Conversation, Problem, Record, Text};

fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data")
        .join(name);
    if !path.exists() {
        let _ = writeln!(std::io::stderr(), "skipped: no {}", path.display());
        return None;
    }
    Some(path)
}

/// How many records were read and how many skipped.
fn count<T: FromRow>(path: &Path, map: &str) -> (usize, usize) {
    let dataset = Dataset::open(path)
        .unwrap()
        .with_columns(map.parse().unwrap());
    let gathered = dataset.records::<T>().gather().unwrap();
    (gathered.records.len(), gathered.skipped.len())
}

#[test]
fn mathematics_is_problems_and_conversations() {
    for (name, map, records, skipped) in [
        ("gsm8k_train.jsonl", "", 7473, 0),
        ("gsm8k_test.jsonl", "", 1319, 0),
        ("math500.jsonl", "", 500, 0),
        ("aime24.jsonl", "", 30, 0),
        ("amc23.jsonl", "", 40, 0),
        ("aime_1983_2023.json", "", 975, 0),
        // Four of its answers are null or blank.
        ("math_train_deepscaler.json", "", 7470, 4),
        ("cn_middle_school.jsonl", "", 101, 0),
        (
            "svamp.jsonl",
            "question=Question,answer=Answer,id=ID",
            1000,
            0,
        ),
        ("asdiv.jsonl", "", 2215, 0),
    ] {
        let Some(path) = shared(&format!("math/{name}")) else {
            return;
        };
        assert_eq!(count::<Problem>(&path, map), (records, skipped), "{name}");
        assert_eq!(
            count::<Conversation>(&path, map),
            (records, skipped),
            "{name}"
        );
        assert_eq!(count::<Record>(&path, map), (records, skipped), "{name}");
    }
}

#[test]
fn answers_in_boxes_are_found() {
    let Some(path) = shared("math/minerva_math.jsonl") else {
        return;
    };
    assert_eq!(count::<Problem>(&path, ""), (272, 0));
}

#[test]
fn programs_and_texts_are_read() {
    for name in [
        "HumanEval.jsonl.gz",
        "mbpp.jsonl",
        "leetcode_train.json",
        "codeforces_test.json",
    ] {
        let Some(path) = shared(&format!("code/{name}")) else {
            return;
        };
        let (records, skipped) = count::<Problem>(&path, "");
        assert!(records > 100 && skipped == 0, "{name} {records} {skipped}");
    }
    let Some(path) = shared("text/c4_demo.jsonl") else {
        return;
    };
    assert_eq!(count::<Text>(&path, ""), (300, 0));
}

#[test]
fn other_columns_are_named_and_mapped() {
    let Some(path) = shared("general/self_instruct_seed_tasks.jsonl") else {
        return;
    };
    let error = Dataset::open(&path)
        .unwrap()
        .sample::<Conversation>()
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("instances, instruction, is_classification"),
        "{error}"
    );
    let map = "input=instances.0.input,output=instances.0.output";
    assert_eq!(count::<Conversation>(&path, map), (175, 0));
    let Some(path) = shared("general/tulu_eval_instances.jsonl") else {
        return;
    };
    let (records, skipped) = count::<Conversation>(&path, "completion=completions.0.completion");
    assert_eq!(records + skipped, 996);
    assert!(records > 900, "{records}");
}
