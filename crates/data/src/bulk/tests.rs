use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::*;
use crate::Tokenizer;

const TEXTS: [&str; 16] = [
    "",
    " ",
    "Hello, world!  It's   DON'T\n\n\n  indented\t\ttabs \r\n x",
    "numbers 1 12 123 1234 12345.678 ½ Ⅷ ٣٤",
    "先算 3 + 4，再算。ひらがなカタカナ漢字 한국어 ภาษาไทย हिन्दी",
    "e\u{301}cole café \u{1e9b}\u{323} \u{ac00}\u{11a8} ſ it'ſ K'K",
    "fn main() { println!(\"{}\", a[0] != b && c); }\n    // comment\n\n\n",
    "🦀🦀 👩‍👩‍👧 \u{200b}zero\u{200d}width\u{feff}",
    "\u{a0}\u{2003} \u{3000}wide\u{3000}\u{3000}spaces\u{85}\u{2028}line",
    "<think>tag</think> <|im_end|> <tool_call> <｜User｜> <|end|>",
    "a\u{0}b\u{7f}\u{1f}",
    "underscore_case and-dash — em… “quotes” ‘single’ ’s",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "trailing   ",
    "\n\n lead",
    "\u{1c89}\u{a7cb} \u{10d40}\u{1e5d0} newly assigned",
];

fn shared(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data")
        .join(path)
}

/// The published tokenizers that are there, and one trained here.
fn tokenizers() -> Vec<(String, Tokenizer)> {
    let mut all = vec![(
        "trained".to_owned(),
        Tokenizer::train(TEXTS.iter().map(|text| text.repeat(3)), 400).unwrap(),
    )];
    for name in ["deepseek_v3", "qwen2_5", "smollm2"] {
        let path = shared(&format!("tokenizers/{name}.tokenizer.json"));
        let Ok(json) = std::fs::read(&path) else {
            continue;
        };
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("tokenizer.json"), json).unwrap();
        let end = r#"{"eos_token_id": 0}"#;
        std::fs::write(dir.path().join("generation_config.json"), end).unwrap();
        all.push((name.to_owned(), Tokenizer::open(dir.path()).unwrap()));
    }
    all
}

fn check(
    name: &str,
    tokenizer: &Tokenizer,
    encoder: &BulkEncoder,
    scratch: &mut Scratch,
    text: &str,
) {
    // Twice: by the model, then by what is kept of it.
    for _ in 0..2 {
        let mut ids = vec![7];
        encoder.encode(text, scratch, &mut ids);
        assert_eq!(ids[0], 7);
        assert_eq!(ids[1..], tokenizer.encode_text(text), "{name}: {text:?}");
    }
}

#[test]
fn ids_are_those_of_the_tokenizer() {
    for (name, tokenizer) in tokenizers() {
        let encoder = tokenizer.bulk();
        assert!(encoder.is_fast(), "{name}");
        let mut scratch = encoder.scratch();
        for text in TEXTS {
            check(&name, &tokenizer, &encoder, &mut scratch, text);
        }
        for file in [
            "lang/udhr_all.jsonl",
            "text/c4_demo.jsonl",
            "code/mbpp.jsonl",
            "text/wiki_demo.txt",
        ] {
            let Ok(text) = std::fs::read_to_string(shared(file)) else {
                continue;
            };
            for line in text.lines().step_by(7) {
                let record: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
                let text = record["code"].as_str().filter(|it| it.len() > 20);
                let text = text.or(record["text"].as_str()).unwrap_or(line);
                let text = text.get(..20_000).unwrap_or(text);
                check(&name, &tokenizer, &encoder, &mut scratch, text);
            }
        }
    }
}

#[test]
fn any_mixture_of_characters_has_the_ids_of_the_tokenizer() {
    let all = tokenizers();
    let encoders: Vec<BulkEncoder> = all.iter().map(|(_, it)| it.bulk()).collect();
    let pieces = prop_oneof![
        Just(" ".to_owned()),
        Just("  \n".to_owned()),
        "[a-zA-Z0-9' ]{1,8}",
        "\\PC{1,4}",
        any::<char>().prop_map(String::from),
        (0..TEXTS.len()).prop_map(|at| TEXTS[at].chars().take(9).collect()),
    ];
    let texts = proptest::collection::vec(pieces, 0..12).prop_map(|it| it.concat());
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    runner
        .run(&texts, |text| {
            for ((name, tokenizer), encoder) in all.iter().zip(&encoders) {
                let mut ids = Vec::new();
                SCRATCH.with_borrow_mut(|kept| {
                    let scratch = kept
                        .entry(name.clone())
                        .or_insert_with(|| encoder.scratch());
                    encoder.encode(&text, scratch, &mut ids);
                });
                prop_assert_eq!(&ids, &tokenizer.encode_text(&text), "{}: {:?}", name, text);
            }
            Ok(())
        })
        .unwrap();
}

thread_local! {
    static SCRATCH: std::cell::RefCell<std::collections::HashMap<String, Scratch>> = std::cell::RefCell::default();
}

#[test]
fn what_is_not_followed_goes_to_the_tokenizer() {
    let word = tokenizers::models::wordlevel::WordLevel::builder()
        .vocab(
            [("a".to_owned(), 0), ("?".to_owned(), 1)]
                .into_iter()
                .collect(),
        )
        .unk_token("?".into())
        .build()
        .unwrap();
    let encoder = BulkEncoder::new(tokenizers::Tokenizer::new(word));
    assert!(!encoder.is_fast());
    let mut ids = Vec::new();
    encoder.encode("a", &mut encoder.scratch(), &mut ids);
    assert_eq!(ids, [0]);
}
