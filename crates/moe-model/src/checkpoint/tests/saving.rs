//! What is saved, and that it comes back.

use super::*;

#[test]
fn a_saved_model_computes_the_same_in_one_file_and_in_many() {
    for config in small_families() {
        for limit in [u64::MAX, 3000, 0] {
            let dir = saved(&config, limit);
            let loaded = load(dir.path()).unwrap();
            assert_eq!(hidden(&model(&config)), hidden(&loaded));
            assert_eq!(dir.path().join(INDEX).exists(), limit != u64::MAX);
        }
    }
}

#[test]
fn a_loaded_model_trains_the_same_parameters() {
    struct Tracked(Vec<bool>);
    impl ModuleVisitor for Tracked {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0.push(param.val().is_require_grad());
        }
    }
    let tracked = |model: Decoder| {
        let mut tracked = Tracked(Vec::new());
        model.train().visit(&mut tracked);
        tracked.0
    };
    let dir = saved(&small_mixture(), u64::MAX);
    let found = tracked(load(dir.path()).unwrap());
    assert_eq!(found, tracked(model(&small_mixture())));
    // All but the router's bias.
    assert_eq!(found.iter().filter(|tracked| !**tracked).count(), 1);
}

#[test]
fn weights_lie_on_disk_as_transformers_names_them() {
    let dir = saved(&small_mixture(), u64::MAX);
    let bytes = fs::read(dir.path().join(WEIGHTS)).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let shape = |name: &str| file.tensor(name).unwrap().shape().to_vec();
    let experts = "model.layers.1.mlp.experts.7";
    assert_eq!(shape(&format!("{experts}.gate_proj.weight")), [12, 16]);
    assert_eq!(shape(&format!("{experts}.down_proj.weight")), [16, 12]);
    assert_eq!(shape("model.layers.1.mlp.gate.weight"), [8, 16]);
    let bias = "model.layers.1.mlp.gate.e_score_correction_bias";
    assert_eq!(shape(bias), [8]);
    let joint = "model.layers.0.self_attn.kv_a_proj_with_mqa.weight";
    assert_eq!(shape(joint), [12, 16]);
    assert_eq!(shape("lm_head.weight"), [23, 16]);
}

#[test]
fn half_precision_is_told_in_the_configuration_and_rounds_once() {
    let types = [
        (Storage::Bf16, "bfloat16", 8),
        (Storage::F16, "float16", 11),
    ];
    for (storage, name, bits) in types {
        let dir = tempfile::tempdir().unwrap();
        let options = SaveOptions {
            storage,
            ..SaveOptions::default()
        };
        model(&small_mixture()).save(dir.path(), &options).unwrap();
        let json: Value =
            serde_json::from_slice(&fs::read(dir.path().join(CONFIG)).unwrap()).unwrap();
        assert_eq!(json["torch_dtype"], name);
        let bytes = fs::read(dir.path().join(WEIGHTS)).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let bias = "model.layers.1.mlp.gate.e_score_correction_bias";
        for (name, tensor) in file.iter() {
            assert_eq!(tensor.dtype() == Dtype::F32, name == bias, "{name}");
        }
        let loaded = load(dir.path()).unwrap();
        let head = |model: &Decoder| {
            let width = model.config().width;
            let eye = Tensor::eye(width, &Device::flex());
            model
                .logits(eye)
                .into_data()
                .iter::<f32>()
                .collect::<Vec<f32>>()
        };
        let most = 0.5_f32.powi(bits);
        for (found, wanted) in head(&loaded).iter().zip(head(&model(&small_mixture()))) {
            assert!(
                (found - wanted).abs() <= most * wanted.abs(),
                "{found} {wanted}"
            );
        }
        // What was rounded once is not rounded again.
        let again = tempfile::tempdir().unwrap();
        loaded.save(again.path(), &options).unwrap();
        assert_eq!(bytes, fs::read(again.path().join(WEIGHTS)).unwrap());
    }
}

#[test]
fn a_save_replaces_all_of_an_earlier_one() {
    let dir = saved(&small_dense(), 3000);
    assert!(files(dir.path()).len() > 4);
    fs::write(dir.path().join("model-card.md"), "mine").unwrap();
    model(&small_mixture())
        .save(dir.path(), &SaveOptions::default())
        .unwrap();
    assert_eq!(files(dir.path()), [CONFIG, "model-card.md", WEIGHTS]);
    let sharded = SaveOptions {
        max_shard_bytes: 20_000,
        ..SaveOptions::default()
    };
    model(&small_dense()).save(dir.path(), &sharded).unwrap();
    assert!(!dir.path().join(WEIGHTS).exists());
    assert_eq!(
        hidden(&load(dir.path()).unwrap()),
        hidden(&model(&small_dense()))
    );
}

#[test]
fn a_save_that_fails_leaves_what_was_there() {
    let dir = saved(&small_dense(), u64::MAX);
    let before = fs::read(dir.path().join(WEIGHTS)).unwrap();
    let huge = DecoderConfig {
        init_std: 1e6,
        ..small_mixture()
    };
    let options = SaveOptions {
        storage: Storage::F16,
        ..SaveOptions::default()
    };
    let error = model(&huge)
        .save(dir.path(), &options)
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with(&dir.path().display().to_string()),
        "{error}"
    );
    assert!(
        error.contains("is left as it was: tensor `model.embed_tokens.weight` holds"),
        "{error}"
    );
    assert!(
        error.contains("which F16 cannot hold; save in a wider type"),
        "{error}"
    );
    assert_eq!(files(dir.path()), [CONFIG, WEIGHTS]);
    assert_eq!(before, fs::read(dir.path().join(WEIGHTS)).unwrap());
    load(dir.path()).unwrap();

    let nowhere = dir.path().join("nowhere");
    let error = model(&small_dense())
        .save(&nowhere, &options)
        .unwrap_err()
        .to_string();
    assert!(error.starts_with(&nowhere.display().to_string()), "{error}");
}
