//! Blocks of every kind against llama.cpp's own Python package `gguf`, bit for bit.
//!
//! Needs a Python with it: the one that `R1_PYTHON` names, otherwise `python3` where it has it. Without one
//! the test is skipped, and says so.

#![allow(clippy::print_stdout)]

use std::fs;
use std::path::Path;
use std::process::Command;

use gguf::{Kind, dequantise, quantise};

#[test]
fn blocks_are_what_llama_cpp_makes_of_them() {
    let python = std::env::var_os("R1_PYTHON").unwrap_or_else(|| "python3".into());
    let usable = Command::new(&python).args(["-c", "import gguf"]).output();
    if !usable.is_ok_and(|output| output.status.success()) {
        println!("skipped: no Python with the package gguf; name one in R1_PYTHON");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference.py");
    let output = Command::new(&python)
        .arg(script)
        .arg(dir.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let read = |name: String| fs::read(dir.path().join(name)).unwrap();
    let floats = |bytes: Vec<u8>| {
        let mut values = Vec::new();
        dequantise(Kind::F32, &bytes, &mut values);
        values
    };
    let kinds = [
        Kind::Q4_0,
        Kind::Q4_1,
        Kind::Q5_0,
        Kind::Q5_1,
        Kind::Q8_0,
        Kind::Q2K,
        Kind::Q4K,
        Kind::Q5K,
        Kind::Q6K,
    ];
    for kind in kinds {
        let mut found = Vec::new();
        dequantise(kind, &read(format!("{}.blocks", kind.name())), &mut found);
        let expected = floats(read(format!("{}.values", kind.name())));
        assert_eq!(found.len(), expected.len());
        let same = found.iter().zip(&expected).position(|(a, b)| a != b);
        assert_eq!(same, None, "{}: {:?}", kind.name(), &found[..4]);
    }
    let mut found = Vec::new();
    quantise(Kind::Q8_0, &floats(read("plain.values".into())), &mut found);
    assert!(
        found == read("plain.blocks".into()),
        "Q8_0 is written as llama.cpp does"
    );
}
