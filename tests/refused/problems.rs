//! Files of problems, conversations and texts, as the pipeline takes them.

use super::{FAILED, Table, USAGE};

/// A file of problems, and what its refusal names.
const PROBLEMS: [(&str, &[u8], &str); 15] = [
    ("p.jsonl", b"", "there is no record"),
    ("p.jsonl", b"\n \n", "there is no record"),
    ("p.jsonl", b"nonsense", "line 1"),
    (
        "p.jsonl",
        b"{\"question\": \"1 + 1?\", \"answer\": \"2\"}\n{\"question\"",
        "line 2",
    ),
    (
        "p.jsonl",
        b"[{\"question\": \"1 + 1?\", \"answer\": \"2\"}",
        "cut off",
    ),
    ("p.jsonl", b"{\"tags\": 1}", "tags"),
    ("p.jsonl", b"{\"question\": \"1 + 1?\"}", "answer"),
    (
        "p.jsonl",
        b"{\"question\": \" \", \"answer\": \"2\"}",
        "question",
    ),
    (
        "p.jsonl",
        b"{\"question\": \"a\xff\", \"answer\": \"2\"}",
        "UTF-8",
    ),
    ("p.jsonl", b"\x1f\x8b\x08\x00damaged", "gzip"),
    ("p.jsonl", b"\x28\xb5\x2f\xfddamaged", "Zstandard"),
    ("p.jsonl", b"PAR1damagedPAR1", "Parquet"),
    (
        "p.jsonl",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
        "Git LFS",
    ),
    ("p.parquet", b"PAR1", "p.parquet"),
    (
        "p.json",
        b"{\"question\": \"1?\", \"answer\": \"2\"",
        "p.json",
    ),
];

#[test]
fn problems_that_cannot_be_read() {
    let mut table = Table::default();
    for (file, content, named) in PROBLEMS {
        let set = format!("tasks.file=@/{file}");
        let arguments = [
            "pipeline",
            "smoke",
            "--quiet",
            "--run-dir=@/run",
            "--set",
            &set,
        ];
        let arguments = [&arguments[..], &["--until=0-tasks"]].concat();
        table.refuses_file(content, file, &arguments, FAILED, &[file, named]);
    }
}

/// Conversations for the cold start, and what their refusal names.
const CONVERSATIONS: [(&[u8], &str); 6] = [
    (b"{\"messages\": []}", "messages"),
    (
        b"{\"messages\": [{\"role\": \"user\", \"content\": \"hi\"}]}",
        "assistant",
    ),
    (
        b"{\"messages\": [{\"role\": \"assistant\", \"content\": \"hi\"}]}",
        "no question comes first",
    ),
    (
        b"{\"messages\": [{\"role\": \"tool\", \"content\": \"hi\"}]}",
        "tool",
    ),
    (b"{\"messages\": \"hi\"}", "messages"),
    (b"{\"prompt\": \"hi\"}", "prompt"),
];

#[test]
fn conversations_that_cannot_be_read() {
    let mut table = Table::default();
    for (content, named) in CONVERSATIONS {
        let set = "tasks.cold_start_file=@/c.jsonl";
        let arguments = [
            "pipeline",
            "smoke",
            "--quiet",
            "--run-dir=@/run",
            "--set",
            set,
        ];
        let arguments = [&arguments[..], &["--until=0-tasks"]].concat();
        table.refuses_file(content, "c.jsonl", &arguments, FAILED, &["c.jsonl", named]);
    }
}

#[test]
fn a_folder_without_data_and_a_path_through_a_file() {
    let mut table = Table::default();
    let dir = tempfile::TempDir::new().expect("a temporary folder");
    std::fs::create_dir(dir.path().join("empty")).expect("a folder");
    std::fs::write(dir.path().join("file"), "").expect("a file");
    for (source, code) in [("@/empty", FAILED), ("@/file/p.jsonl", USAGE)] {
        let set = format!("tasks.file={source}");
        let arguments = [
            "pipeline",
            "smoke",
            "--quiet",
            "--run-dir=@/run",
            "--set",
            &set,
        ];
        table.refuses(source, &dir, &arguments, code, &[source]);
    }
}
