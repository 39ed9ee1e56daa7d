//! Every architecture against `transformers`, where the reference outputs are at hand.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Int, Tensor, TensorData};
use lm::{CausalLm, GenerateOptions, ParameterPath, Prompt, Sampling, TokenBatch, generate};
use moe_model::Decoder;
use safetensors::SafeTensors;
use serde_json::Value;

fn cases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/parity/models");
    let Ok(entries) = fs::read_dir(&root) else {
        println!("skipped: there is no {}", root.display());
        return Vec::new();
    };
    let mut cases: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    cases
}

fn rows(value: &Value) -> Vec<Vec<i64>> {
    serde_json::from_value(value.clone()).unwrap()
}

fn tensor(file: &SafeTensors<'_>, name: &str) -> (Vec<usize>, Vec<f32>) {
    let view = file.tensor(name).unwrap();
    let words = view.data().as_chunks::<4>().0;
    let values = words.iter().map(|word| f32::from_le_bytes(*word)).collect();
    (view.shape().to_vec(), values)
}

/// Logits of the real tokens, row after row, and the same of the reference.
fn logits(
    model: &Decoder,
    case: &Value,
    file: &SafeTensors<'_>,
    batch: &str,
) -> (Vec<f32>, Vec<f32>) {
    let ids = rows(&case["batches"][batch]["input_ids"]);
    let mask = rows(&case["batches"][batch]["attention_mask"]);
    let (shape, expected) = tensor(file, &format!("{batch}.logits"));
    let vocabulary = shape[2];
    let mut real = Vec::new();
    let mut wanted = Vec::new();
    for (row, (ids, mask)) in ids.iter().zip(&mask).enumerate() {
        let at: Vec<usize> = (0..ids.len()).filter(|&i| mask[i] == 1).collect();
        real.push(at.iter().map(|&i| ids[i] as u32).collect::<Vec<u32>>());
        for i in at {
            let start = (row * ids.len() + i) * vocabulary;
            wanted.extend(&expected[start..start + vocabulary]);
        }
    }
    let tokens = TokenBatch::new(&real);
    let hidden = model.forward(&tokens).hidden_btd;
    let [b, t, d] = hidden.dims();
    let all: Vec<f32> = model
        .logits(hidden.reshape([b * t, d]))
        .into_data()
        .iter::<f32>()
        .collect();
    let found = real.iter().enumerate().flat_map(|(row, ids)| {
        let start = row * t * vocabulary;
        all[start..start + ids.len() * vocabulary].to_vec()
    });
    (found.collect(), wanted)
}

/// The mean negative log-probability of the labels, from logits of real tokens only.
fn loss(found: &[f32], case: &Value, batch: &str, vocabulary: usize) -> f64 {
    let labels = rows(&case["batches"][batch]["labels"]);
    let mask = rows(&case["batches"][batch]["attention_mask"]);
    let (mut sum, mut count, mut at) = (0.0, 0.0, 0);
    for (labels, mask) in labels.iter().zip(&mask) {
        for i in 0..labels.len() {
            if mask[i] == 0 {
                continue;
            }
            let logits = &found[at * vocabulary..][..vocabulary];
            at += 1;
            if let Some(&label) = labels.get(i + 1).filter(|label| **label >= 0) {
                let total: f64 = logits.iter().map(|&x| f64::from(x).exp()).sum();
                sum += total.ln() - f64::from(logits[label as usize]);
                count += 1.0;
            }
        }
    }
    sum / count
}

/// The gradient of the loss, by the names of the checkpoint.
fn gradients(model: &Decoder, case: &Value) -> BTreeMap<String, Vec<f32>> {
    let batch = &case["batches"]["nopad"];
    let (ids, labels) = (rows(&batch["input_ids"]), rows(&batch["labels"]));
    let model = model.clone().train();
    let ids: Vec<Vec<u32>> = ids
        .iter()
        .map(|row| row.iter().map(|&id| id as u32).collect())
        .collect();
    let hidden = model.forward(&TokenBatch::new(&ids)).hidden_btd;
    let [b, t, d] = hidden.dims();
    let (mut positions, mut targets) = (Vec::new(), Vec::new());
    for (row, labels) in labels.iter().enumerate() {
        for at in (1..labels.len()).filter(|&at| labels[at] >= 0) {
            positions.push((row * t + at - 1) as i32);
            targets.push(labels[at] as i32);
        }
    }
    let n = targets.len();
    let device = hidden.device();
    let index = |values| Tensor::<1, Int>::from_data(TensorData::new(values, [n]), &device);
    let hidden = hidden.reshape([b * t, d]).select(0, index(positions));
    let (log_probs, _) = kernels::log_prob(model.logits(hidden), index(targets), 1.0);
    let loss = log_probs.sum() / -(n as f64);
    let mut collect = Collect {
        path: ParameterPath::default(),
        gradients: loss.backward(),
        model: &model,
        found: BTreeMap::new(),
    };
    model.visit(&mut collect);
    collect.found
}

struct Collect<'a> {
    path: ParameterPath,
    gradients: Gradients,
    model: &'a Decoder,
    found: BTreeMap<String, Vec<f32>>,
}

impl ModuleVisitor for Collect<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.enter(name);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(gradient) = param.val().grad(&self.gradients) else {
            return;
        };
        let shape = gradient.dims();
        let values: Vec<f32> = gradient.into_data().iter::<f32>().collect();
        let stored = self.model.as_stored(&self.path.name(), &shape, &values);
        for (name, _, values) in stored.expect("it was loaded") {
            self.found.insert(name, values);
        }
    }
}

fn norm(values: impl Iterator<Item = f32>) -> f64 {
    values.map(|x| f64::from(x).powi(2)).sum::<f64>().sqrt()
}

fn greedy(model: &Decoder, case: &Value) -> Vec<Vec<i64>> {
    let (ids, mask) = (rows(&case["input_ids"]), rows(&case["attention_mask"]));
    let prompts: Vec<Prompt> = ids
        .iter()
        .zip(&mask)
        .enumerate()
        .map(|(row, (ids, mask))| Prompt {
            id: row.to_string(),
            tokens: (0..ids.len())
                .filter(|&i| mask[i] == 1)
                .map(|i| ids[i] as u32)
                .collect(),
        })
        .collect();
    let options = GenerateOptions {
        samples: 1,
        sampling: Sampling {
            temperature: 0.0,
            top_p: 1.0,
        },
        max_new_tokens: case["max_new_tokens"].as_u64().unwrap() as usize,
        end_token: u32::MAX,
        seed: 0,
        max_rows: 8,
    };
    let rollouts = generate(model, &prompts, &options, &mut |_| ());
    let tokens = |rollout: lm::Rollout| rollout.tokens.into_iter().map(i64::from).collect();
    rollouts.into_iter().map(tokens).collect()
}

#[test]
fn logits_losses_gradients_and_greedy_text_are_those_of_transformers() {
    let mut problems = Vec::new();
    for dir in cases() {
        let name = dir.file_name().unwrap().to_string_lossy().into_owned();
        let case: Value =
            serde_json::from_slice(&fs::read(dir.join("case.json")).unwrap()).unwrap();
        let bytes = fs::read(dir.join("expected.safetensors")).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let model = match Decoder::load(&dir, &Device::flex()) {
            Ok(model) => model,
            Err(error) => {
                problems.push(format!("{name}: {error}"));
                continue;
            }
        };
        for batch in ["nopad", "leftpad", "rightpad"] {
            let (found, wanted) = logits(&model, &case, &file, batch);
            assert_eq!(found.len(), wanted.len());
            let largest = found
                .iter()
                .zip(&wanted)
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, f32::max);
            println!("{name} {batch}: {largest:e}");
            let noise = case["noise"]["max_abs_logit_diff"].as_f64().unwrap_or(0.0) as f32;
            if largest.is_nan() || largest > 2e-4_f32.max(2.0 * noise) {
                problems.push(format!("{name} {batch}: logits differ by {largest}"));
            }
            let wanted = case["batches"][batch]["loss"].as_f64().unwrap();
            let found = loss(&found, &case, batch, model.config().vocabulary);
            if ((found - wanted) / wanted).abs() > 1e-5 {
                problems.push(format!("{name} {batch}: loss {found} instead of {wanted}"));
            }
        }
        let found = gradients(&model, &case);
        let bytes = fs::read(dir.join("grads_nopad.safetensors")).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let mut compared = 0;
        for parameter in file.names() {
            let (_, wanted) = tensor(&file, parameter);
            let size = norm(wanted.iter().copied());
            let Some(found) = found.get(parameter) else {
                if size > 0.0 {
                    problems.push(format!("{name}: no gradient of {parameter}"));
                }
                continue;
            };
            compared += 1;
            let off = norm(found.iter().zip(&wanted).map(|(a, b)| a - b));
            if off > 1e-3 * size + 1e-9 {
                problems.push(format!("{name}: gradient of {parameter}, {off} of {size}"));
            }
        }
        println!("{name}: {compared} gradients");
        assert!(compared > 10, "{name}");
        if greedy(&model, &case["generate"]) != rows(&case["generate"]["expected_ids"]) {
            problems.push(format!("{name}: greedy text differs"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
