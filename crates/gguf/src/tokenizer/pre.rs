//! How a text is cut before its pieces are encoded: llama.cpp's names, and what they stand for.

use serde_json::{Value as Json, json};

/// The names that are known.
pub(super) const NAMES: [&str; 6] = ["qwen2", "llama-bpe", "smollm", "gpt-2", "default", "llama3"];

/// What a name stands for.
pub(super) struct Cut {
    pub(super) normalizer: Json,
    pub(super) pre_tokenizer: Json,
    pub(super) ignore_merges: bool,
}

/// Contractions, words with what stands before them, one digit, punctuation, white space.
const QWEN2: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
/// The same with up to three digits.
const LLAMA3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// The way of this name.
pub(super) fn named(name: &str) -> Option<Cut> {
    let split = |regex: &str| {
        json!({ "type": "Sequence", "pretokenizers": [
            { "type": "Split", "pattern": { "Regex": regex }, "behavior": "Isolated", "invert": false },
            bytes(false),
        ] })
    };
    Some(match name {
        "qwen2" => Cut {
            normalizer: json!({ "type": "NFC" }),
            pre_tokenizer: split(QWEN2),
            ignore_merges: false,
        },
        "llama-bpe" | "llama3" => Cut {
            normalizer: Json::Null,
            pre_tokenizer: split(LLAMA3),
            ignore_merges: true,
        },
        "smollm" => Cut {
            normalizer: Json::Null,
            pre_tokenizer: json!({ "type": "Sequence", "pretokenizers": [
                { "type": "Digits", "individual_digits": true },
                bytes(true),
            ] }),
            ignore_merges: false,
        },
        "gpt-2" | "default" => Cut {
            normalizer: Json::Null,
            pre_tokenizer: bytes(true),
            ignore_merges: false,
        },
        _ => return None,
    })
}

fn bytes(by_gpt2: bool) -> Json {
    json!({ "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": by_gpt2 })
}

/// The name of a `tokenizer.json`'s way; `None` where it has none.
pub(super) fn of(tokenizer: &Json) -> Option<&'static str> {
    let same = |name: &&str| {
        let cut = named(name).expect("the name is known");
        pieces(&cut.pre_tokenizer) == pieces(&tokenizer["pre_tokenizer"])
            && cut.normalizer == tokenizer["normalizer"]
            && cut.ignore_merges == (tokenizer["model"]["ignore_merges"] == true)
    };
    NAMES.into_iter().find(|name| same(name))
}

/// A pre-tokenizer as the list of what it does, without what does not change where it cuts.
fn pieces(pre_tokenizer: &Json) -> Vec<Json> {
    let parts = match pre_tokenizer["pretokenizers"].as_array() {
        Some(parts) => parts.clone(),
        None => vec![pre_tokenizer.clone()],
    };
    let plain = |mut part: Json| {
        if let Some(fields) = part.as_object_mut() {
            fields.remove("trim_offsets");
        }
        part
    };
    parts.into_iter().map(plain).collect()
}
