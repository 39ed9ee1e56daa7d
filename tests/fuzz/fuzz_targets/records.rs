//! Records of a file, whatever its form; what stands before a line of `=====` names the columns.

#![no_main]

use std::path::Path;

use data::dataset::{ColumnMap, Dataset, Fault, FromRow};
use data::{Conversation, Problem, Record, Text, import};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mark = b"\n=====\n";
    let at = bytes.windows(mark.len()).position(|window| window == mark);
    let (names, content) = match at {
        Some(at) => (&bytes[..at], &bytes[at + mark.len()..]),
        None => (&[][..], bytes),
    };
    let mut columns = ColumnMap::default();
    if let Ok(map) = str::from_utf8(names)
        .unwrap_or_default()
        .parse::<ColumnMap>()
    {
        assert_eq!(
            map.to_string().parse(),
            Ok(map.clone()),
            "a map is read back"
        );
        columns = map;
    }
    let path = fuzz::file("records.jsonl", content);
    let read = |path: &Path| {
        Dataset::open(path)
            .expect("a file")
            .with_columns(columns.clone())
    };
    let set = read(&path);
    let records = all::<Record>(&set);
    all::<Problem>(&set);
    for conversation in all::<Conversation>(&set) {
        assert!(
            conversation.messages.len() > 1,
            "somebody asks and somebody answers"
        );
    }
    for text in all::<Text>(&set) {
        assert!(!text.text.trim().is_empty());
    }
    if let Ok(found) = import::all(&set) {
        let mut ids: Vec<&str> = found.problems.iter().map(|it| it.id.as_str()).collect();
        ids.sort_unstable();
        assert!(
            ids.windows(2).all(|pair| pair[0] != pair[1]),
            "ids are distinct"
        );
        back(&found.problems);
    }
    let _ = import::problems(&path);
    let _ = import::programs(&path);
    conversations_and_texts(&records);
});

/// What there is to read, twice the same and within the lines of the file.
fn all<T: FromRow + PartialEq + std::fmt::Debug>(set: &Dataset) -> Vec<T> {
    let read = || {
        let (mut found, mut skipped, mut failed) = (Vec::new(), 0, None);
        for record in set.records::<T>() {
            assert!(failed.is_none(), "nothing follows a failure");
            match record {
                Ok(record) => found.push(record),
                Err(Fault::Skipped(record)) => {
                    assert!(record.line > skipped, "lines are counted from 1");
                    skipped += 1;
                }
                Err(Fault::Failed(error)) => failed = Some(error.to_string()),
            }
        }
        (found, skipped, failed)
    };
    let (found, skipped, failed) = read();
    for record in &found {
        record.show();
    }
    let (again, ..) = read();
    assert_eq!(again, found);
    assert!(
        !found.is_empty() || failed.is_some(),
        "{skipped} skipped, and no word"
    );
    found
}

/// Records that are written as lines are read back as they were.
fn back<T: FromRow + PartialEq + std::fmt::Debug + serde::Serialize>(records: &[T]) {
    if records.is_empty() {
        return;
    }
    let line = |record: &T| serde_json::to_string(record).expect("a record is JSON") + "\n";
    let lines: String = records.iter().map(line).collect();
    let path = fuzz::file("written.jsonl", lines.as_bytes());
    let read = Dataset::open(&path)
        .expect("a file")
        .records::<T>()
        .gather();
    let read = read.unwrap_or_else(|error| panic!("{error} of {lines:?}"));
    assert_eq!(read.records, records, "{lines:?}");
}

fn conversations_and_texts(records: &[Record]) {
    let (mut conversations, mut texts) = (Vec::new(), Vec::new());
    for record in records {
        match record {
            Record::Problem(_) => {}
            Record::Conversation(conversation) => conversations.push(conversation.clone()),
            Record::Text(text) => texts.push(text.clone()),
        }
    }
    back(&conversations);
    back(&texts);
}
