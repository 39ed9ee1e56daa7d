//! The encoder against the same written out in `f64`, on fresh random weights; and directories that
//! are refused.

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::Device;
use encoder::{EncoderError, SentenceEncoder};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use safetensors::tensor::{Dtype, TensorView};

const WIDTH: usize = 8;
const HEADS: usize = 2;
const INNER: usize = 12;
const LAYERS: usize = 2;
const WORDS: usize = 7;
const PLACES: usize = 16;

type Weights = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

fn random(seed: u64) -> Weights {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut weights = Weights::new();
    let mut add = |name: String, shape: &[usize]| {
        let count = shape.iter().product();
        let values = (0..count).map(|_| rng.random_range(-0.7..0.7)).collect();
        weights.insert(name, (shape.to_vec(), values));
    };
    let d = WIDTH;
    add("embeddings.word_embeddings.weight".into(), &[WORDS, d]);
    add("embeddings.position_embeddings.weight".into(), &[PLACES, d]);
    add("embeddings.token_type_embeddings.weight".into(), &[2, d]);
    let mut norms = vec!["embeddings.LayerNorm".to_owned()];
    for layer in 0..LAYERS {
        let name = |part: &str| format!("encoder.layer.{layer}.{part}");
        for part in ["self.query", "self.key", "self.value", "output.dense"] {
            add(name(&format!("attention.{part}.weight")), &[d, d]);
            add(name(&format!("attention.{part}.bias")), &[d]);
        }
        add(name("intermediate.dense.weight"), &[INNER, d]);
        add(name("intermediate.dense.bias"), &[INNER]);
        add(name("output.dense.weight"), &[d, INNER]);
        add(name("output.dense.bias"), &[d]);
        norms.push(name("attention.output.LayerNorm"));
        norms.push(name("output.LayerNorm"));
    }
    for norm in norms {
        add(format!("{norm}.weight"), &[d]);
        add(format!("{norm}.bias"), &[d]);
    }
    weights
}

fn write(dir: &Path, weights: &Weights) {
    let config = format!(
        r#"{{"model_type": "bert", "hidden_size": {WIDTH}, "num_hidden_layers": {LAYERS},
        "num_attention_heads": {HEADS}, "intermediate_size": {INNER}, "hidden_act": "gelu",
        "max_position_embeddings": {PLACES}, "type_vocab_size": 2, "vocab_size": {WORDS},
        "layer_norm_eps": 1e-12}}"#
    );
    std::fs::write(dir.join("config.json"), config).unwrap();
    let tokenizer = r#"{"version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
        "normalizer": null, "pre_tokenizer": {"type": "Whitespace"}, "post_processor": null,
        "decoder": null, "model": {"type": "WordLevel", "unk_token": "u",
        "vocab": {"u": 0, "a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 6}}}"#;
    std::fs::write(dir.join("tokenizer.json"), tokenizer).unwrap();
    let bytes: BTreeMap<&String, Vec<u8>> = weights
        .iter()
        .map(|(name, (_, values))| (name, values.iter().flat_map(|v| v.to_le_bytes()).collect()))
        .collect();
    let views = weights.iter().map(|(name, (shape, _))| {
        let view = TensorView::new(Dtype::F32, shape.clone(), &bytes[name]).unwrap();
        (name, view)
    });
    let file = safetensors::serialize(views, None).unwrap();
    std::fs::write(dir.join("model.safetensors"), file).unwrap();
}

/// The mean of the encoder's vectors of one text.
fn plain(weights: &Weights, tokens: &[usize]) -> Vec<f64> {
    let w = |name: &str, at: usize| f64::from(weights[name].1[at]);
    let linear = |x: &[f64], name: &str, to: usize| -> Vec<f64> {
        let (weight, bias) = (format!("{name}.weight"), format!("{name}.bias"));
        let from = x.len();
        let dot = |j: usize| -> f64 { (0..from).map(|i| x[i] * w(&weight, j * from + i)).sum() };
        (0..to).map(|j| dot(j) + w(&bias, j)).collect()
    };
    let norm = |x: &[f64], name: &str| -> Vec<f64> {
        let mean = x.iter().sum::<f64>() / x.len() as f64;
        let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / x.len() as f64;
        let scale = |i: usize| (x[i] - mean) / (variance + 1e-12).sqrt();
        let (weight, bias) = (format!("{name}.weight"), format!("{name}.bias"));
        (0..x.len())
            .map(|i| scale(i) * w(&weight, i) + w(&bias, i))
            .collect()
    };
    let add = |x: &[f64], y: &[f64]| -> Vec<f64> { x.iter().zip(y).map(|(x, y)| x + y).collect() };
    let embed = |(place, &token): (usize, &usize)| {
        let sum = |i: usize| {
            w("embeddings.word_embeddings.weight", token * WIDTH + i)
                + w("embeddings.position_embeddings.weight", place * WIDTH + i)
                + w("embeddings.token_type_embeddings.weight", i)
        };
        norm(
            &(0..WIDTH).map(sum).collect::<Vec<_>>(),
            "embeddings.LayerNorm",
        )
    };
    let mut x: Vec<Vec<f64>> = tokens.iter().enumerate().map(embed).collect();
    for layer in 0..LAYERS {
        let name = |part: &str| format!("encoder.layer.{layer}.{part}");
        let project = |part: &str| -> Vec<Vec<f64>> {
            let part = name(&format!("attention.self.{part}"));
            x.iter().map(|x| linear(x, &part, WIDTH)).collect()
        };
        let (q, k, v) = (project("query"), project("key"), project("value"));
        let e = WIDTH / HEADS;
        let attend = |at: usize| -> Vec<f64> {
            let mut mixed = vec![0.0; WIDTH];
            for head in 0..HEADS {
                let part = head * e..(head + 1) * e;
                let score = |other: usize| -> f64 {
                    let dot: f64 = part.clone().map(|i| q[at][i] * k[other][i]).sum();
                    (dot / (e as f64).sqrt()).exp()
                };
                let total: f64 = (0..x.len()).map(score).sum();
                for (other, values) in v.iter().enumerate() {
                    for i in part.clone() {
                        mixed[i] += score(other) / total * values[i];
                    }
                }
            }
            mixed
        };
        x = (0..x.len())
            .map(|at| {
                let mixed = linear(&attend(at), &name("attention.output.dense"), WIDTH);
                let y = norm(&add(&x[at], &mixed), &name("attention.output.LayerNorm"));
                let inner = linear(&y, &name("intermediate.dense"), INNER);
                let inner: Vec<f64> = inner.iter().map(|&x| x * normal(x)).collect();
                let out = linear(&inner, &name("output.dense"), WIDTH);
                norm(&add(&y, &out), &name("output.LayerNorm"))
            })
            .collect();
    }
    let mean = |i: usize| x.iter().map(|x| x[i]).sum::<f64>() / x.len() as f64;
    (0..WIDTH).map(mean).collect()
}

/// The normal distribution function, its density summed by Simpson's rule from 0.
fn normal(x: f64) -> f64 {
    let density = |t: f64| (-t * t / 2.0).exp() / std::f64::consts::TAU.sqrt();
    let (steps, h) = (1000, x / 1000.0);
    let weight = |i: usize| match i {
        0 => 1.0,
        i if i == steps => 1.0,
        i if i % 2 == 1 => 4.0,
        _ => 2.0,
    };
    let sum: f64 = (0..=steps).map(|i| weight(i) * density(i as f64 * h)).sum();
    0.5 + sum * h / 3.0
}

fn load(dir: &Path) -> Result<SentenceEncoder, EncoderError> {
    SentenceEncoder::load(dir, &Device::flex())
}

#[test]
fn vectors_are_those_of_the_formulas_whatever_stands_beside_them() {
    for seed in 0..4 {
        let dir = tempfile::tempdir().unwrap();
        let weights = random(seed);
        write(dir.path(), &weights);
        let encoder = load(dir.path()).unwrap();
        let texts = ["a b c", "f", "e e d c b a f a b c d", "b c"];
        let tokens: [&[usize]; 4] = [
            &[1, 2, 3],
            &[6],
            &[5, 5, 4, 3, 2, 1, 6, 1, 2, 3, 4],
            &[2, 3],
        ];
        for (vector, tokens) in encoder.embed(&texts).iter().zip(tokens) {
            for (found, wanted) in vector.iter().zip(plain(&weights, tokens)) {
                assert!(
                    (f64::from(*found) - wanted).abs() < 2e-5,
                    "{found} {wanted}"
                );
            }
        }
        assert_eq!(encoder.embed(&[]), Vec::<Vec<f32>>::new());
        assert_eq!(encoder.embed(&[""]), [vec![0.0; WIDTH]]);
    }
}

#[test]
fn a_long_text_is_cut_and_vectors_are_pooled_and_scaled_as_the_directory_says() {
    let dir = tempfile::tempdir().unwrap();
    let weights = random(9);
    write(dir.path(), &weights);
    let long = "a b c d e f ".repeat(5);
    let cut: Vec<usize> = (0..PLACES).map(|at| at % 6 + 1).collect();
    let vector = &load(dir.path()).unwrap().embed(&[&long])[0];
    let wanted = plain(&weights, &cut);
    assert!((f64::from(vector[0]) - wanted[0]).abs() < 2e-5);
    let modules = r#"[{"type": "x.Transformer", "path": ""}, {"type": "x.Pooling", "path": "p"},
        {"type": "x.Normalize", "path": "n"}]"#;
    std::fs::write(dir.path().join("modules.json"), modules).unwrap();
    std::fs::create_dir(dir.path().join("p")).unwrap();
    let pooling = dir.path().join("p/config.json");
    std::fs::write(&pooling, r#"{"pooling_mode_mean_tokens": true}"#).unwrap();
    let length = wanted.iter().map(|x| x * x).sum::<f64>().sqrt();
    let vector = &load(dir.path()).unwrap().embed(&[&long])[0];
    assert!((f64::from(vector[0]) - wanted[0] / length).abs() < 2e-5);
    std::fs::write(&pooling, r#"{"pooling_mode_cls_token": true}"#).unwrap();
    let first = &load(dir.path()).unwrap().embed(&["c"])[0];
    let wanted = plain(&weights, &[3]);
    let length = wanted.iter().map(|x| x * x).sum::<f64>().sqrt();
    assert!((f64::from(first[0]) - wanted[0] / length).abs() < 2e-5);
    std::fs::write(&pooling, r#"{"pooling_mode_max_tokens": true}"#).unwrap();
    let error = load(dir.path()).unwrap_err().to_string();
    assert!(error.contains("pooling_mode_cls_token"), "{error}");
}

#[test]
fn what_does_not_fit_is_named() {
    let refused = |name: &str, change: &dyn Fn(&str) -> String| {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), &random(1));
        let path = dir.path().join(name);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, change(&text)).unwrap();
        load(dir.path()).unwrap_err().to_string()
    };
    let config = |from: &'static str, to: &'static str| {
        refused("config.json", &move |text| text.replace(from, to))
    };
    for (from, to, word) in [
        ("\"bert\"", "\"roberta\"", "model_type"),
        ("\"gelu\"", "\"relu\"", "hidden_act"),
        ("heads\": 2", "heads\": 3", "num_attention_heads"),
        (
            "type_vocab_size\": 2",
            "type_vocab_size\": 0",
            "type_vocab_size",
        ),
        (
            "size\": 12",
            "size\": 13",
            "encoder.layer.0.intermediate.dense.weight",
        ),
        (
            "layers\": 2",
            "layers\": 3",
            "encoder.layer.2.attention.self.query.weight",
        ),
        ("vocab_size\": 7", "vocab_size\": 6", "7 tokens"),
        ("\"hidden_act\"", "\"act\"", "hidden_act"),
    ] {
        let error = config(from, to);
        assert!(error.contains(word), "{from} to {to}: {error}");
    }
    let error = refused("tokenizer.json", &|_| "{".into());
    assert!(error.contains("tokenizer.json"), "{error}");
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &random(1));
    std::fs::write(dir.path().join("model.safetensors"), b"torn").unwrap();
    let error = load(dir.path()).unwrap_err().to_string();
    assert!(error.contains("no whole safetensors file"), "{error}");
    let mut weights = random(1);
    weights.get_mut("embeddings.LayerNorm.bias").unwrap().1[3] = f32::NAN;
    write(dir.path(), &weights);
    let error = load(dir.path()).unwrap_err().to_string();
    assert!(error.contains("not finite at element 3"), "{error}");
    std::fs::remove_file(dir.path().join("model.safetensors")).unwrap();
    let error = load(dir.path()).unwrap_err().to_string();
    assert!(error.contains("model.safetensors"), "{error}");
}
