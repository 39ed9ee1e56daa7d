//! Which experts serve which domain.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use lm::{CausalLm, Sequence, micro_batches, score};
use serde::Serialize;

use super::files::write_json;

/// Shares of the tokens of each domain that went to each expert, layer by layer.
#[derive(Serialize)]
struct ExpertLoad<'a, D> {
    domains: Vec<&'a D>,
    layers: Vec<Layer>,
}

#[derive(Serialize)]
struct Layer {
    /// Number among the mixture layers, from 1.
    layer: usize,
    /// `[domain][expert]`, each row summing to 1.
    load: Vec<Vec<f64>>,
    /// The busiest expert over the mean, all domains together.
    busiest: f64,
}

/// Measures a mixture on texts and writes `experts.json`; does nothing for a dense model.
pub(super) fn write<M: CausalLm, D: Serialize>(
    dir: &Path,
    model: &M,
    texts: &BTreeMap<D, Vec<Sequence>>,
    micro_tokens: usize,
) -> Result<()> {
    if model.experts() == 0 {
        return Ok(());
    }
    let model = model.valid();
    let loads: Vec<Vec<Vec<u64>>> = texts
        .values()
        .map(|texts| load(&model, texts, micro_tokens))
        .collect();
    let layers = loads.first().map_or(0, Vec::len);
    let layers = (0..layers)
        .map(|layer| {
            let counts: Vec<&Vec<u64>> = loads.iter().map(|load| &load[layer]).collect();
            let total: Vec<u64> = (0..model.experts())
                .map(|e| counts.iter().map(|c| c[e]).sum())
                .collect();
            let most = total.iter().copied().max().unwrap_or(0) as f64;
            let mean = total.iter().sum::<u64>() as f64 / total.len() as f64;
            let load = counts.iter().map(|count| shares(count)).collect();
            Layer {
                layer: layer + 1,
                load,
                busiest: most / mean.max(1.0),
            }
        })
        .collect();
    let report = ExpertLoad {
        domains: texts.keys().collect(),
        layers,
    };
    write_json(&dir.join("experts.json"), &report)
}

fn load<M: CausalLm>(model: &M, texts: &[Sequence], micro_tokens: usize) -> Vec<Vec<u64>> {
    let lengths: Vec<usize> = texts.iter().map(|text| text.tokens.len()).collect();
    let mut sum: Vec<Vec<u64>> = Vec::new();
    for group in micro_batches(&lengths, micro_tokens) {
        let sequences: Vec<Sequence> = group.iter().map(|&i| texts[i].clone()).collect();
        let part = score(model, &sequences, 1.0).load();
        if sum.is_empty() {
            sum = part;
        } else {
            let pairs = sum.iter_mut().zip(&part);
            pairs.for_each(|(sum, part)| sum.iter_mut().zip(part).for_each(|(s, p)| *s += p));
        }
    }
    sum
}

fn shares(counts: &[u64]) -> Vec<f64> {
    let total = counts.iter().sum::<u64>().max(1) as f64;
    counts
        .iter()
        .map(|&count| (count as f64 / total * 1e4).round() / 1e4)
        .collect()
}
