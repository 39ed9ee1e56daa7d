//! Presets and their keys.

use tempfile::TempDir;

use super::{Table, USAGE};

/// A setting, and what its refusal names beside the key.
const SETTINGS: [(&str, &str); 62] = [
    ("zero", "section.key=value"),
    ("=3", "there is no setting"),
    ("zero.=3", "did you mean"),
    ("nowhere.steps=3", "there is no setting"),
    ("recipe.stages=r2", "recipe.stages"),
    ("recipe.model=/nowhere/model", "there is no /nowhere/model"),
    (
        "recipe.student=/nowhere/model",
        "there is no /nowhere/model",
    ),
    ("tasks.families=", "tasks.families"),
    ("tasks.families=linear,linear", "named twice"),
    ("tasks.languages=fr", "`fr` is unknown"),
    ("tasks.levels=0", "levels from 1"),
    ("tasks.levels=2,1", "the lowest first"),
    ("tasks.levels=one", "tasks.levels"),
    ("tasks.file=/nowhere.jsonl", "there is no /nowhere.jsonl"),
    ("tasks.held_out_file=/nowhere", "there is no /nowhere"),
    ("tasks.cold_start_file=/nowhere", "there is no /nowhere"),
    ("tasks.general_file=/nowhere", "there is no /nowhere"),
    ("tasks.columns=question", "tasks.columns"),
    ("tasks.columns=anwser=a", "tasks.columns"),
    ("tasks.held_out=0", "at least 1"),
    ("tasks.cold_start=0", "at least 1"),
    ("tasks.vocabulary=10", "at least 264"),
    ("corpus.guess=1.5", "between 0 and 1"),
    ("corpus.guess=0.9", "must sum to 1"),
    ("corpus.plain_text=nan", "between 0 and 1"),
    ("model.layers=0", "at least 1"),
    ("model.dense_layers=3", "model.layers = 2"),
    ("model.rope_dim=7", "must be even"),
    ("model.groups=3", "must divide model.experts = 16"),
    ("model.active_groups=5", "model.groups = 4"),
    ("model.active_experts=9", "model.active_experts"),
    ("model.routed_scaling=0", "above 0"),
    ("model.bias_speed=-1", "at least 0"),
    ("model.max_positions=1", "at least 2"),
    ("model.max_positions=32", "at most model.max_positions = 32"),
    ("model.width=-5", "a whole number"),
    ("student.heads=5", "must divide student.width = 32"),
    ("student.kv_heads=3", "must divide student.heads = 2"),
    ("base.steps=0", "at least 1"),
    ("base.length=1", "at least 2"),
    ("base.lr=0", "above 0"),
    ("base.lr=inf", "above 0"),
    ("base.min_lr=1", "between 0 and base.lr"),
    ("base.beta1=1", "below 1"),
    ("base.beta2=-0.1", "at least 0 and below 1"),
    ("base.clip=0", "above 0"),
    ("sft.epochs=0", "at least 1"),
    ("distill.batch=0", "at least 1"),
    ("zero.group=1", "an advantage compares"),
    ("zero.beta=-0.1", "at least 0"),
    ("zero.epsilon=0", "above 0"),
    ("zero.temperature=0", "above 0"),
    ("zero.top_p=0", "above 0 and at most 1"),
    ("zero.minibatches=3", "zero.prompts = 2"),
    ("zero.dual_clip=1.1", "above 1 + epsilon_high"),
    ("zero.overlong=17", "zero.max_new_tokens = 16"),
    ("zero.objective=gpro", "did you mean `grpo`"),
    (
        "zero.objective=cispo",
        "at least 1 where the objective is cispo",
    ),
    ("rubric.judge_retries=11", "at most 10"),
    ("rubric.program=0.5", "`rubric.program_command` is empty"),
    ("memory.optimizer_state=int4", "memory.optimizer_state"),
    ("eval.top_p=1.01", "at most 1"),
];

#[test]
fn settings_that_cannot_be() {
    let mut table = Table::default();
    let dir = TempDir::new().expect("a temporary folder");
    for (setting, named) in SETTINGS {
        let arguments = ["pipeline", "smoke", "--run-dir=@/run", "--set", setting];
        table.refuses(setting, &dir, &arguments, USAGE, &[named]);
    }
}

#[test]
fn options_that_cannot_be() {
    let mut table = Table::default();
    let dir = TempDir::new().expect("a temporary folder");
    let cases: [(&[&str], &str); 8] = [
        (&["pipeline", "tinny"], "did you mean `tiny`"),
        (&["pipeline", "smoke", "--seed", "-1"], "--seed"),
        (&["pipeline", "smoke", "--memory", "4X"], "--memory"),
        (
            &["pipeline", "smoke", "--until", "nowhere"],
            "there are: 0-tasks",
        ),
        (&["pipelin"], "pipeline"),
        (&["count", "nowhere"], "there is no model `nowhere`"),
        (&["bench", "train", "train_X"], "no figure contains train_X"),
        (&["bench", "generate", "gen_X"], "no figure contains gen_X"),
    ];
    for (arguments, named) in cases {
        table.refuses("options", &dir, arguments, USAGE, &[named]);
    }
}
