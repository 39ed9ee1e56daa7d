//! The recipe of DeepSeek-R1 (arXiv 2501.12948), one variable per box of the figure.
//!
//! What is left out: how each box works (`stages`), and every number (the presets).

use anyhow::Result;

use crate::preset::Preset;
use crate::run::Run;
use crate::stages::{Curate, Distill, Evaluate, Pretrain, Rl, Sft, Shape, Tasks};

/// Carries the whole recipe out, or goes on with it.
///
/// # Errors
/// What a stage fails with.
pub fn run(run: &Run, preset: &Preset) -> Result<()> {
    let p = preset;
    let tasks = run.stage(
        "0-tasks",
        Tasks {
            settings: &p.tasks,
            corpus: &p.corpus,
        },
    )?;

    let mixture = Shape::Mixture(&p.model);
    let base = Pretrain {
        shape: mixture,
        tasks: &tasks,
        corpus: &p.corpus,
        plan: &p.base,
    };
    let base = run.stage("1-base", base)?;

    // R1-Zero: reinforcement learning straight from the base, no SFT first.
    let zero = Rl {
        policy: &base,
        tasks: &tasks,
        plan: &p.zero,
        compute_of: None,
    };
    let zero = run.stage("2-r1-zero", zero)?;

    // R1: a cold start, then RL with the language reward.
    let cold = Sft::cold_start(&base, &tasks, &p.cold_start_sft);
    let cold = run.stage("3-cold-start", cold)?;
    let reasoner = Rl {
        policy: &cold,
        tasks: &tasks,
        plan: &p.reasoning,
        compute_of: None,
    };
    let reasoner = run.stage("4-reasoning-rl", reasoner)?;

    // Its best samples teach the BASE anew, and a second RL finishes.
    let curated = Curate {
        teacher: &reasoner,
        tasks: &tasks,
        plan: &p.rejection,
    };
    let curated = run.stage("5-rejection-sampling", curated)?;
    let sft = run.stage("6-sft", Sft::curated(&base, &tasks, &curated, &p.sft))?;
    let r1 = Rl {
        policy: &sft,
        tasks: &tasks,
        plan: &p.second,
        compute_of: None,
    };
    let r1 = run.stage("7-r1", r1)?;

    // A small dense student learns from R1's samples alone; beside it, the same student with RL.
    let dense = Shape::Dense(&p.student);
    let student_base = Pretrain {
        shape: dense,
        tasks: &tasks,
        corpus: &p.corpus,
        plan: &p.student_base,
    };
    let student_base = run.stage("8a-student-base", student_base)?;
    let student = Distill {
        teacher: &r1,
        student: &student_base,
        tasks: &tasks,
        sampling: &p.distill_data,
        plan: &p.distill,
    };
    let student = run.stage("8-distill", student)?;
    let student_rl = Rl {
        policy: &student_base,
        tasks: &tasks,
        plan: &p.student_rl,
        compute_of: Some(&student),
    };
    let student_rl = run.stage("8b-student-rl", student_rl)?;

    let models = [
        ("base", &base),
        ("r1-zero", &zero),
        ("cold-start", &cold),
        ("reasoning-rl", &reasoner),
        ("sft", &sft),
        ("r1", &r1),
        ("student-base", &student_base),
        ("student", &student),
        ("student-rl", &student_rl),
    ];
    run.stage(
        "9-eval",
        Evaluate {
            models: &models,
            tasks: &tasks,
            plan: &p.eval,
        },
    )?;
    Ok(())
}
