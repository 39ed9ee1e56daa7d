//! Adapters on every architecture: they begin as nothing, cached decoding and the merged model agree
//! with them, and what is saved is what is loaded.

#[path = "small/adapted.rs"]
mod adapted;
mod small;
#[path = "small/families.rs"]
mod small_families;

use adapted::{config, furthest, trained};
use burn::module::Module;
use burn::tensor::Tensor;
use lm::{CausalLm, GenerateOptions, Prompt, Sampling, TokenBatch, generate};
use moe_model::{CheckpointError, Decoder, LoraConfig, LoraError, SaveOptions};
use small_families::models;

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

fn states(model: &Decoder) -> Vec<f32> {
    let batch = TokenBatch::new(&[vec![1u32, 2, 3, 4, 5, 6, 7], vec![9, 8, 7]]);
    // Padding is meaningless.
    values(model.forward(&batch).hidden_btd)[..7 * model.config().width].to_vec()
}

#[test]
fn a_fresh_adapter_changes_no_bit() {
    for model in models(5) {
        let (before, config) = (states(&model), config(&model));
        let adapted = model.with_adapter(&config, 1).unwrap();
        assert_eq!(states(&adapted), before);
        let tracked = adapted.train();
        let tracked = states(&tracked);
        assert!(furthest(&tracked, &before) < 1e-5);
    }
}

#[test]
fn base_and_merged_model_are_what_they_say() {
    for model in models(5) {
        let before = states(&model);
        let adapted = trained(model);
        let with = states(&adapted);
        assert!(
            furthest(&with, &before) > 0.05,
            "{}",
            furthest(&with, &before)
        );
        assert_eq!(states(&adapted.without_adapter()), before);
        let merged = adapted.merge();
        assert!(merged.adapter().is_none());
        assert!(furthest(&states(&merged), &with) < 2e-5);
    }
}

#[test]
fn cached_decoding_and_generation_go_through_the_adapter() {
    for model in models(5) {
        let adapted = trained(model);
        let with = states(&adapted);
        let d = adapted.config().width;
        let mut cache = adapted.cache(1, 10);
        let prompt = TokenBatch::new(&[[1u32, 2, 3]]);
        let mut found = values(adapted.decode(&prompt, &mut cache));
        for token in 4..=7u32 {
            let batch = TokenBatch::new(&[[token]]);
            found.extend(values(adapted.decode(&batch, &mut cache)));
        }
        assert!(furthest(&found, &with[..7 * d]) < 2e-5);

        let options = GenerateOptions {
            samples: 1,
            sampling: Sampling {
                temperature: 0.0,
                ..Sampling::PLAIN
            },
            max_new_tokens: 6,
            end_token: 2,
            seed: 9,
            max_rows: 2,
            memory: None,
        };
        let prompts: Vec<Prompt> = (0..3)
            .map(|i| Prompt {
                id: i.to_string(),
                tokens: vec![i + 1, 2 * i + 3],
            })
            .collect();
        let said = |model: &Decoder| -> Vec<Vec<u32>> {
            let rollouts = generate(model, &prompts, &options, &mut |_| ()).unwrap();
            rollouts.into_iter().map(|rollout| rollout.tokens).collect()
        };
        assert_eq!(said(&adapted), said(&adapted.clone().merge()));
    }
}

#[test]
fn what_is_saved_is_loaded() {
    let dir = tempfile::tempdir().unwrap();
    for model in models(5) {
        let adapted = trained(model);
        adapted.save_adapter(dir.path(), "base").unwrap();
        let base = adapted.without_adapter();
        let loaded = base.load_adapter(dir.path()).unwrap();
        assert_eq!(loaded.adapter(), adapted.adapter());
        assert_eq!(states(&loaded), states(&adapted));
        let whole = adapted.save(dir.path(), &SaveOptions::default());
        assert!(matches!(whole, Err(CheckpointError::Adapted)));
    }
}

#[test]
fn an_adapter_of_another_model_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let [dense, latent] = [3, 5].map(|at| models(5).swap_remove(at));
    let targets = vec!["o_proj".to_string()];
    let config = LoraConfig {
        targets,
        ..config(&dense)
    };
    let adapted = dense.with_adapter(&config, 1).unwrap();
    adapted.save_adapter(dir.path(), "base").unwrap();
    let error = latent.load_adapter(dir.path()).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, LoraError::Weights { .. }), "{text}");
    assert!(text.contains("adapter_model.safetensors"), "{text}");
    assert!(
        text.contains("model.layers.0.self_attn.o_proj.lora_A.weight` has shape [3, 24]"),
        "{text}"
    );
    let base = adapted.without_adapter();
    assert!(matches!(
        base.save_adapter(dir.path(), ""),
        Err(LoraError::Config { .. })
    ));
    std::fs::remove_file(dir.path().join("adapter_model.safetensors")).unwrap();
    let error = base.load_adapter(dir.path()).unwrap_err();
    assert!(matches!(error, LoraError::Io { .. }), "{error}");
}
