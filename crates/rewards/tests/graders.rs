//! The verifier against labels of other graders, where the file with them is at hand.

use std::fs;
use std::path::Path;

use rewards::{Options, Reading, Verdict, grade};
use serde_json::Value;

fn settings(opts: &Value) -> (Reading, Options) {
    let asked = |name: &str, default: bool| match opts["match_types"].as_array() {
        Some(types) => types.iter().any(|other| other == name),
        None => default,
    };
    let reading = Reading {
        latex: asked("latex", true),
        plain: asked("expr", true),
        letters: asked("NativeLetters", false),
        whole: asked("raw", false),
        language: opts["language"].as_str().map(str::to_owned),
    };
    let default = Options::default();
    let options = Options {
        precision: opts["precision"]
            .as_u64()
            .map_or(default.precision, |places| places as u32),
        strict: opts["strict"].as_bool().unwrap_or(default.strict),
        relation_for_set: opts["allow_set_relation_comp"].as_bool().unwrap_or(false),
        ordered: reading.whole,
    };
    (reading, options)
}

/// Unit cases of Math-Verify, lighteval, NeMo-Skills and hendrycks/math, and model outputs: at
/// least 98 % agreement in either kind, at most 1 % of the wrong answers found right.
#[test]
fn verdicts_agree_with_those_of_other_graders() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/graders/grader_public.jsonl");
    let Ok(text) = fs::read_to_string(&file) else {
        return;
    };
    let mut differ = Vec::new();
    for kind in ["unit", "model_output"] {
        let (mut all, mut agreed, mut wrong, mut false_positives) = (0, 0, 0, 0);
        for line in text.lines() {
            let row: Value = serde_json::from_str(line).expect("a JSON object a line");
            if row["kind"] != kind || !row["disputed"].is_null() {
                continue;
            }
            let (reading, options) = settings(&row["opts"]);
            let text = |key: &str| row[key].as_str().expect("a text");
            let verdict = grade(text("gold"), text("pred"), &reading, &options).verdict;
            let right = matches!(verdict, Verdict::Judged { score: 1.0, .. });
            let expected = row["expected"] == 1;
            all += 1;
            agreed += usize::from(right == expected);
            wrong += usize::from(!expected);
            false_positives += usize::from(right && !expected);
            if right != expected {
                differ.push(row["id"].to_string());
            }
        }
        assert!(all > 100, "{all} cases of kind {kind}");
        assert!(
            agreed * 100 >= all * 98,
            "{kind}: {agreed} of {all}; {differ:?}"
        );
        assert!(
            false_positives * 100 <= wrong,
            "{kind}: {false_positives} of {wrong} wrong answers found right; {differ:?}"
        );
    }
}
