//! The sections of a preset. Counts are whole numbers, shares and probabilities lie in [0, 1].

use grpo::{AdvantageScale, Baseline, Kl, KlIn, Objective, RewardParts, Truncated};
use rewards::Mode;
use serde::{Deserialize, Serialize};
use sft::Divergence;
use trainer::OptimizerState;

/// Which stages are done, and what they start from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// r1: all of them; cold_start_rl: the base, its cold start, reasoning RL, and evaluation.
    pub stages: Stages,
    /// The base, where it is not pretrained here: a model's directory, a GGUF file, or hub:OWNER/NAME;
    /// empty: pretrained.
    pub model: String,
    /// The student's base, likewise.
    pub student: String,
}

/// Which stages are done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stages {
    /// The whole recipe.
    R1,
    /// A cold start on solutions, then reinforcement learning with the hybrid reward.
    ColdStartRl,
}

/// Which problems there are, and how many texts are made of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tasks {
    /// The generated task families: arithmetic, countdown, linear, ordering, program.
    pub families: Vec<String>,
    /// Difficulties of the generated problems, from 1; one named twice is drawn twice as often.
    pub levels: Vec<u32>,
    /// ISO 639-1 codes of the languages problems are asked in: en, zh.
    pub languages: Vec<String>,
    /// Problems to train on in place of the families, with answers or with tests of programs: a file
    /// (JSON Lines, JSON, Parquet), a folder of them, or `hub:OWNER/NAME[@REVISION][:CONFIG/SPLIT]`;
    /// empty: none.
    pub file: String,
    /// Problems to measure with, in the same forms; empty: held out from the training problems.
    pub held_out_file: String,
    /// Questions and responses for the cold start, in the same forms; empty: made from problems. The
    /// responses are learned as they stand.
    pub cold_start_file: String,
    /// Questions and responses without reasoning, in the same forms; empty: generated.
    pub general_file: String,
    /// What the columns of these files are called, as in question=prompt,answer=final; empty: as usual.
    pub columns: String,
    /// How many problems are held out for measuring.
    pub held_out: usize,
    /// How many curated chains of thought the cold start gets.
    pub cold_start: usize,
    /// How many question-and-answer samples without reasoning there are.
    pub general: usize,
    /// Size of the vocabulary, special tokens included; at least 264.
    pub vocabulary: usize,
}

/// What pretraining reads: shares of the five solution styles, which sum to 1, and two more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Corpus {
    /// Share of solutions that are only an answer, often a wrong one.
    pub guess: f64,
    /// Share of solutions in steps.
    pub steps: f64,
    /// Share of solutions in steps that check themselves.
    pub checked: f64,
    /// Share of solutions that ramble.
    pub rambling: f64,
    /// Share of solutions that are fluent and wrong.
    pub wrong: f64,
    /// Share of stepwise solutions that mix two languages.
    pub mixed_language: f64,
    /// Share of documents that are plain text without a question.
    pub plain_text: f64,
}

/// The mixture-of-experts decoder (arXiv 2412.19437, section 2.1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Blocks, dense ones included.
    pub layers: usize,
    /// Width of the residual stream.
    pub width: usize,
    /// Attention heads.
    pub heads: usize,
    /// How many of the first blocks have a dense feed-forward in place of experts.
    pub dense_layers: usize,
    /// Inner width of a dense feed-forward.
    pub dense_inner: usize,
    /// Routed experts per block.
    pub experts: usize,
    /// Routed experts a token goes to.
    pub active_experts: usize,
    /// Experts every token goes to.
    pub shared_experts: usize,
    /// Inner width of one expert.
    pub expert_inner: usize,
    /// Rank of the compressed keys and values.
    pub kv_rank: usize,
    /// Rank of the compressed queries; 0: not compressed.
    pub q_rank: usize,
    /// Per-head query and key dimensions without a position.
    pub nope_dim: usize,
    /// Per-head query and key dimensions that rotate with the position; even.
    pub rope_dim: usize,
    /// Per-head value dimensions.
    pub value_dim: usize,
    /// Groups the experts are divided into.
    pub groups: usize,
    /// Groups a token may choose its experts from.
    pub active_groups: usize,
    /// Factor on the mixture of the routed experts.
    pub routed_scaling: f64,
    /// How far a router bias moves in one step, γ; 0: never.
    pub bias_speed: f64,
    /// Weight of the balance loss within a sequence, α; 0: none.
    pub balance_alpha: f64,
    /// Modules that predict further tokens, one depth each (arXiv 2412.19437, section 2.2); 0: none.
    pub mtp_depth: usize,
    /// Weight of their mean loss, λ.
    pub mtp_weight: f64,
    /// Longest sequence in tokens, prompt included.
    pub max_positions: usize,
}

/// The dense decoder with grouped-query attention that is distilled into.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Student {
    /// Blocks.
    pub layers: usize,
    /// Width of the residual stream; a multiple of twice the heads.
    pub width: usize,
    /// Attention heads.
    pub heads: usize,
    /// Heads of keys and values; divides `heads`.
    pub kv_heads: usize,
    /// Inner width of the feed-forward.
    pub inner: usize,
}

/// Pretraining: every token in the loss, AdamW, cosine schedule after a linear warmup.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pretraining {
    /// Optimizer steps.
    pub steps: usize,
    /// Sequences per step.
    pub batch: usize,
    /// Tokens per sequence.
    pub length: usize,
    /// Highest learning rate.
    pub lr: f64,
    /// Steps in which the learning rate rises to `lr`.
    pub warmup: usize,
    /// Learning rate at the end.
    pub min_lr: f64,
    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// AdamW's first moment decay.
    pub beta1: f64,
    /// AdamW's second moment decay.
    pub beta2: f64,
    /// Largest global gradient norm.
    pub clip: f64,
    /// Steps after which a state to go on from is written; 0: only where the run is stopped.
    pub checkpoint_every: usize,
}

/// SFT: responses in the loss, questions not; cosine schedule after a linear warmup.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Supervised {
    /// Passes over the samples.
    pub epochs: usize,
    /// Samples per step.
    pub batch: usize,
    /// Highest learning rate.
    pub lr: f64,
    /// Learning rate at the end.
    pub min_lr: f64,
    /// Steps in which the learning rate rises to `lr`.
    pub warmup: usize,
    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// Largest global gradient norm.
    pub clip: f64,
    /// Steps after which a state to go on from is written; 0: only where the run is stopped.
    pub checkpoint_every: usize,
}

/// A teacher's distribution over the next token in the student's loss.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Logits {
    /// The teacher's likeliest tokens that are kept, K; 0: its samples alone are learned from.
    pub k: usize,
    /// forward: KL(teacher ‖ student); reverse: KL(student ‖ teacher).
    pub kl: Divergence,
    /// Its share of the loss, α; the rest is cross entropy.
    pub alpha: f64,
    /// What both distributions' logits are divided by, τ.
    pub temperature: f64,
}

/// How the parts of a reward combine, and the terms besides accuracy, format and language. A term with
/// weight 0 is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rubric {
    /// sum; gated: format and language count only with a right answer; form_gated: the answer counts
    /// only in the strict template; per_part: each part normalised in its group (GDPO).
    pub mode: Mode,
    /// Weight of the repetition penalty.
    pub repetition: f64,
    /// Words of a phrase whose repetition costs.
    pub repetition_ngram: usize,
    /// Weight of the penalty for another length than `length_target`.
    pub length: f64,
    /// Tokens a response should have.
    pub length_target: usize,
    /// What a token more or less costs, α.
    pub length_alpha: f64,
    /// Weight of a model's verdict.
    pub judge: f64,
    /// Where its interface begins, as http://localhost:8000/v1.
    pub judge_url: String,
    /// Its name.
    pub judge_model: String,
    /// The environment variable that holds the key; empty: none.
    pub judge_key: String,
    /// Seconds a request may take.
    pub judge_timeout: f64,
    /// How often a failed request is sent again.
    pub judge_retries: usize,
    /// Weight of a program's score.
    pub program: f64,
    /// The name it is reported under.
    pub program_name: String,
    /// What the shell runs, as python3 my.py.
    pub program_command: String,
    /// Seconds it may take for a response.
    pub program_timeout: f64,
}

/// Reinforcement learning with GRPO (arXiv 2402.03300; 2501.12948).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rl {
    /// Rollouts: rounds of sampling and learning.
    pub steps: usize,
    /// Problems per rollout.
    pub prompts: usize,
    /// Samples per problem, G; at least 2.
    pub group: usize,
    /// Learning rate after the warmup; constant.
    pub lr: f64,
    /// Rollouts in which the learning rate rises to `lr`.
    pub warmup: usize,
    /// What is optimised: grpo, bnpo, dr_grpo, dapo, cispo, gspo, sapo, luspo or vespo.
    pub objective: Objective,
    /// How far below 1 a probability ratio still counts.
    pub epsilon: f64,
    /// How far above 1 a probability ratio still counts; with cispo the highest weight itself.
    pub epsilon_high: f64,
    /// The highest ratio, whatever the advantage's sign; 0: none.
    pub dual_clip: f64,
    /// Weight of the KL divergence from the reference, β; 0: none.
    pub beta: f64,
    /// Its estimator: k1, k2 or k3.
    pub kl: Kl,
    /// Where it stands: loss, weighted_loss (times the ratio) or reward.
    pub kl_in: KlIn,
    /// Weight of the policy's entropy, which is taken off the loss; 0: none.
    pub entropy_bonus: f64,
    /// What advantages are divided by: the deviation of the group or of the batch, or none.
    pub advantage_scale: AdvantageScale,
    /// What is taken off a reward: mean (of the group) or leave_one_out (of its others).
    pub baseline: Baseline,
    /// Whether the sum of accuracy, format and language is normalised (sum) or each of them
    /// (decoupled).
    pub reward_parts: RewardParts,
    /// Whether responses that were cut off are trained on: keep or mask.
    pub truncated: Truncated,
    /// Tokens before the longest response at which a growing penalty begins; 0: none.
    pub overlong: usize,
    /// Rounds in which groups that are tied are drawn anew; 0: they are kept.
    pub resample: usize,
    /// Sampling temperature.
    pub temperature: f64,
    /// Probability mass sampled from; 1: all of it.
    pub top_p: f64,
    /// Longest response in tokens.
    pub max_new_tokens: usize,
    /// Passes over one rollout.
    pub inner_epochs: usize,
    /// Optimizer steps per pass; at most `prompts`.
    pub minibatches: usize,
    /// Rollouts after which the reference follows the policy; 0: never.
    pub reference_every: usize,
    /// How far it then does: 1 all the way, less: it becomes a mixture of both.
    pub reference_mix: f64,
    /// KL from the reference, in nats a token, at which the run stops; 0: none.
    pub kl_limit: f64,
    /// Mean difference between a token's log-prob in sampling and in training at which the run
    /// stops; 0: none. Above 1e-3 it is warned of.
    pub gap_limit: f64,
    /// Largest global gradient norm.
    pub clip: f64,
    /// Weight of a right answer.
    pub accuracy: f64,
    /// Weight of the template, λ1.
    pub format: f64,
    /// Weight of the target language, λ2; 0: none.
    pub language: f64,
    /// Difficulties of the problems at the start; the last is the highest.
    pub levels: Vec<u32>,
    /// Accuracy over ten steps above which the next difficulty is added, up to the highest of
    /// `tasks.levels`; 1: never.
    pub level_up: f64,
    /// Steps after which a state to go on from is written; 0: only where the run is stopped.
    pub checkpoint_every: usize,
}

/// The critic of PPO (arXiv 1707.06347), which `r1 bench grpo-vs-ppo` trains beside the policy of
/// `zero`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ppo {
    /// Learning rate of the critic after the warmup of `zero`; constant.
    pub lr: f64,
    /// γ, what a reward a token later is worth.
    pub gamma: f64,
    /// λ of the advantages: 0 trusts the critic, 1 the reward.
    pub lambda: f64,
    /// How far a value may move in a step before its loss stops pulling; 0: any.
    pub value_clip: f64,
    /// Whether advantages are centred and scaled over all tokens of a rollout.
    pub whiten: bool,
}

/// What is kept of a stage on its way.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoints {
    /// How many of the last states it could go on from, while it runs.
    pub keep: usize,
    /// How many of the policies with the highest rewards, one looked at every `checkpoint_every` steps.
    pub best: usize,
}

impl Default for Checkpoints {
    /// Two states, no policies.
    fn default() -> Self {
        Self { keep: 2, best: 0 }
    }
}

/// A packed corpus (`r1 corpus pack`) that pretraining reads in place of texts about the problems.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shards {
    /// Its directory; empty: none. A window is as long as the `length` of the stage that reads it.
    pub path: String,
    /// The sources drawn from, as web=3 or code=1:2: a weight, and after how many passes a source is used up; empty:
    /// all of them, by their tokens, without end.
    pub mixture: Vec<String>,
}

/// What fine-tuning and reinforcement learning do to get by with less memory.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// Whether a pass keeps the inputs of blocks alone and computes blocks again on its way back
    /// (arXiv 1604.06174).
    pub checkpointing: bool,
    /// How the optimizer remembers its moments: float32, or int8 (arXiv 2110.02861).
    pub optimizer_state: OptimizerState,
}

/// Low-rank adapters (arXiv 2106.09685) that fine-tuning and reinforcement learning train in place of
/// the weights.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lora {
    /// Their rank; 0: none, the weights themselves are trained.
    pub rank: usize,
    /// Their change is scaled by alpha / rank.
    pub alpha: f64,
    /// The projections that have one, as q_proj; every model that is trained must have each.
    pub targets: Vec<String>,
}

/// Rejection sampling.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rejection {
    /// Problems sampled for.
    pub prompts: usize,
    /// Responses per problem.
    pub samples: usize,
    /// Sampling temperature.
    pub temperature: f64,
    /// Probability mass sampled from; 1: all of it.
    pub top_p: f64,
    /// Most responses kept per problem.
    pub per_prompt_cap: usize,
    /// Longest response in tokens.
    pub max_new_tokens: usize,
}

/// How the models are measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Eval {
    /// Responses per problem; pass@1 is their mean.
    pub samples: usize,
    /// Sampling temperature; 0: always the likeliest token.
    pub temperature: f64,
    /// Probability mass sampled from; 1: all of it.
    pub top_p: f64,
    /// Longest response in tokens.
    pub max_new_tokens: usize,
}
