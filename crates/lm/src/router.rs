//! What routers did with the real tokens of a batch, layer by layer.

use burn::tensor::Tensor;
use serde::Serialize;

use crate::{Routing, TokenBatch};

/// One router and one batch: sums over its real tokens, so that micro-batches add up.
#[derive(Debug, Clone, PartialEq)]
pub struct RouterSums {
    /// Tokens each expert received.
    pub load: Vec<u64>,
    /// Entropies of the choice, in nats.
    pub entropy: f64,
    /// Squared log-sum-exps of the logits.
    pub z: f64,
    /// Tokens.
    pub tokens: usize,
}

/// One router over a step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RouterReport {
    /// Tokens of the busiest expert over the mean.
    pub max_load: f64,
    /// Tokens of the idlest expert over the mean; 0 for a dead one.
    pub min_load: f64,
    /// Mean entropy of the scores as a distribution over the experts, in nats.
    pub entropy: f64,
    /// Mean of log² Σ exp(logit) (arXiv 2202.08906, equation 5).
    pub z: f64,
}

/// Sums what the routers of a batch did.
pub(crate) fn sums(routing: &[Routing], batch: &TokenBatch, experts: usize) -> Vec<RouterSums> {
    let Some(first) = routing.first() else {
        return Vec::new();
    };
    let tokens = batch.real_tokens();
    let mask_n = batch
        .mask(&first.z_n.device())
        .reshape([batch.rows() * batch.width()]);
    let sum = |values_n: &Tensor<1>| (values_n.clone() * mask_n.clone()).sum();
    let both = routing
        .iter()
        .flat_map(|layer| [sum(&layer.entropy_n), sum(&layer.z_n)]);
    // One reading for all: each would make an accelerator wait.
    let measured = Tensor::cat(both.collect(), 0).into_data();
    let measured: Vec<f64> = measured.iter::<f32>().map(f64::from).collect();
    let layers = routing.iter().zip(measured.chunks(2));
    layers
        .map(|(layer, measured)| RouterSums {
            load: load(layer, batch, experts),
            entropy: measured[0],
            z: measured[1],
            tokens,
        })
        .collect()
}

/// Tokens each expert received.
fn load(routing: &Routing, batch: &TokenBatch, experts: usize) -> Vec<u64> {
    let [_, k] = routing.index_nk.dims();
    let chosen: Vec<i64> = routing.index_nk.to_data().iter::<i64>().collect();
    let mut load = vec![0; experts];
    for (choice, real) in chosen.chunks(k).zip(batch.is_real()) {
        if real {
            choice.iter().for_each(|&expert| load[expert as usize] += 1);
        }
    }
    load
}

/// What the routers did over all micro-batches of a step, layer by layer.
pub fn router_reports(parts: &[&[RouterSums]]) -> Vec<RouterReport> {
    let layers = parts.first().map_or(0, |part| part.len());
    (0..layers)
        .map(|layer| {
            let parts = || parts.iter().map(|part| &part[layer]);
            let experts = parts().next().map_or(0, |part| part.load.len());
            let loads: Vec<u64> = (0..experts)
                .map(|expert| parts().map(|part| part.load[expert]).sum())
                .collect();
            let mean = (loads.iter().sum::<u64>() as f64 / experts.max(1) as f64).max(1e-9);
            let tokens = parts().map(|part| part.tokens).sum::<usize>().max(1) as f64;
            RouterReport {
                max_load: loads.iter().max().map_or(0.0, |&most| most as f64 / mean),
                min_load: loads.iter().min().map_or(0.0, |&least| least as f64 / mean),
                entropy: parts().map(|part| part.entropy).sum::<f64>() / tokens,
                z: parts().map(|part| part.z).sum::<f64>() / tokens,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn padding_does_not_count() {
        let device = Device::flex();
        // Two rows of two; the last place is padding.
        let batch = TokenBatch::new(&[vec![1, 2], vec![3]]);
        let routing = Routing {
            index_nk: Tensor::from_ints([[0, 1], [0, 2], [0, 1], [3, 3]], &device),
            entropy_n: Tensor::from_floats([1.0, 0.5, 0.25, 9.0], &device),
            z_n: Tensor::from_floats([4.0, 2.0, 1.0, 9.0], &device),
        };
        let found = sums(&[routing], &batch, 4);
        let expected = RouterSums {
            load: vec![3, 2, 1, 0],
            entropy: 1.75,
            z: 7.0,
            tokens: 3,
        };
        assert_eq!(found, [expected]);
        assert!(sums(&[], &batch, 4).is_empty());
    }

    #[test]
    fn micro_batches_add_up() {
        let part = |load: [u64; 2], entropy, z, tokens| RouterSums {
            load: load.into(),
            entropy,
            z,
            tokens,
        };
        let parts = [[part([3, 0], 0.6, 3.0, 3)], [part([0, 1], 0.2, 5.0, 1)]];
        let found = router_reports(&[&parts[0], &parts[1]]);
        let expected = RouterReport {
            max_load: 1.5,
            min_load: 0.5,
            entropy: 0.2,
            z: 2.0,
        };
        assert!((found[0].entropy - expected.entropy).abs() < 1e-12);
        assert_eq!(
            found,
            [RouterReport {
                entropy: found[0].entropy,
                ..expected
            }]
        );
        assert!(router_reports(&[]).is_empty());
    }
}
