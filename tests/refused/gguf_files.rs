//! GGUF files that are damaged, or hold what is not read.

use super::{FAILED, Table, USAGE};

/// A header: magic, version, numbers of tensors and of metadata, and what follows them.
fn file(magic: &[u8; 4], version: u32, counts: [u64; 2], rest: &[u8]) -> Vec<u8> {
    let mut bytes = magic.to_vec();
    bytes.extend(version.to_le_bytes());
    bytes.extend(counts.map(u64::to_le_bytes).concat());
    bytes.extend(rest);
    bytes
}

fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u64).to_le_bytes(), text.as_bytes()].concat()
}

/// An entry of text.
fn entry(key: &str, value: &str) -> Vec<u8> {
    [text(key), 8u32.to_le_bytes().to_vec(), text(value)].concat()
}

#[test]
fn files_that_are_no_model() {
    let mut table = Table::default();
    let llama = entry("general.architecture", "llama");
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (b"GGUF".to_vec(), "m.gguf, byte"),
        (file(b"GGUF", 1, [0, 0], &[]), "version"),
        (file(b"GGUF", 99, [0, 0], &[]), "version"),
        (file(b"GGUF", 3, [0, 0], &[]), "general.architecture"),
        (file(b"GGUF", 3, [u64::MAX, 0], &[]), "byte"),
        (file(b"GGUF", 3, [0, u64::MAX], &[]), "byte"),
        (file(b"GGUF", 3, [0, 1], &u64::MAX.to_le_bytes()), "byte"),
        (
            file(b"GGUF", 3, [0, 1], &[text("a"), vec![77, 0, 0, 0]].concat()),
            "byte",
        ),
        (
            file(b"GGUF", 3, [0, 1], &[text("a"), vec![8, 0, 0, 0]].concat()),
            "byte",
        ),
        (
            file(b"GGUF", 3, [0, 2], &[llama.clone(), llama.clone()].concat()),
            "general.architecture",
        ),
        (
            file(b"GGUF", 3, [0, 1], &entry("general.architecture", "mamba")),
            "mamba",
        ),
        (file(b"GGUF", 3, [0, 1], &llama), "llama."),
        (file(b"GGUF", 3, [1, 1], &llama), "byte"),
        (
            // An array of arrays of arrays … of a size no file has.
            file(
                b"GGUF",
                3,
                [0, 1],
                &[
                    text("a"),
                    [9u32.to_le_bytes(), 9u32.to_le_bytes()].concat(),
                    vec![0xff; 8],
                ]
                .concat(),
            ),
            "byte",
        ),
        (
            // A tensor of 9 dimensions.
            file(
                b"GGUF",
                3,
                [1, 1],
                &[llama.clone(), text("t"), 9u32.to_le_bytes().to_vec()].concat(),
            ),
            "byte",
        ),
    ];
    let arguments = ["export", "@/m.gguf", "@/out"];
    for content in [
        Vec::new(),
        file(b"GGML", 3, [0, 0], &[]),
        file(b"FUGG", 3, [0, 0], &[]),
    ] {
        let named = ["@/m.gguf is no GGUF file"];
        table.refuses_file(&content, "m.gguf", &arguments, USAGE, &named);
    }
    for (content, named) in cases {
        table.refuses_file(&content, "m.gguf", &arguments, FAILED, &["@/m.gguf", named]);
    }
}
