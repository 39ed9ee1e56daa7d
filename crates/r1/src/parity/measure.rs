//! What our model computes for a case, and how far that is from the reference.
//!
//! Padding is left out instead of masked: rotary positions are relative, so a row computes the same
//! wherever it begins.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Int, Tensor, TensorData};
use data::Finish;
use lm::{CausalLm, GenerateOptions, ParameterPath, Prompt, Sampling, TokenBatch, generate};
use moe_model::Decoder;

use super::Differences;
use super::case::{Aux, Batch, Case, Generate, Numbers, real};

/// Logits may differ by this much, or by twice the reference's own noise where that is more.
const LOGITS: f64 = 2e-4;

pub(super) fn measure(case: &Case, device: &Device) -> Result<Differences> {
    let model = Decoder::load(&case.dir, device)?;
    let mut found = Differences {
        case: case.dir.display().to_string(),
        logits_allowed: LOGITS.max(2.0 * case.file.noise.max_abs_logit_diff),
        ..Differences::default()
    };
    for (name, batch) in &case.file.batches {
        let expected = case.expected.get(&format!("{name}.logits"));
        let expected = expected.with_context(|| format!("no tensor `{name}.logits`"))?;
        compare_batch(&model, batch, expected, &mut found).with_context(|| name.clone())?;
    }
    if let Some(batch) = case.file.batches.get("nopad") {
        compare_gradients(&model, batch, &case.gradients, &mut found)?;
    }
    for (name, wanted) in case.file.aux.iter().flatten() {
        let batch = case.file.batches.get(name);
        let batch = batch.with_context(|| format!("`aux` has no batch `{name}`"))?;
        compare_balance(&model, batch, wanted, &mut found).with_context(|| name.clone())?;
    }
    if let Some(ask) = &case.file.generate {
        found.tokens += differing(&greedy(&model, ask, None)?, &ask.expected_ids);
        if let Some(eos) = &case.file.generate_eos {
            let said = greedy(&model, ask, Some(eos.eos_token_id))?;
            found.tokens += differing(&said, &eos.expected_ids);
        }
    }
    Ok(found)
}

fn compare_batch(
    model: &Decoder,
    batch: &Batch,
    expected: &Numbers,
    found: &mut Differences,
) -> Result<()> {
    let rows = real(&batch.input_ids, &batch.attention_mask)?;
    let &[_, t, v] = &expected.shape[..] else {
        anyhow::bail!("logits of shape {:?}", expected.shape);
    };
    ensure!(v == model.vocabulary(), "logits of {v} tokens");
    let ids: Vec<&[u32]> = rows.iter().map(|(_, ids)| ids.as_slice()).collect();
    let whole = whole(model, &ids);
    let cached = one_by_one(model, &ids);
    let (mut loss, mut labels) = (0.0, 0_usize);
    for (row, (places, _)) in rows.iter().enumerate() {
        for (at, place) in places.iter().enumerate() {
            let wanted = &expected.values[(row * t + place) * v..][..v];
            found.logits = worse(found.logits, largest(&whole[row][at * v..][..v], wanted));
            found.cached_logits = worse(
                found.cached_logits,
                largest(&cached[row][at * v..][..v], wanted),
            );
            let label = batch.labels[row]
                .get(place + 1)
                .filter(|label| **label >= 0);
            if let Some(&label) = label {
                loss -= log_softmax(&whole[row][at * v..][..v], label as usize);
                labels += 1;
            }
        }
    }
    found.loss = worse(
        found.loss,
        relative(loss / labels.max(1) as f64, batch.loss),
    );
    Ok(())
}

/// Logits of every token, row by row, from one pass over whole sequences.
fn whole(model: &Decoder, ids: &[&[u32]]) -> Vec<Vec<f32>> {
    let hidden = model.forward(&TokenBatch::new(ids)).hidden_btd;
    let [b, t, d] = hidden.dims();
    let v = model.vocabulary();
    let all: Vec<f32> = values(model.logits(hidden.reshape([b * t, d])));
    let row = |(row, ids): (usize, &&[u32])| all[row * t * v..][..ids.len() * v].to_vec();
    ids.iter().enumerate().map(row).collect()
}

/// The same, reading one token at a time; a row that has ended leaves the cache.
fn one_by_one(model: &Decoder, ids: &[&[u32]]) -> Vec<Vec<f32>> {
    use lm::Cache;

    let longest = ids.iter().map(|row| row.len()).max().unwrap_or(0);
    let mut cache = model.cache(ids.len(), longest);
    let mut live: Vec<usize> = (0..ids.len()).collect();
    let mut all = vec![Vec::new(); ids.len()];
    for at in 0..longest {
        let kept: Vec<usize> = (0..live.len())
            .filter(|&i| ids[live[i]].len() > at)
            .collect();
        if kept.len() < live.len() {
            cache.select(&kept);
            live = kept.iter().map(|&i| live[i]).collect();
        }
        let next: Vec<[u32; 1]> = live.iter().map(|&row| [ids[row][at]]).collect();
        let hidden = model.decode(&TokenBatch::new(&next), &mut cache);
        let [b, t, d] = hidden.dims();
        let logits = values(model.logits(hidden.reshape([b * t, d])));
        for (row, logits) in live.iter().zip(logits.chunks(model.vocabulary())) {
            all[*row].extend(logits);
        }
    }
    all
}

fn compare_gradients(
    model: &Decoder,
    batch: &Batch,
    expected: &BTreeMap<String, Numbers>,
    found: &mut Differences,
) -> Result<()> {
    if expected.is_empty() && batch.grad_norms.is_empty() {
        return Ok(());
    }
    let gradients = trained(model, batch, false)?.gradients;
    let none = Vec::new();
    for (name, wanted) in expected {
        let ours = gradients.get(name).unwrap_or(&none);
        let size = norm(wanted.values.iter().copied());
        let off = match ours.len() == wanted.values.len() {
            true => norm(ours.iter().zip(&wanted.values).map(|(a, b)| a - b)),
            // No gradient is as good as one of zeros, and no better.
            false => size,
        };
        let off = off / size.max(TINY);
        let known = found.gradient;
        if !known.is_nan() && (off.is_nan() || off > known) {
            found.gradient = off;
            found.gradient_of.clone_from(name);
        }
    }
    for (name, &wanted) in &batch.grad_norms {
        let ours = norm(gradients.get(name).unwrap_or(&none).iter().copied());
        let off = (ours - wanted).abs() / wanted.max(TINY);
        found.gradient_norm = worse(found.gradient_norm, off);
    }
    Ok(())
}

/// Compares the balance loss, the loss with it, and the routers' gradients of that.
fn compare_balance(
    model: &Decoder,
    batch: &Batch,
    wanted: &Aux,
    found: &mut Differences,
) -> Result<()> {
    let weight = model.config().mixture.as_ref().map(|m| m.balance_weight);
    let weight = weight.filter(|&weight| weight > 0.0);
    let weight =
        weight.context("a balance loss is expected, and the model has no weight for it")?;
    let Trained {
        loss,
        aux_loss,
        gradients,
    } = trained(model, batch, true)?;
    let off = relative(aux_loss / weight, wanted.aux_loss);
    found.balance_loss = worse(found.balance_loss, off);
    let off = relative(loss + aux_loss, wanted.loss_with_aux);
    found.balance_loss = worse(found.balance_loss, off);
    for (name, &wanted) in &wanted.router_grad_norms_with_aux {
        let ours = gradients.get(name).map_or(0.0, |g| norm(g.iter().copied()));
        let off = (ours - wanted).abs() / wanted.max(TINY);
        found.balance_gradient_norm = worse(found.balance_gradient_norm, off);
    }
    Ok(())
}

/// Gradients smaller than this are compared in absolute terms.
const TINY: f64 = 1e-6;

/// A backward pass of the mean loss over all labels, with the balance loss or without.
struct Trained {
    loss: f64,
    /// Weighted; 0 where it is left out.
    aux_loss: f64,
    /// By the names of the checkpoint.
    gradients: BTreeMap<String, Vec<f32>>,
}

fn trained(model: &Decoder, batch: &Batch, balance: bool) -> Result<Trained> {
    let model = model.clone().train();
    let rows = real(&batch.input_ids, &batch.attention_mask)?;
    let ids: Vec<&[u32]> = rows.iter().map(|(_, ids)| ids.as_slice()).collect();
    let output = model.forward(&TokenBatch::new(&ids));
    let hidden = output.hidden_btd;
    let [b, t, d] = hidden.dims();
    let (mut positions, mut targets) = (Vec::new(), Vec::new());
    for (row, (places, _)) in rows.iter().enumerate() {
        for (at, place) in places.iter().enumerate() {
            let label = batch.labels[row].get(place + 1);
            if let Some(&label) = label.filter(|label| **label >= 0) {
                positions.push((row * t + at) as i32);
                targets.push(label as i32);
            }
        }
    }
    let n = targets.len();
    ensure!(n > 0, "a batch without labels has no loss");
    let device = hidden.device();
    let index = |ids| Tensor::<1, Int>::from_data(TensorData::new(ids, [n]), &device);
    let hidden = hidden.reshape([b * t, d]).select(0, index(positions));
    let (log_probs, _) = kernels::log_prob(model.logits(hidden), index(targets), 1.0);
    let mut total = log_probs.sum() / -(n as f64);
    let number = |loss: &Tensor<1>| f64::from(loss.clone().into_scalar::<f32>());
    let (loss, mut aux_loss) = (number(&total), 0.0);
    if let Some(aux) = output.aux_loss.filter(|_| balance) {
        aux_loss = number(&aux);
        total = total + aux;
    }
    let mut collect = Collect {
        path: ParameterPath::default(),
        gradients: total.backward(),
        model: &model,
        found: Ok(BTreeMap::new()),
    };
    model.visit(&mut collect);
    Ok(Trained {
        loss,
        aux_loss,
        gradients: collect.found?,
    })
}

struct Collect<'a> {
    path: ParameterPath,
    gradients: Gradients,
    model: &'a Decoder,
    found: Result<BTreeMap<String, Vec<f32>>>,
}

impl ModuleVisitor for Collect<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.enter(name);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let (Some(gradient), Ok(found)) = (param.val().grad(&self.gradients), &mut self.found)
        else {
            return;
        };
        let shape = gradient.dims();
        match self
            .model
            .as_stored(&self.path.name(), &shape, &values(gradient))
        {
            Ok(stored) => found.extend(stored.into_iter().map(|t| (t.name, t.values))),
            Err(error) => self.found = Err(error.into()),
        }
    }
}

/// The likeliest continuation of each prompt.
fn greedy(model: &Decoder, ask: &Generate, end: Option<u32>) -> Result<Vec<Vec<u32>>> {
    let rows = real(&ask.input_ids, &ask.attention_mask)?;
    let prompts: Vec<Prompt> = rows
        .into_iter()
        .enumerate()
        .map(|(row, (_, tokens))| Prompt {
            id: row.to_string(),
            tokens,
        })
        .collect();
    let options = GenerateOptions {
        samples: 1,
        sampling: Sampling {
            temperature: 0.0,
            top_p: 1.0,
            ..Sampling::PLAIN
        },
        max_new_tokens: ask.max_new_tokens,
        end_token: end.unwrap_or(u32::MAX),
        seed: 0,
        max_rows: prompts.len(),
        memory: None,
    };
    let rollouts = generate(model, &prompts, &options, &mut |_| ())?;
    debug_assert!(end.is_some() || rollouts.iter().all(|r| r.finish == Finish::Length));
    Ok(rollouts.into_iter().map(|rollout| rollout.tokens).collect())
}

/// Tokens that are not those wanted; what is wanted after the last one said is padding.
fn differing(said: &[Vec<u32>], wanted: &[Vec<u32>]) -> usize {
    let row = |(said, wanted): (&Vec<u32>, &Vec<u32>)| {
        let differ = said.iter().zip(wanted).filter(|(a, b)| a != b).count();
        differ + said.len().saturating_sub(wanted.len())
    };
    said.iter().zip(wanted).map(row).sum::<usize>() + said.len().abs_diff(wanted.len())
}

pub(super) fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

fn log_softmax(logits: &[f32], label: usize) -> f64 {
    let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let total: f64 = logits.iter().map(|&x| f64::from(x - most).exp()).sum();
    f64::from(logits[label] - most) - total.ln()
}

fn largest(found: &[f32], wanted: &[f32]) -> f64 {
    let off = found
        .iter()
        .zip(wanted)
        .map(|(a, b)| f64::from((a - b).abs()));
    off.fold(0.0, worse)
}

/// The larger, where not a number is the largest of all.
pub(super) fn worse(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() {
        f64::NAN
    } else {
        a.max(b)
    }
}

fn relative(found: f64, wanted: f64) -> f64 {
    (found - wanted).abs() / wanted.abs().max(f64::MIN_POSITIVE)
}

pub(super) fn norm(values: impl Iterator<Item = f32>) -> f64 {
    values.map(|x| f64::from(x).powi(2)).sum::<f64>().sqrt()
}
