//! Prompts of `r1 generate`, and its flags.

use std::fs;

use super::{FAILED, Table, USAGE, copied};
use crate::smoke::stage;

/// A file of prompts, and what its refusal names.
const PROMPTS: [(&[u8], &str); 14] = [
    (b"", "there are no prompts"),
    (b"nonsense", "p.jsonl:1"),
    (b"[]", "p.jsonl:1"),
    (b"{\"prompt\": \"hi\"}\n{\"prompt\"", "p.jsonl:2"),
    (b"{\"id\": 1}", "give one of them"),
    (
        b"{\"prompt\": \"hi\", \"text\": \"ho\"}",
        "keep one of them",
    ),
    (b"{\"text\": \"\"}", "`text` is empty"),
    (b"{\"text\": 7}", "`text`"),
    (b"{\"id\": [1], \"prompt\": \"hi\"}", "`id` is [1]"),
    (
        b"{\"id\": 1, \"prompt\": \"a\"}\n{\"id\": 1, \"prompt\": \"b\"}",
        "that of line 1",
    ),
    (b"{\"messages\": []}", "the conversation is empty"),
    (b"{\"messages\": [{\"role\": \"user\"}]}", "`messages`"),
    (b"{\"messages\": \"hi\"}", "`messages`"),
    (b"{\"prompt\": \"a\xff\"}", "UTF-8"),
];

/// Flags that cannot be, and what their refusal names.
const FLAGS: [(&[&str], i32, &str); 14] = [
    (&["--temperature=-1"], USAGE, "temperature"),
    (&["--temperature=nan"], USAGE, "temperature"),
    (&["--top-p=0"], USAGE, "top_p"),
    (&["--top-p=1.5"], USAGE, "top_p"),
    (&["--min-p=2"], USAGE, "min_p"),
    (&["--repetition-penalty=0"], USAGE, "repetition"),
    (&["--greedy", "--top-k=3"], USAGE, "--top-k"),
    (&["--samples=0"], USAGE, "--samples"),
    (&["--max-new-tokens=0"], USAGE, "--max-new-tokens"),
    (&["--max-new-tokens=1000000"], FAILED, "positions"),
    (&["--stop="], USAGE, "--stop"),
    (&["--rows=0"], USAGE, "--rows"),
    (&["--rows=8", "--memory=1K"], FAILED, "at most 0 rows"),
    (
        &["--output=@/nowhere/out.jsonl"],
        FAILED,
        "@/nowhere/out.jsonl",
    ),
];

#[test]
fn prompts_that_cannot_be_read() {
    let mut table = Table::default();
    let dir = copied(&stage("7-r1"));
    for (content, named) in PROMPTS {
        fs::write(dir.path().join("p.jsonl"), content).expect("a file");
        let arguments = [
            "generate",
            "@/model",
            "--prompts=@/p.jsonl",
            "--output=@/out.jsonl",
        ];
        let name = String::from_utf8_lossy(content);
        table.refuses(&name, &dir, &arguments, FAILED, &["p.jsonl", named]);
    }
}

#[test]
fn flags_that_cannot_be() {
    let mut table = Table::default();
    let dir = copied(&stage("7-r1"));
    fs::write(dir.path().join("p.jsonl"), "{\"prompt\": \"hi\"}").expect("a file");
    for (flags, code, named) in FLAGS {
        let arguments = ["generate", "@/model", "--prompts=@/p.jsonl"];
        let arguments = [&arguments[..], flags].concat();
        table.refuses("flags", &dir, &arguments, code, &[named]);
    }
    let arguments = ["generate", "@/model", "--prompts=@/none.jsonl"];
    table.refuses("no file", &dir, &arguments, USAGE, &["@/none.jsonl"]);
    let arguments = ["generate", "@/none", "--prompts=@/p.jsonl"];
    table.refuses("no model", &dir, &arguments, USAGE, &["@/none"]);
}
