//! Groups: a problem, the policy's responses to it, and their scores.

use data::{Completion, Problem, Tokenizer};
use lm::{CausalLm, GenerateOptions, NotFinite, Prompt, Rollout, Sampling, generate};
use rewards::{Part, Rubric, Score};

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
    /// The same part by part, with the weights; without them,
    /// [`RewardParts::Decoupled`](crate::RewardParts::Decoupled) has nothing to normalise and a
    /// report no parts.
    pub parts: Vec<Vec<Part>>,
}

impl Group {
    /// Whether the responses that could be judged all earned the same, as one alone does: their
    /// advantages are 0.
    pub fn is_tied(&self) -> bool {
        let mut judged = self.scores.iter().filter(|score| score.is_judged());
        let first = judged.next();
        judged.all(|score| Some(score.total) == first.map(|first| first.total))
    }
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
    /// Bytes their caches and logits may take, for which there may be fewer rows; `None`: not limited.
    pub memory: Option<u64>,
    /// Root of the random streams.
    pub seed: u64,
}

/// Lets `model` answer each problem G times and scores the answers.
///
/// `on_done` hears how many responses have ended since it was last called.
///
/// # Errors
/// A model whose logits are not finite.
pub fn sample<M: CausalLm>(
    model: &M,
    tokenizer: &Tokenizer,
    problems: Vec<Problem>,
    rubric: &Rubric,
    options: &SampleOptions,
    on_done: &mut (dyn FnMut(usize) + Send),
) -> Result<Vec<Group>, NotFinite> {
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
        memory: options.memory,
    };
    let mut rollouts = generate(model, &prompts, &generation, on_done)?.into_iter();
    let groups = problems
        .into_iter()
        .zip(prompts)
        .map(|(problem, prompt)| {
            let completions: Vec<Completion> = rollouts
                .by_ref()
                .take(options.group as usize)
                .map(|rollout| completion(&problem, rollout, tokenizer))
                .collect();
            let scores: Vec<Score> = completions
                .iter()
                .map(|c| rubric.score(&problem, &c.text))
                .collect();
            Group {
                problem,
                prompt: prompt.tokens,
                completions,
                parts: scores.iter().map(|score| rubric.parts(score)).collect(),
                scores,
            }
        })
        .collect();
    Ok(groups)
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

#[cfg(test)]
pub(crate) mod tests {
    use data::{Check, Domain, Finish};

    use super::*;

    /// A group of two-token responses with these rewards; `None`: not judged.
    pub(crate) fn group(rewards: &[Option<f32>]) -> Group {
        let completion = |sample| Completion {
            problem: "p".into(),
            sample,
            tokens: vec![1, 2],
            log_probs: vec![-1.0, -1.0],
            text: String::new(),
            finish: Finish::Stop,
        };
        let score = |reward: &Option<f32>| Score {
            total: reward.unwrap_or(0.0),
            accuracy: *reward,
            format: 0.0,
            language: 0.0,
            extra: Vec::new(),
            rule: "none".into(),
            answer: None,
            reason: String::new(),
            unjudged: Vec::new(),
        };
        Group {
            problem: Problem {
                id: "p".into(),
                question: "?".into(),
                answer: "1".into(),
                solution: None,
                family: "f".into(),
                domain: Domain::General,
                level: 1,
                language: "en".into(),
                check: Check::Answer,
            },
            prompt: vec![3],
            completions: (0..rewards.len() as u32).map(completion).collect(),
            scores: rewards.iter().map(score).collect(),
            parts: Vec::new(),
        }
    }

    #[test]
    fn a_group_is_tied_by_what_could_be_judged() {
        assert!(group(&[Some(0.5), None, Some(0.5)]).is_tied());
        assert!(group(&[None, None]).is_tied());
        assert!(!group(&[Some(0.5), None, Some(1.0)]).is_tied());
    }
}
