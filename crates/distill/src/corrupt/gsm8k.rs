//! The filter on GSM8K's reference solutions, where the file is at hand.

use std::path::Path;

use super::{Corruption, Reference, evaluate, semantic_filter};
use crate::SemanticConfig;

/// `R1_GSM8K_TEST`, or the folder beside the checkout.
fn file() -> Option<std::path::PathBuf> {
    let beside =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/math/gsm8k_test.jsonl");
    let named = std::env::var_os("R1_GSM8K_TEST").map(Into::into);
    [named, Some(beside)]
        .into_iter()
        .flatten()
        .find(|path| path.exists())
}

#[test]
fn spoiled_solutions_are_caught_and_good_ones_kept() {
    let Some(file) = file() else { return };
    let problems = data::import::problems(file).unwrap().problems;
    let references: Vec<Reference> = problems.iter().filter_map(Reference::of).collect();
    assert!(references.len() > 1300);
    let table = evaluate(&references, 1, &semantic_filter(&SemanticConfig::default()));
    assert!(table.lost_share() <= 0.05, "{table}");
    for corruption in Corruption::ALL {
        assert!(table.recall(corruption) >= 0.9, "{table}");
    }
}
