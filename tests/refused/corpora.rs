//! Packed corpora and what they are made of.

use std::fs;
use std::path::Path;

use super::{FAILED, Table, USAGE, copied};
use crate::program::{finished, r1};
use crate::smoke::stage;

#[test]
fn texts_that_cannot_be_packed() {
    let mut table = Table::default();
    let dir = copied(&stage("0-tasks"));
    let cases: [(&[u8], &str); 5] = [
        (b"", "there is no record"),
        (b"nonsense", "t.jsonl, line 1"),
        (b"{\"tags\": 1}", "tags"),
        (b"{\"text\": 7}", "text"),
        (b"{\"text\": \"a\xff\"}", "UTF-8"),
    ];
    for (content, named) in cases {
        fs::write(dir.path().join("t.jsonl"), content).expect("a file");
        let arguments = [
            "corpus",
            "pack",
            "@/packed",
            "--tokenizer=@/model",
            "--source=t=@/t.jsonl",
        ];
        let name = String::from_utf8_lossy(content);
        table.refuses(&name, &dir, &arguments, FAILED, &["t.jsonl", named]);
    }
    let flags: [(&str, i32, &str); 5] = [
        ("--source=t", USAGE, "NAME=SOURCE"),
        ("--source=t=@/none.jsonl", USAGE, "@/none.jsonl"),
        ("--columns=text", USAGE, "--columns"),
        ("--shard-tokens=0", USAGE, "shard"),
        ("--held-out=@/none.jsonl", USAGE, "@/none.jsonl"),
    ];
    fs::write(
        dir.path().join("u.jsonl"),
        "{\"text\": \"A plain text of some words.\"}",
    )
    .expect("a file");
    for (flag, code, named) in flags {
        let arguments = [
            "corpus",
            "pack",
            "@/packed",
            "--tokenizer=@/model",
            "--source=u=@/u.jsonl",
            flag,
        ];
        table.refuses(flag, &dir, &arguments, code, &[named]);
    }
}

#[test]
fn shards_that_are_damaged() {
    let mut table = Table::default();
    let dir = copied(&stage("0-tasks"));
    let text = "{\"text\": \"The quick brown fox jumps over the lazy dog and goes home again.\"}\n";
    fs::write(dir.path().join("t.jsonl"), text).expect("a file");
    let at = |name: &str| format!("{}/{name}", dir.path().display());
    let mut pack = r1(&["corpus", "pack", "--any-quality", "--quiet"]);
    pack.arg(at("packed"))
        .arg(format!("--tokenizer={}", at("model")));
    let output = finished(pack.arg(format!("--source=t={}", at("t.jsonl"))));
    assert!(output.status.success(), "{output:?}");
    let show = ["corpus", "show", "@/packed"];
    let files = fs::read_dir(at("packed")).expect("a folder");
    let mut files: Vec<_> = files.map(|entry| entry.expect("an entry").path()).collect();
    // The tokenizer beside them is a copy; runs hold it to the manifest.
    let copied =
        |path: &Path| path.ends_with("tokenizer.json") || path.ends_with("tokenizer_config.json");
    files.retain(|path| path.is_file() && !copied(path));
    files.sort();
    let mut damaged = 0;
    for path in files {
        let whole = fs::read(&path).expect("a file");
        if whole.is_empty() {
            continue;
        }
        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 0x10;
        for content in [&flipped[..], &whole[..whole.len() / 2]] {
            fs::write(&path, content).expect("a file");
            table.refuses(
                &path.display().to_string(),
                &dir,
                &show,
                FAILED,
                &["@/packed"],
            );
            damaged += 1;
        }
        fs::write(&path, whole).expect("a file");
    }
    assert!(damaged >= 4, "a manifest and a shard at least");
    table.refuses(
        "no corpus",
        &dir,
        &["corpus", "show", "@/model"],
        FAILED,
        &["@/model"],
    );
    table.refuses(
        "nothing",
        &dir,
        &["corpus", "show", "@/none"],
        FAILED,
        &["@/none"],
    );
}
