//! Cases worked by hand, refusals by name, and the reference's own cases where they are at hand.

use serde_json::json;

use super::*;

/// Two responses of two tokens and one, of a policy that has not moved, and what GRPO makes of it.
///
/// Rewards 1 and 0 have mean 0.5 and std 1/√2; the loss is −A·r = −A on average, so 0; a token's
/// derivative is −A / (tokens of its response · 2).
fn worked() -> Value {
    let a = 0.5 / (0.5_f64.sqrt() + 1e-4);
    json!({
        "name": "worked",
        "config": {
            "loss_type": "grpo", "importance_sampling_level": "token", "beta": 0.0,
            "epsilon": 0.2, "epsilon_high": null, "delta": null, "scale_rewards": "group",
            "num_generations": 2, "max_completion_length": 4, "gradient_accumulation_steps": 1,
            "steps_per_generation": 1, "reward_weights": [2.0, 5.0],
            "multi_objective_aggregation": "sum_then_normalize", "num_items_in_batch": 3.0
        },
        "iteration": 1,
        "rewards_per_func": [[0.5, null], [0.0, 0.0]],
        "mask": [[1, 1], [1, 0]],
        "logps": [[-1.0, -2.0], [-0.5, -9.0]],
        "old_logps": null,
        "ref_logps": null,
        "expected": {
            "advantages": [a, -a], "kl": null, "loss": 0.0,
            "grad": [[-a / 4.0, -a / 4.0], [a / 2.0, 0.0]],
            "metrics": {"clip_ratio/region_mean": 0.0, "clip_ratio/low_min": 0.0}
        }
    })
}

fn found(case: Value) -> Result<Vec<ObjectiveDifferences>> {
    let dir = tempfile::tempdir()?;
    let path = dir.path().join(FILE);
    std::fs::write(&path, json!({ "cases": [case] }).to_string())?;
    compare(&path)
}

#[test]
fn a_case_worked_by_hand_passes() {
    let found = found(worked()).unwrap();
    assert!(found[0].pass(), "{}", found[0].line());
    assert_eq!(found[0].case, "worked");
}

/// The weights of each mean: −A times 1/(2·2), 1/3, 1/(2·4), 1/(3·steps/rollouts) and 1/2 for a
/// token of the first response.
#[test]
fn every_mean_has_its_weight() {
    let a = 0.5 / (0.5_f64.sqrt() + 1e-4);
    for (name, [first, second]) in [
        ("grpo", [4.0, 2.0]),
        ("sapo", [4.0, 2.0]),
        ("bnpo", [3.0, 3.0]),
        ("dr_grpo", [8.0, 8.0]),
        ("luspo", [2.0, 2.0]),
    ] {
        let mut case = worked();
        case["config"]["loss_type"] = json!(name);
        case["config"]["gradient_accumulation_steps"] = json!(2);
        let (first, second) = (-a / first / 2.0, a / second / 2.0);
        case["expected"]["grad"] = json!([[first, first], [second, 0.0]]);
        let surrogate = 2.0 * first + second;
        case["expected"]["loss"] = json!(if name == "sapo" {
            // 4/τ·σ(0) is 2 and 2/1.05 where the clipped forms have 1
            2.0 * first * 2.0 + second * 2.0 / f64::from(1.05_f32)
        } else {
            surrogate
        });
        case["expected"]["metrics"] = json!({});
        let found = found(case).unwrap();
        assert!(found[0].pass(), "{name}: {}", found[0].line());
    }
    for name in ["dapo", "cispo", "vespo"] {
        let mut case = worked();
        case["config"]["loss_type"] = json!(name);
        case["config"]["epsilon_high"] = json!(1.0);
        case["config"]["num_items_in_batch"] = json!(10.0);
        case["config"]["gradient_accumulation_steps"] = json!(2);
        case["config"]["steps_per_generation"] = json!(4);
        let weight = 4.0 / (10.0 * 2.0);
        case["expected"]["grad"] = json!([[-a * weight, -a * weight], [a * weight, 0.0]]);
        let log_probs = if name == "dapo" { 1.0 } else { -3.0 };
        let second = if name == "dapo" { 1.0 } else { -0.5 };
        let first = if name == "dapo" { 2.0 } else { log_probs };
        case["expected"]["loss"] = json!(-a * weight * (first - second));
        case["expected"]["metrics"] = json!({});
        let found = found(case).unwrap();
        assert!(found[0].pass(), "{name}: {}", found[0].line());
    }
}

/// The first response's tokens have become e times as likely: CISPO weighs them by 2 and no more,
/// and knows no δ.
#[test]
fn a_capped_weight_worked_by_hand() {
    let a = 0.5 / (0.5_f64.sqrt() + 1e-4);
    let mut case = worked();
    case["config"]["loss_type"] = json!("cispo");
    case["config"]["epsilon_high"] = json!(2.0);
    case["config"]["delta"] = json!(1.5);
    case["old_logps"] = json!([[-2.0, -3.0], [-0.5, -9.0]]);
    let (first, second) = (-2.0 * a / 3.0, a / 3.0);
    case["expected"]["grad"] = json!([[first, first], [second, 0.0]]);
    case["expected"]["loss"] = json!(-3.0 * first - 0.5 * second);
    case["expected"]["metrics"] = json!({"cispo_clip_ratio": 2.0 / 3.0});
    let found = found(case).unwrap();
    assert!(found[0].pass(), "{}", found[0].line());
}

#[test]
fn every_difference_is_seen() {
    for (pointer, wrong) in [
        ("/expected/advantages/0", json!(0.7)),
        ("/expected/loss", json!(1e-3)),
        ("/expected/grad/1/0", json!(0.1)),
        ("/expected/grad/1/1", json!(0.1)),
        ("/expected/metrics/clip_ratio~1low_min", json!(0.5)),
    ] {
        let mut case = worked();
        *case.pointer_mut(pointer).unwrap() = wrong;
        let found = found(case).unwrap();
        assert!(!found[0].pass(), "{pointer}");
        assert!(found[0].line().starts_with("FAIL"));
    }
}

#[test]
fn what_is_unknown_is_refused_by_case_and_field() {
    for (pointer, wrong, words) in [
        ("/config/loss_type", json!("gfpo"), "`loss_type` is `gfpo`"),
        (
            "/config/importance_sampling_level",
            json!("word"),
            "token, sequence",
        ),
        ("/config/scale_rewards", json!("all"), "group, batch, none"),
        (
            "/config/multi_objective_aggregation",
            json!("sum"),
            "normalize_then_sum",
        ),
        ("/config/epsilon", json!("0.2"), "`epsilon`"),
        ("/config/num_generations", json!(3), "`num_generations`"),
        ("/config/reward_weights", json!([1.0]), "`reward_weights`"),
        ("/config/beta", json!(0.1), "`ref_logps`"),
        (
            "/expected/metrics",
            json!({"clip_ratio/new": 0.0}),
            "`clip_ratio/new`",
        ),
        ("/logps", json!([[-1.0], [-1.0]]), "`logps`"),
        (
            "/expected/advantages",
            json!([0.0]),
            "`expected.advantages`",
        ),
    ] {
        let mut case = worked();
        *case.pointer_mut(pointer).unwrap() = wrong;
        let message = format!("{:#}", found(case).unwrap_err());
        assert!(
            message.contains("case worked") && message.contains(words),
            "{message}"
        );
    }
    for object in ["", "/config", "/expected"] {
        let mut case = worked();
        case.pointer_mut(object).unwrap()["top"] = json!(1);
        let message = format!("{:#}", found(case).unwrap_err());
        assert!(
            message.contains("case worked") && message.contains("`top`"),
            "{message}"
        );
    }
    let mut case = worked();
    case["config"].as_object_mut().unwrap().remove("beta");
    let message = format!("{:#}", found(case).unwrap_err());
    assert!(
        message.contains("case worked, config: `beta` is missing"),
        "{message}"
    );
}

/// Every reference case at hand; none where the folder is missing.
#[test]
fn the_reference_cases_pass() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/parity");
    let Some(file) = file(&path) else {
        return;
    };
    for found in compare(&file).unwrap() {
        assert!(found.pass(), "{}", found.line());
    }
}
