//! Drawing on the host.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::Sampling;

/// One sample's source of randomness, and the tokens its penalty falls on.
///
/// It is consumed one number a token, so a sample's tokens depend on its own stream alone.
#[derive(Debug)]
pub struct Sampler {
    rng: ChaCha8Rng,
    seen: Vec<u32>,
}

impl Sampler {
    /// The stream of sample `sample` of prompt `id`.
    pub fn new(seed: u64, id: &str, sample: u32) -> Self {
        Self {
            rng: data::seed::stream(seed, &[id, &sample.to_string()]),
            seen: Vec::new(),
        }
    }

    /// Notes tokens for the repetition penalty.
    pub fn see(&mut self, tokens: &[u32]) {
        self.seen.extend_from_slice(tokens);
        self.seen.sort_unstable();
        self.seen.dedup();
    }

    /// The number in [0, 1) that decides the next token.
    pub(crate) fn uniform(&mut self) -> f64 {
        self.rng.random()
    }

    /// Draws a token and returns it with its log-probability under the sampling distribution,
    /// after every cut. Greedy choices have log-probability 0; ties take the lowest id.
    ///
    /// The log-probability is NaN where there is no distribution: one of the logits is NaN, or the
    /// largest of them infinite.
    pub fn draw(&mut self, logits: &[f32], sampling: &Sampling) -> (u32, f32) {
        let uniform = self.uniform();
        if sampling.penalises() {
            let penalised = self.penalised(logits, sampling.repetition_penalty as f32);
            let drawn = draw(uniform, &penalised, sampling);
            self.see(&[drawn.0]);
            return drawn;
        }
        draw(uniform, logits, sampling)
    }

    fn penalised(&self, logits: &[f32], penalty: f32) -> Vec<f32> {
        let mut logits = logits.to_vec();
        for &id in &self.seen {
            let logit = &mut logits[id as usize];
            *logit = if *logit > 0.0 {
                *logit / penalty
            } else {
                *logit * penalty
            };
        }
        logits
    }
}

fn draw(uniform: f64, logits: &[f32], sampling: &Sampling) -> (u32, f32) {
    let best = argmax(logits);
    if !logits[best].is_finite() || logits.iter().any(|logit| logit.is_nan()) {
        return (best as u32, f32::NAN);
    }
    if sampling.temperature == 0.0 {
        return (best as u32, 0.0);
    }
    let scale = (1.0 / sampling.temperature) as f32;
    let top = logits[best];
    let weights: Vec<f32> = logits.iter().map(|&l| ((l - top) * scale).exp()).collect();
    let kept = cut(&weights, sampling);
    let mut left = uniform * kept.total;
    let mut chosen = best;
    for (id, &weight) in weights.iter().enumerate() {
        if weight < kept.floor || weight == 0.0 {
            continue;
        }
        chosen = id;
        left -= f64::from(weight);
        if left < 0.0 {
            break;
        }
    }
    (
        chosen as u32,
        (f64::from(weights[chosen]) / kept.total).ln() as f32,
    )
}

/// The tokens that stay: those of at least this weight, and their sum.
struct Kept {
    floor: f32,
    total: f64,
}

/// `weights` are relative to the largest, which is 1.
fn cut(weights: &[f32], sampling: &Sampling) -> Kept {
    let sum = |floor: f32| -> f64 {
        let kept = weights.iter().filter(|&&w| w >= floor);
        kept.map(|&w| f64::from(w)).sum()
    };
    let mut floor = 0.0;
    let mut total = sum(floor);
    if !sampling.cuts() {
        return Kept { floor, total };
    }
    let mut sorted: Vec<f32> = weights.iter().copied().filter(|&w| w > 1e-9).collect();
    sorted.sort_unstable_by(|a, b| b.total_cmp(a));
    if (1..sorted.len()).contains(&sampling.top_k) {
        floor = sorted[sampling.top_k - 1];
        total = sum(floor);
    }
    if sampling.top_p < 1.0 {
        let mut reached = 0.0;
        let nucleus = sorted.iter().find(|&&weight| {
            reached += f64::from(weight);
            reached >= sampling.top_p * total
        });
        floor = nucleus.map_or(floor, |&last| last.max(floor));
    }
    floor = floor.max(sampling.min_p as f32);
    Kept {
        floor,
        total: sum(floor),
    }
}

/// The first of the largest.
pub(crate) fn argmax(logits: &[f32]) -> usize {
    let mut best = 0;
    for (id, &logit) in logits.iter().enumerate() {
        if logit > logits[best] {
            best = id;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    /// softmax: 1/8, 2/8, 5/8.
    fn logits() -> [f32; 3] {
        [0.0, 2f32.ln(), 5f32.ln()]
    }

    /// Draws often; checks shares of the tokens and each log-probability against `expected`.
    fn follows(logits: &[f32], sampling: &Sampling, expected: &[f64]) {
        assert_eq!(sampling.validate(), Ok(()));
        let mut counts = vec![0; expected.len()];
        for sample in 0..20_000 {
            let mut sampler = Sampler::new(7, "p", sample);
            sampler.see(&[1]);
            let (id, log_prob) = sampler.draw(logits, sampling);
            counts[id as usize] += 1;
            let share = expected[id as usize];
            assert!(
                (f64::from(log_prob) - share.ln()).abs() < 1e-6,
                "{id}: {log_prob}"
            );
        }
        for (count, share) in counts.iter().zip(expected) {
            let found = f64::from(*count) / 20_000.0;
            assert!(
                (found - share).abs() < 0.015,
                "{counts:?}, not {expected:?}"
            );
        }
    }

    #[test]
    fn what_is_no_distribution_has_no_log_prob() {
        let (nan, inf) = (f32::NAN, f32::INFINITY);
        for logits in [[nan, 1.0, 2.0], [1.0, 2.0, nan], [0.0, inf, 1.0], [-inf; 3]] {
            for sampling in [Sampling::PLAIN, Sampling::GREEDY] {
                let (_, log_prob) = Sampler::new(1, "p", 0).draw(&logits, &sampling);
                assert!(log_prob.is_nan(), "{logits:?}");
            }
        }
        // A token that is ruled out is no such sign.
        let (id, log_prob) = Sampler::new(1, "p", 0).draw(&[-inf, 1.0, -inf], &Sampling::PLAIN);
        assert_eq!((id, log_prob), (1, 0.0));
    }

    #[test]
    fn greedy_takes_the_first_of_the_largest() {
        let (id, log_prob) = Sampler::new(1, "p", 0).draw(&[0.0, 2.0, 2.0], &Sampling::GREEDY);
        assert_eq!((id, log_prob), (1, 0.0));
    }

    #[test]
    fn every_setting_changes_the_distribution_by_its_definition() {
        let plain = Sampling::PLAIN;
        follows(&logits(), &plain, &[0.125, 0.25, 0.625]);
        let cooler = Sampling {
            temperature: 0.5,
            ..plain
        };
        follows(&logits(), &cooler, &[1.0 / 30.0, 4.0 / 30.0, 25.0 / 30.0]);
        let top_p = Sampling {
            top_p: 0.8,
            ..plain
        };
        follows(&logits(), &top_p, &[0.0, 2.0 / 7.0, 5.0 / 7.0]);
        let top_k = Sampling { top_k: 2, ..plain };
        follows(&logits(), &top_k, &[0.0, 2.0 / 7.0, 5.0 / 7.0]);
        let one = Sampling { top_k: 1, ..plain };
        follows(&logits(), &one, &[0.0, 0.0, 1.0]);
        // 1/5 is below 0.3, 2/5 is not.
        let min_p = Sampling {
            min_p: 0.3,
            ..plain
        };
        follows(&logits(), &min_p, &[0.0, 2.0 / 7.0, 5.0 / 7.0]);
        // 70 % of what top-k leaves are reached by the first of it; of all, by the first two.
        let both = Sampling {
            top_k: 2,
            top_p: 0.7,
            ..plain
        };
        follows(&logits(), &both, &[0.0, 0.0, 1.0]);
        let all = Sampling {
            top_p: 0.7,
            ..plain
        };
        follows(&logits(), &all, &[0.0, 2.0 / 7.0, 5.0 / 7.0]);
    }

    #[test]
    fn the_penalty_falls_on_what_was_seen() {
        // ln 4 / 2 = ln 2; 2 · −ln 2 = −ln 4.
        let penalty = Sampling {
            repetition_penalty: 2.0,
            ..Sampling::PLAIN
        };
        let expected = |weights: [f64; 3]| weights.map(|w| w / weights.iter().sum::<f64>());
        follows(&[0.0, 4f32.ln(), 0.0], &penalty, &expected([1.0, 2.0, 1.0]));
        follows(
            &[0.0, -(2f32.ln()), 0.0],
            &penalty,
            &expected([1.0, 0.25, 1.0]),
        );
        // What is said is seen: the greedy choice moves on.
        let greedy = Sampling {
            temperature: 0.0,
            ..penalty
        };
        let mut sampler = Sampler::new(1, "p", 0);
        let said = [0; 3].map(|_| sampler.draw(&[1.0, 1.5, 0.9], &greedy).0);
        assert_eq!(said, [1, 0, 2]);
    }

    #[test]
    fn ties_with_the_last_kept_stay() {
        let sampling = Sampling {
            top_k: 2,
            ..Sampling::PLAIN
        };
        follows(&[1.0, 1.0, 1.0], &sampling, &[1.0 / 3.0; 3]);
    }

    #[test]
    fn streams_differ_by_prompt_and_sample_only() {
        let draw = |seed, id: &str, sample| {
            let mut sampler = Sampler::new(seed, id, sample);
            (0..8)
                .map(|_| sampler.draw(&[0.0; 50], &Sampling::PLAIN).0)
                .collect::<Vec<_>>()
        };
        assert_eq!(draw(1, "a", 0), draw(1, "a", 0));
        assert_ne!(draw(1, "a", 0), draw(1, "a", 1));
        assert_ne!(draw(1, "a", 0), draw(1, "b", 0));
        assert_ne!(draw(1, "a", 0), draw(2, "a", 0));
    }
}
