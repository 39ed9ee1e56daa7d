//! What the reference says of the responses, token by token, before anything is trained.

use lm::{CausalLm, Sequence, micro_batches, score};

use crate::config::GrpoConfig;
use crate::group::Group;
use crate::rows::{sequence, vector};

/// The KL estimate of each token of each response at the policy that sampled it, group by group.
pub(crate) fn token_kl<M: CausalLm>(
    reference: &M,
    groups: &[Group],
    config: &GrpoConfig,
    micro_tokens: usize,
) -> Vec<Vec<Vec<f64>>> {
    let old_of = |g: &Group, i: usize| g.completions[i].log_probs.clone();
    per_token(groups, micro_tokens, |sequences, at| {
        let reference_n = score(reference, sequences, config.temperature)
            .log_probs_n
            .without_autodiff();
        let old: Vec<f32> = at
            .iter()
            .flat_map(|&(g, i)| old_of(&groups[g], i))
            .collect();
        let old_n = vector(old, &reference_n.device());
        let estimates = config.kl.estimate(reference_n - old_n).into_data();
        estimates.iter::<f32>().map(f64::from).collect()
    })
}

/// Each response's sum of `token_kl`.
pub(crate) fn sums(token_kl: &[Vec<Vec<f64>>]) -> Vec<Vec<f64>> {
    let of_group = |group: &Vec<Vec<f64>>| group.iter().map(|kl| kl.iter().sum()).collect();
    token_kl.iter().map(of_group).collect()
}

/// Values of each response token, computed in micro-batches: `values` gives those of a few
/// sequences, one after the other; it is told which responses they are.
pub(crate) fn per_token(
    groups: &[Group],
    micro_tokens: usize,
    values: impl Fn(&[Sequence], &[(usize, usize)]) -> Vec<f64>,
) -> Vec<Vec<Vec<f64>>> {
    let all: Vec<(usize, usize)> = groups
        .iter()
        .enumerate()
        .flat_map(|(g, group)| (0..group.completions.len()).map(move |i| (g, i)))
        .collect();
    let sequences: Vec<Sequence> = all.iter().map(|&(g, i)| sequence(&groups[g], i)).collect();
    let lengths: Vec<usize> = sequences.iter().map(|s| s.tokens.len()).collect();
    let mut found: Vec<Vec<Vec<f64>>> = groups
        .iter()
        .map(|group| vec![Vec::new(); group.completions.len()])
        .collect();
    for part in micro_batches(&lengths, micro_tokens) {
        let here: Vec<Sequence> = part.iter().map(|&at| sequences[at].clone()).collect();
        let at: Vec<(usize, usize)> = part.iter().map(|&at| all[at]).collect();
        let mut values = values(&here, &at).into_iter();
        for (&(g, i), sequence) in at.iter().zip(&here) {
            found[g][i] = values.by_ref().take(sequence.targets()).collect();
        }
    }
    found
}
