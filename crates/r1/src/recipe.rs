//! The recipe of DeepSeek-R1 (arXiv 2501.12948), one line per box of the figure.
//!
//! What is left out: how each box works (`stages`), and every number (the presets).

use anyhow::Result;

use crate::Artifact;
use crate::preset::{Preset, Stages};
use crate::run::Run;
use crate::stages::{
    Curate, Distill, Evaluate, Import, Means, Pretrain, Rl, Sft, Shape, Shards, Tasks,
};

/// Carries the preset's recipe out, or goes on with it.
///
/// # Errors
/// What a stage fails with.
pub fn run(run: &Run, preset: &Preset) -> Result<()> {
    match preset.recipe.stages {
        Stages::R1 => r1(run, preset),
        Stages::ColdStartRl => cold_start_rl(run, preset),
    }
}

/// All of it.
fn r1(run: &Run, p: &Preset) -> Result<()> {
    let shards = &Shards::open(&p.shards)?;
    let (tasks, base) = base(run, p, shards.as_ref())?;
    let means = &Means::of(p);

    // R1-Zero: reinforcement learning straight from the base, no SFT first.
    let zero = run.stage(
        "2-r1-zero",
        Rl::new(&base, &tasks, &p.zero, &p.rubric).by(means),
    )?;

    // R1: a cold start, then RL with the language reward.
    let cold_start = Sft::cold_start(&base, &tasks, &p.cold_start_sft).by(means);
    let cold_start = run.stage("3-cold-start", cold_start)?;
    let reasoner = run.stage(
        "4-reasoning-rl",
        Rl::new(&cold_start, &tasks, &p.reasoning, &p.rubric).by(means),
    )?;

    // Its best samples teach the BASE anew, and a second RL finishes.
    let curated = Curate::new(&reasoner, &tasks, &p.rejection);
    let curated = run.stage("5-rejection-sampling", curated)?;
    let sft = run.stage(
        "6-sft",
        Sft::curated(&base, &tasks, &curated, &p.sft).by(means),
    )?;
    let r1 = run.stage(
        "7-r1",
        Rl::new(&sft, &tasks, &p.second, &p.rubric).by(means),
    )?;

    // A small dense student learns from R1's samples alone.
    let dense = student_base(run, p, &tasks, shards.as_ref())?;
    let student = Distill::new(&r1, &dense, &tasks, &p.distill_data, &p.distill)
        .with_logits(&p.distill_logits)
        .by(means);
    let student = run.stage("8-distill", student)?;

    // Beside it, the same student with RL instead, at equal computing.
    let rival = Rl::new(&dense, &tasks, &p.student_rl, &p.rubric)
        .by(means)
        .at_the_cost_of(&student);
    let rival = run.stage("8b-student-rl", rival)?;

    let models = [
        ("base", &base),
        ("r1-zero", &zero),
        ("cold-start", &cold_start),
        ("reasoning-rl", &reasoner),
        ("sft", &sft),
        ("r1", &r1),
        ("student-base", &dense),
        ("student", &student),
        ("student-rl", &rival),
    ];
    run.stage("9-eval", Evaluate::new(&models, &tasks, &p.eval))?;
    Ok(())
}

/// For a checkpoint that has learned to speak: a cold start on the problems' own solutions, then
/// reinforcement learning with the hybrid reward.
fn cold_start_rl(run: &Run, p: &Preset) -> Result<()> {
    let shards = &Shards::open(&p.shards)?;
    let (tasks, base) = base(run, p, shards.as_ref())?;
    let means = &Means::of(p);
    let cold_start = Sft::cold_start(&base, &tasks, &p.cold_start_sft).by(means);
    let cold_start = run.stage("3-cold-start", cold_start)?;
    let reasoner = Rl::new(&cold_start, &tasks, &p.reasoning, &p.rubric).by(means);
    let reasoner = run.stage("4-reasoning-rl", reasoner)?;
    let models = [
        ("base", &base),
        ("cold-start", &cold_start),
        ("reasoning-rl", &reasoner),
    ];
    run.stage("9-eval", Evaluate::new(&models, &tasks, &p.eval))?;
    Ok(())
}

/// The problems, and a base to start from: pretrained on texts about them or on a packed corpus, or a
/// checkpoint, whose tokenizer then is everyone's.
fn base(run: &Run, p: &Preset, shards: Option<&Shards>) -> Result<(Artifact, Artifact)> {
    let tasks = Tasks::new(&p.tasks, &p.corpus).reading(shards);
    if p.recipe.model.is_empty() {
        let tasks = run.stage("0-tasks", tasks)?;
        let shape = Shape::Mixture(&p.model);
        let pretrain = Pretrain::new(shape, &tasks, &p.corpus, &p.base).reading(shards);
        let base = run.stage("1-base", pretrain)?;
        return Ok((tasks, base));
    }
    let base = run.stage("1-base", Import::new(&p.recipe.model))?;
    let tasks = run.stage("0-tasks", tasks.with_tokenizer_of(&base))?;
    Ok((tasks, base))
}

/// The student before it learns from R1, with a tokenizer of its own where it is a checkpoint.
fn student_base(
    run: &Run,
    p: &Preset,
    tasks: &Artifact,
    shards: Option<&Shards>,
) -> Result<Artifact> {
    if p.recipe.student.is_empty() {
        let shape = Shape::Dense(&p.student);
        let pretrain = Pretrain::new(shape, tasks, &p.corpus, &p.student_base).reading(shards);
        return run.stage("8a-student-base", pretrain);
    }
    run.stage("8a-student-base", Import::new(&p.recipe.student))
}
