//! `r1 corpus`: what is packed, what is dropped and why, and damage that is found.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{finished, r1};
use crate::smoke::stage;

const HELD_OUT: &str = "A heron, a toad and nine otters share forty two silver buttons under the old \
                        willow by the mill; how many buttons does each of them keep?";

/// Texts of 80 words each, no two alike.
fn texts(count: usize) -> Vec<String> {
    let words = [
        "river", "stone", "lantern", "meadow", "copper", "winter", "harbour",
    ];
    let text = |i: usize| {
        (0..80).fold(String::new(), |mut text, j| {
            let word = words[(i * 31 + j * j * 7 + j * i) % words.len()];
            write!(text, "{word}{} ", (i * 7919 + j * 104_729) % 9973).expect("text takes text");
            text
        })
    };
    (0..count).map(text).collect()
}

fn pack(dir: &Path, more: &[&str]) -> Output {
    let mut command = r1(&["corpus", "pack", "--any-quality", "--json", "--quiet"]);
    command.arg(dir.join("packed"));
    command.arg("--tokenizer").arg(stage("0-tasks"));
    let source = format!("texts={}", dir.join("texts.jsonl").display());
    command.args(["--source", &source, "--columns", "text=body,language=lang"]);
    finished(command.args(more))
}

#[test]
fn a_corpus_is_packed_checked_and_shown() {
    let dir = TempDir::new().expect("a temporary directory");
    let mut texts = texts(40);
    texts.push(texts[0].clone());
    texts.push(format!("{} {HELD_OUT} {}", texts[1], texts[2]));
    let mut lines: String = texts
        .iter()
        .map(|text| json!({ "body": text, "lang": "en" }).to_string() + "\n")
        .collect();
    lines += "{\"nothing\": 1}\n";
    fs::write(dir.path().join("texts.jsonl"), lines).expect("the texts are written");
    let held_out = dir.path().join("held_out.jsonl");
    let problem = json!({ "question": HELD_OUT, "answer": "4" });
    fs::write(&held_out, problem.to_string()).expect("the problems are written");
    let held_out = held_out.display().to_string();
    let more = ["--held-out", &held_out, "--shard-tokens", "2000"];

    let output = pack(dir.path(), &more);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
    assert_eq!(report["read"], 42);
    assert_eq!(report["kept"]["documents"], 40);
    assert_eq!(
        (&report["held_out"], &report["exact_duplicates"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(report["by_language"]["en"]["documents"], 40);
    let again = pack(dir.path(), &more);
    assert_eq!(again.stdout, output.stdout);
    let other = pack(dir.path(), &["--shard-tokens", "2000"]);
    assert_eq!(
        other.status.code(),
        Some(1),
        "another corpus is not written over this one"
    );

    let packed = dir.path().join("packed");
    let show = || finished(r1(&["corpus", "show"]).arg(&packed));
    let shown = show();
    let table = String::from_utf8_lossy(&shown.stdout).into_owned();
    for said in [
        "tokens/character",
        "en",
        "40 of 42 documents kept",
        "1 held out",
    ] {
        assert!(table.contains(said), "{said:?} is not in {table}");
    }
    let shard = fs::read_dir(&packed)
        .expect("shards")
        .map(|entry| entry.expect("a file").path())
        .find(|path| path.extension().is_some_and(|it| it != "json"))
        .expect("a shard");
    let mut bytes = fs::read(&shard).expect("a shard");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&shard, bytes).expect("a damaged shard");
    let damaged = show();
    let errors = String::from_utf8_lossy(&damaged.stderr).into_owned();
    assert_eq!(damaged.status.code(), Some(1), "{errors}");
    let name = shard
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    assert!(errors.contains(&name), "{errors}");
}

/// Texts in two languages and a program, packed as two sources with the tokenizer of the shared run.
fn two_sources(dir: &Path) {
    let lines = |language: &str, domain: &str| -> String {
        let line = |text| json!({ "text": text, "language": language, "domain": domain });
        let lines = texts(30)
            .into_iter()
            .map(|text| line(text).to_string() + "\n");
        lines.collect()
    };
    let prose = lines("en", "prose") + &lines("de", "prose").replace("river", "fluss");
    fs::write(dir.join("prose.jsonl"), prose).expect("the texts are written");
    fs::write(dir.join("code.jsonl"), lines("en", "code")).expect("the texts are written");
    let mut command = r1(&["corpus", "pack", "--any-quality", "--duplicates", "--quiet"]);
    command
        .arg(dir.join("packed"))
        .arg("--tokenizer")
        .arg(stage("0-tasks"));
    for name in ["prose", "code"] {
        let source = dir.join(format!("{name}.jsonl"));
        command.args(["--source", &format!("{name}={}", source.display())]);
    }
    let output = finished(&mut command);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// `r1 pipeline smoke` up to the base, from the shards in `dir`.
fn pretrain(dir: &Path, run: &str, more: &[&str]) -> Output {
    let shards = format!("shards.path={}", dir.join("packed").display());
    let mut command = r1(&["pipeline", "smoke", "--quiet", "--until", "1-base"]);
    command.args(["--set", &shards, "--set", "shards.mixture=prose=1,code=3"]);
    command.arg("--run-dir").arg(dir.join(run));
    finished(command.args(more))
}

#[test]
fn a_base_is_pretrained_on_packed_shards() {
    let dir = TempDir::new().expect("a temporary directory");
    two_sources(dir.path());
    let output = pretrain(dir.path(), "run", &[]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let read = |file: &str| -> Value {
        let text = fs::read_to_string(dir.path().join("run").join(file)).expect("a file");
        serde_json::from_str(&text).expect("JSON")
    };
    let found = &read("results.json")["corpus"]["1-base"];
    assert_eq!(*found, read("1-base/corpus.json"));
    // 12 steps of 4 windows of 64 tokens, one of prose to three of code.
    let tokens = |of: &str, name: &str| found["read"][of][name].as_u64().expect(name);
    assert_eq!(tokens("by_source", "prose"), 12 * 64);
    assert_eq!(tokens("by_source", "code"), 36 * 64);
    assert_eq!(tokens("by_domain", "code"), 36 * 64);
    let languages = ["en", "de"].map(|name| tokens("by_language", name));
    assert_eq!(languages.iter().sum::<u64>(), 48 * 64);
    assert!(
        languages[0] > 36 * 64 - 1 && languages[1] > 0,
        "{languages:?}"
    );
    let page = fs::read_to_string(dir.path().join("run/report.html")).expect("a page");
    assert!(
        page.contains("What was read") && page.contains(">de<"),
        "languages are shown"
    );
    let experts = read("1-base/experts.json");
    assert_eq!(experts["domains"], json!(["code", "prose"]));
    // Shards may move, and the same is read from them.
    fs::rename(dir.path().join("packed"), dir.path().join("moved")).expect("a move");
    let again = dir.path().join("moved").display().to_string();
    let again = pretrain(
        dir.path(),
        "other",
        &["--set", &format!("shards.path={again}")],
    );
    assert!(again.status.success());
    let base = |run: &str| dir.path().join(run).join("1-base");
    let fingerprint = |run: &str| r1::Artifact::open(base(run)).expect("whole").fingerprint;
    assert_eq!(fingerprint("run"), fingerprint("other"));
}

#[test]
fn shards_of_another_tokenizer_are_refused_with_both_files() {
    let dir = TempDir::new().expect("a temporary directory");
    two_sources(dir.path());
    // Packed by a program that left none: the run makes its own, of another size.
    fs::remove_file(dir.path().join("packed/tokenizer.json")).expect("it lies beside the shards");
    let output = pretrain(dir.path(), "run", &["--set", "tasks.vocabulary=300"]);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{errors}");
    for file in ["tokenizer.json", "packed/manifest.json"] {
        assert!(errors.contains(file), "{file} is not in {errors}");
    }
    let wrong = pretrain(dir.path(), "run", &["--set", "shards.mixture=web=1"]);
    let errors = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert_eq!(wrong.status.code(), Some(2), "{errors}");
    assert!(errors.contains("no source `web`"), "{errors}");
    let short = pretrain(dir.path(), "run", &["--set", "shards.mixture=web"]);
    assert_eq!(short.status.code(), Some(2));
}

#[test]
fn a_tokenizer_that_is_not_there_is_wrong_usage() {
    let dir = TempDir::new().expect("a temporary directory");
    let mut command = r1(&["corpus", "pack", "out", "--source", "a=b", "--tokenizer"]);
    let output = finished(command.arg(dir.path()));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(errors.contains("tokenizer.json"), "{errors}");
}
