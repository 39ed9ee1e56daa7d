//! Files of every form, good and bad, through the whole of the reader.

mod properties;
#[cfg(feature = "parquet")]
mod tables;

use std::io::Write;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;
use crate::{Conversation, Problem, Record, Text};

/// A folder with one file.
fn file(name: &str, content: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    (folder, path)
}

fn gather<T: FromRow>(path: &Path) -> Result<Gathered<T>, ReadError> {
    Dataset::open(path)?.records::<T>().gather()
}

fn texts(name: &str, content: impl AsRef<[u8]>) -> Result<Vec<String>, ReadError> {
    let (_folder, path) = file(name, content);
    let gathered = gather::<Text>(&path)?;
    assert_eq!(gathered.skipped, []);
    Ok(gathered.records.into_iter().map(|text| text.text).collect())
}

fn message(name: &str, content: impl AsRef<[u8]>) -> String {
    let (_folder, path) = file(name, content);
    gather::<Text>(&path).unwrap_err().to_string()
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(content).unwrap();
    packed.finish().unwrap()
}

const TWO: &str = "{\"text\": \"a\"}\n\n{\"text\": \"b\\n\"}";

#[test]
fn lines_arrays_and_packed_files_give_the_same() {
    let array = format!("\u{feff} \n[{}]\n", TWO.replace("\n\n", " ,\n"));
    let both = [gzip(b"{\"text\": \"a\"}\n"), gzip(b"{\"text\": \"b\\n\"}")].concat();
    for (name, content) in [
        ("a.jsonl", TWO.as_bytes()),
        ("a.jsonl", TWO.replace('\n', "\r\n").as_bytes()),
        ("a.json", array.as_bytes()),
        ("a.jsonl.gz", &gzip(TWO.as_bytes())),
        ("a.jsonl", &gzip(array.as_bytes())),
        // Members one behind the other, and a name that promises too much.
        ("a.jsonl.gz", &both),
        ("a.jsonl.gz", TWO.as_bytes()),
    ] {
        assert_eq!(texts(name, content).unwrap(), ["a", "b\n"], "{name}");
    }
}

#[cfg(feature = "zstd")]
#[test]
fn zstandard_is_unpacked_and_damage_found() {
    let packed = zstd::encode_all(TWO.as_bytes(), 3).unwrap();
    assert_eq!(texts("a.jsonl", &packed).unwrap(), ["a", "b\n"]);
    let cut = message("a.jsonl.zst", &packed[..packed.len() - 3]);
    assert!(
        cut.contains("a.jsonl.zst: the Zstandard data is cut off"),
        "{cut}"
    );
}

#[cfg(not(feature = "zstd"))]
#[test]
fn a_build_without_zstandard_says_so() {
    let said = message("a.jsonl.zst", [0x28, 0xb5, 0x2f, 0xfd, 0]);
    assert!(said.contains("feature `zstd`"), "{said}");
}

#[cfg(not(feature = "parquet"))]
#[test]
fn a_build_without_parquet_says_so() {
    let said = message("a.parquet", b"PAR1");
    assert!(said.contains("feature `parquet`"), "{said}");
}

#[cfg(not(feature = "hub"))]
#[test]
fn a_build_without_the_hub_says_so() {
    let said = Dataset::open("hub:openai/gsm8k").unwrap_err().to_string();
    assert!(
        said.contains("hub:openai/gsm8k") && said.contains("feature `hub`"),
        "{said}"
    );
}

#[test]
fn bad_records_are_skipped_with_their_place() {
    let (_folder, path) = file(
        "a.jsonl",
        "{\"text\": \"a\"}\n{\"text\"\n[]\n{\"text\": \" \"}\n{\"text\": \"b\"}",
    );
    let records = Dataset::open(&path).unwrap().records::<Text>();
    let mut seen = Vec::new();
    for record in records {
        seen.push(match record {
            Ok(text) => text.id,
            Err(Fault::Skipped(skipped)) => {
                assert!(
                    skipped
                        .to_string()
                        .starts_with(&format!("{}, line ", path.display()))
                );
                format!("{} {}", skipped.line, skipped.malformed)
            }
            Err(Fault::Failed(error)) => panic!("{error}"),
        });
    }
    assert_eq!(seen, ["a-1", "2 true", "3 true", "4 false", "a-5"]);
    let (_folder, path) = file(
        "a.json",
        "[1, {\"text\": \"a\"}, {\"text\" 1}, {\"text\": \"]}\\\"\"}]",
    );
    let gathered = gather::<Text>(&path).unwrap();
    assert_eq!(gathered.records[1].text, "]}\"");
    let places: Vec<String> = gathered.skipped.iter().map(ToString::to_string).collect();
    assert!(
        places[0].contains("a.json, element 1: it is no object"),
        "{places:?}"
    );
    assert!(places[1].contains("element 3"), "{places:?}");
}

#[test]
fn whole_files_fail_with_what_to_do() {
    let packed = gzip(TWO.as_bytes());
    for (content, said) in [
        (&b""[..], "there is no record"),
        (b" \n", "there is no record"),
        (b"[ ]", "there is no record"),
        (b"\xff\xfe{\0", "byte 0 is not UTF-8; convert"),
        (
            b"{\"text\": \"a\"}\n{\"text\": \"\xff\"}",
            "byte 24 is not UTF-8",
        ),
        (b"[{\"text\": \"\xff\"}]", "byte 11 is not UTF-8"),
        (
            &packed[..packed.len() - 9],
            "the gzip data is cut off or damaged",
        ),
        (
            b"[{\"text\": \"a\"},\n {\"text\": \"b\"",
            "line 2: after element 2: the array does not close",
        ),
        (b"[{\"text\": \"a\"} {\"text\": \"b\"}]", "no comma"),
        (b"[{\"text\": \"a\"}]]", "something follows the array"),
        (b"<!doctype html>\n", "line 1: expected value"),
        (
            b"{\"words\": \"a\", \"tags\": 1}",
            "found the columns tags, words; a record needs `text`",
        ),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0",
            "run `git lfs pull`",
        ),
    ] {
        let error = message("a.jsonl", content);
        assert!(error.contains("a.jsonl") && error.contains(said), "{error}");
    }
    let missing = gather::<Text>(Path::new("/nowhere/a.jsonl"))
        .unwrap_err()
        .to_string();
    assert!(missing.starts_with("/nowhere/a.jsonl: "), "{missing}");
}

#[test]
fn nothing_follows_a_failure() {
    let (_folder, path) = file("a.jsonl", b"{\"text\": \"a\"}\n\xff\n{\"text\": \"b\"}");
    let mut records = Dataset::open(&path).unwrap().records::<Text>();
    assert!(records.next().unwrap().is_ok());
    assert!(matches!(
        records.next(),
        Some(Err(Fault::Failed(ReadError::Encoding { .. })))
    ));
    assert!(records.next().is_none() && records.next().is_none());
}

#[test]
fn a_record_that_is_too_long_is_skipped_and_not_kept() {
    let long = format!("{{\"text\": \"{}\"}}", "x".repeat(MAX_RECORD));
    for content in [
        format!("{long}\n{{\"text\": \"b\"}}"),
        format!("[{long}, {{\"text\": \"b\"}}]"),
    ] {
        let (_folder, path) = file("a.jsonl", content);
        let gathered = gather::<Text>(&path).unwrap();
        assert_eq!(gathered.records[0].text, "b");
        assert!(gathered.skipped[0].reason.contains("longer than 64 MiB"));
        assert_eq!(gathered.skipped[0].line, 1);
    }
}

#[test]
fn a_folder_is_its_files_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shards");
    std::fs::create_dir(&path).unwrap();
    let said = Dataset::open(&path).unwrap_err().to_string();
    assert!(
        said.contains("shards: no file here is named *.jsonl"),
        "{said}"
    );
    for (name, content) in [
        ("2.json", "[{\"text\": \"b\"}]"),
        ("1.jsonl", "{\"text\": \"a\"}"),
        ("x.md", "#"),
    ] {
        std::fs::write(path.join(name), content).unwrap();
    }
    let texts = gather::<Text>(&path).unwrap().records;
    let seen: Vec<_> = texts
        .iter()
        .map(|t| (t.text.as_str(), t.id.as_str(), t.source.as_str()))
        .collect();
    assert_eq!(seen, [("a", "1-1", "shards"), ("b", "2-1", "shards")]);
    // One bad file fails, however good the others are.
    std::fs::write(path.join("3.jsonl"), "{}").unwrap();
    let said = gather::<Text>(&path).unwrap_err().to_string();
    assert!(said.contains("3.jsonl: no usable record"), "{said}");
}

#[test]
fn the_caller_says_what_a_record_is() {
    let (_folder, path) = file(
        "a.jsonl.gz",
        "{\"question\": \"1 + 1?\", \"solution\": \"so \\\\boxed{2}\"}",
    );
    let problem = gather::<Problem>(&path).unwrap().records.remove(0);
    assert_eq!(
        (problem.answer.as_str(), problem.family.as_str()),
        ("2", "a")
    );
    let chat = gather::<Conversation>(&path).unwrap().records.remove(0);
    assert_eq!(chat.messages[1].content, "so \\boxed{2}");
    assert!(
        gather::<Text>(&path)
            .unwrap_err()
            .to_string()
            .contains("needs `text`")
    );
    let sample = Dataset::open(&path).unwrap().sample::<Record>().unwrap();
    assert_eq!(
        sample,
        "[question]\n1 + 1?\n\n[solution]\nso \\boxed{2}\n\n[answer]\n2"
    );
    for (content, kind) in [
        ("{\"prompt\": \"a\", \"completion\": \"b\"}", "[user]"),
        ("{\"text\": \"a\"}", "a"),
        (
            "{\"text\": \"Add.\", \"test_list\": [\"assert 1\"]}",
            "[question]",
        ),
    ] {
        let (_folder, path) = file("a.jsonl", content);
        let sample = Dataset::open(&path).unwrap().sample::<Record>().unwrap();
        assert!(sample.starts_with(kind), "{sample}");
    }
}

#[test]
fn a_data_set_is_read_as_often_as_wanted() {
    let (_folder, path) = file("a.jsonl", TWO);
    let dataset = Dataset::open(&path).unwrap();
    for _ in 0..2 {
        assert_eq!(dataset.records::<Text>().count(), 2);
    }
    let mut records = Dataset::open(&path).unwrap().records::<Problem>();
    assert_eq!(records.by_ref().count(), 3);
    assert_eq!(records.skipped(), 2);
}
