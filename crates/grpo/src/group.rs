//! Groups: a problem, the policy's responses to it, and their scores.

use data::{Completion, Problem, Tokenizer};
use lm::{CausalLm, GenerateOptions, Prompt, Rollout, Sampling, generate};
use rewards::{Rubric, Score};

/// One problem's responses.
#[derive(Debug, Clone)]
pub struct Group {
    /// What was asked.
    pub problem: Problem,
    /// The prompt the model read.
    pub prompt: Vec<u32>,
    /// The responses.
    pub completions: Vec<Completion>,
    /// What each was worth.
    pub scores: Vec<Score>,
}

/// How groups are sampled.
#[derive(Debug, Clone, Copy)]
pub struct SampleOptions {
    /// G, responses a problem.
    pub group: u32,
    /// The sampling distribution.
    pub sampling: Sampling,
    /// Tokens after which a response is cut off.
    pub max_new_tokens: usize,
    /// Rows sampled side by side at most.
    pub max_rows: usize,
    /// Root of the random streams.
    pub seed: u64,
}

/// Lets `model` answer each problem G times and scores the answers.
///
/// `on_done` hears how many responses have ended since it was last called.
pub fn sample<M: CausalLm>(
    model: &M,
    tokenizer: &Tokenizer,
    problems: Vec<Problem>,
    rubric: &Rubric,
    options: &SampleOptions,
    on_done: &mut (dyn FnMut(usize) + Send),
) -> Vec<Group> {
    let prompts: Vec<Prompt> = problems
        .iter()
        .map(|problem| Prompt {
            id: problem.id.clone(),
            tokens: tokenizer.encode_prompt(&problem.question),
        })
        .collect();
    let generation = GenerateOptions {
        samples: options.group,
        sampling: options.sampling,
        max_new_tokens: options.max_new_tokens,
        end_token: tokenizer.end,
        seed: options.seed,
        max_rows: options.max_rows,
    };
    let mut rollouts = generate(model, &prompts, &generation, on_done).into_iter();
    problems
        .into_iter()
        .zip(prompts)
        .map(|(problem, prompt)| {
            let completions: Vec<Completion> = rollouts
                .by_ref()
                .take(options.group as usize)
                .map(|rollout| completion(&problem, rollout, tokenizer))
                .collect();
            let scores = completions
                .iter()
                .map(|c| rubric.score(&problem, &c.text))
                .collect();
            Group {
                problem,
                prompt: prompt.tokens,
                completions,
                scores,
            }
        })
        .collect()
}

fn completion(problem: &Problem, rollout: Rollout, tokenizer: &Tokenizer) -> Completion {
    let said = match rollout.finish {
        data::Finish::Stop => &rollout.tokens[..rollout.tokens.len() - 1],
        data::Finish::Length => &rollout.tokens,
    };
    Completion {
        problem: problem.id.clone(),
        sample: rollout.sample,
        text: tokenizer.decode(said),
        tokens: rollout.tokens,
        log_probs: rollout.log_probs,
        finish: rollout.finish,
    }
}
