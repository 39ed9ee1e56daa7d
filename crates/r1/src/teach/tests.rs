//! A small teacher that has learned sums by heart, distilled in this process.

use std::collections::BTreeMap;
use std::path::Path;

use clap::Parser;
use data::{Tokenizer, template};
use lm::Sequence;
use moe_model::{Decoder, DecoderConfig, Preset, SaveOptions};
use safetensors::tensor::{Dtype, TensorView};
use serde_json::{Value, json};
use tempfile::TempDir;
use trainer::{AdamWConfig, Schedule, Trainer, TrainerConfig};

use super::*;

#[derive(Debug, Parser)]
struct Command {
    #[command(flatten)]
    teach: Teach,
}

/// A teacher, what it knows, and room for runs.
struct World(TempDir);

const SUMS: u32 = 6;

fn sum(at: u32) -> (String, String) {
    let (a, b) = (at + 2, 3 * at + 1);
    let thought = format!("First, {a} + {b} = {}. So it is {}.", a + b, a + b);
    let answer = (a + b).to_string();
    (
        format!("What is {a} plus {b}?"),
        template::strict(&thought, &answer),
    )
}

impl World {
    fn new() -> Self {
        let world = Self(TempDir::new().unwrap());
        let known: Vec<(String, String)> = (0..SUMS).map(sum).collect();
        let texts = known.iter().map(|(q, a)| template::document(Some(q), a));
        let tokenizer = Tokenizer::train(texts, 320).unwrap();
        let sequence = |(question, response): &(String, String)| {
            let (tokens, context) = tokenizer.encode_document(Some(question), response);
            Sequence { tokens, context }
        };
        let sequences: Vec<Sequence> = known.iter().map(sequence).collect();
        let config = DecoderConfig {
            vocabulary: tokenizer.vocab_size(),
            ..Preset::Smoke.config()
        };
        let device = crate::backend::device().unwrap();
        let config_of = TrainerConfig {
            adamw: AdamWConfig::default(),
            schedule: Schedule::constant(1e-2, 5),
            clip: 1.0,
            checkpointing: false,
        };
        let mut trainer = Trainer::new(Decoder::init(&config, 5, &device).unwrap(), config_of);
        let batch: Vec<&Sequence> = sequences.iter().collect();
        for _ in 0..250 {
            if sft::step(&mut trainer, &batch, 4096).unwrap().loss < 0.01 {
                break;
            }
        }
        let options = SaveOptions {
            end_token: Some(tokenizer.end),
            ..SaveOptions::default()
        };
        let dir = world.path("teacher");
        std::fs::create_dir(&dir).unwrap();
        trainer.into_model().save(dir.as_ref(), &options).unwrap();
        tokenizer.save(&dir).unwrap();
        let problem = |at: u32| {
            let (question, response) = sum(at);
            let (_, answer) = template::parse(&response).unwrap();
            json!({ "id": format!("p{at}"), "question": question, "answer": answer }).to_string()
        };
        let lines: Vec<String> = (0..SUMS).map(|at| problem(at) + "\n").collect();
        std::fs::write(world.path("problems.jsonl"), lines.concat()).unwrap();
        world
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    /// Asks the teacher once a problem, for its likeliest tokens.
    fn run(&self, out: &str, more: &[&str]) -> Result<()> {
        let (teacher, problems, out) = (
            self.path("teacher"),
            self.path("problems.jsonl"),
            self.path(out),
        );
        let mut words = vec!["distill", &*teacher, &*problems, "--quiet", "--out", &*out];
        for change in [
            "sampling.samples=1",
            "sampling.temperature=0",
            "sampling.max_new_tokens=100",
            "eval.samples=1",
            "eval.temperature=0",
            "eval.max_new_tokens=60",
            "sft.batch=3",
        ] {
            words.extend(["--set", change]);
        }
        words.extend(more);
        run(&Command::try_parse_from(words)?.teach)
    }

    fn json(&self, name: &str) -> Value {
        let text = std::fs::read_to_string(self.path(name)).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    fn lines(&self, name: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(self.path(name)).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// What a gate stopped.
    fn dropped(&self, run: &str, gate: &str) -> Value {
        let report = self.json(&format!("{run}/3-filter/curation.json"));
        let gates = report["gates"].as_array().unwrap();
        gates.iter().find(|it| it["gate"] == gate).unwrap().clone()
    }
}

#[test]
fn a_model_teaches_another_by_its_samples_and_its_logits() {
    let world = World::new();
    // The teacher has its own problems by heart, and so will the student: nothing is held out but one text.
    world
        .run(
            "out",
            &[
                "--student=preset:smoke",
                "--logits=4",
                "--alpha=0.9",
                "--set",
                "sft.epochs=30",
                "--set",
                "sft.lr=1e-2",
            ],
        )
        .unwrap();
    let results = world.json("out/results.json");
    let solved = results["sampling"]["passes"]["solved"].as_u64().unwrap();
    assert!(solved >= 5, "{results}");
    assert_eq!(results["train"], solved, "{results}");
    let metrics = world.lines("out/8-student/metrics.jsonl");
    let kl = |line: &Value| line["kl"].as_f64().unwrap();
    assert_eq!(metrics.len(), 60);
    assert!(
        kl(&metrics[59]) < 0.3 * kl(&metrics[0]),
        "{} to {}",
        kl(&metrics[0]),
        kl(&metrics[59])
    );
    let tokenizer = |run: &str| std::fs::read(world.path(run)).unwrap();
    assert_eq!(
        tokenizer("out/8-student/tokenizer.json"),
        tokenizer("teacher/tokenizer.json")
    );

    // The file of the teacher's logits goes on behind what a killed attempt had written.
    let (whole, part) = (
        world.path("out/7-logits/logits.bin"),
        world.path("out/7-logits.partial/logits.bin"),
    );
    let bytes = std::fs::read(&whole).unwrap();
    std::fs::rename(
        world.path("out/7-logits"),
        world.path("out/7-logits.partial"),
    )
    .unwrap();
    std::fs::remove_file(world.path("out/7-logits.partial/stage.json")).unwrap();
    std::fs::write(&part, &bytes[..bytes.len() / 2 + 3]).unwrap();
    let again = [
        "--student=preset:smoke",
        "--logits=4",
        "--alpha=0.9",
        "--until=7-logits",
    ];
    world
        .run(
            "out",
            &[
                &again[..],
                &["--set", "sft.epochs=30", "--set", "sft.lr=1e-2"],
            ]
            .concat(),
        )
        .unwrap();
    assert!(std::fs::read(&whole).unwrap() == bytes);
}

#[test]
fn the_student_is_measured_before_and_after_and_held_out_problems_are_not_learned() {
    let world = World::new();
    let held: Vec<String> = std::fs::read_to_string(world.path("problems.jsonl"))
        .unwrap()
        .lines()
        .take(2)
        .map(|line| format!("{line}\n"))
        .collect();
    std::fs::write(world.path("held.jsonl"), held.concat()).unwrap();
    let held = world.path("held.jsonl");
    let teacher = world.path("teacher");
    let flags = [
        "--student",
        &*teacher,
        "--held-out",
        &*held,
        "--set",
        "sft.lr=1e-5",
        "--set",
        "sft.min_lr=1e-6",
    ];
    world.run("out", &flags).unwrap();
    let results = world.json("out/results.json");
    let solved = results["sampling"]["passes"]["solved"].as_u64().unwrap();
    assert!(solved >= 5, "{results}");
    // What the teacher solves, the same weights as a student solve before.
    assert_eq!(results["before"]["pass_at_1"], 1.0, "{results}");
    assert_eq!(
        (&results["after"]["problems"], &results["after"]["samples"]),
        (&json!(2), &json!(1))
    );
    let card = world.json("out/4-set/card.json");
    assert_eq!(card["held_out"]["held out"], 2, "{card}");
    assert_eq!(card["train"], solved - 2);
}

#[test]
fn a_reference_drops_what_surprises_it() {
    let world = World::new();
    let teacher = world.path("teacher");
    let reference =
        |most: &'static str| ["--no-train", "--reference", &teacher, most].map(str::to_owned);
    let run = |most| {
        let flags = reference(most);
        world.run("out", &flags.each_ref().map(String::as_str))
    };
    // It has learned these responses by heart: hardly anything surprises it.
    run("--max-perplexity=1.5").unwrap();
    assert_eq!(world.dropped("out", "perplexity")["dropped"], 0);
    let error = run("--max-perplexity=1.000001").unwrap_err();
    assert!(
        format!("{error:#}").contains("no response was kept"),
        "{error:#}"
    );
    let gate = world.dropped("out", "perplexity");
    assert!(gate["dropped"].as_u64().unwrap() >= 5, "{gate}");
    assert_eq!(gate["left"], 0);
    let error = run("--max-perplexity=1").unwrap_err();
    assert!(error.is::<UsageError>(), "{error}");
}

/// A sentence encoder of no depth, to which all texts are the same.
fn write_encoder(dir: &Path) {
    const WIDTH: usize = 4;
    std::fs::create_dir(dir).unwrap();
    let config = json!({
        "model_type": "bert", "hidden_size": WIDTH, "num_hidden_layers": 1, "num_attention_heads": 1,
        "intermediate_size": 4, "hidden_act": "gelu", "max_position_embeddings": 64,
        "type_vocab_size": 2, "vocab_size": 1, "layer_norm_eps": 1e-12,
    });
    std::fs::write(dir.join("config.json"), config.to_string()).unwrap();
    let tokenizer = json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null,
        "pre_tokenizer": { "type": "Whitespace" }, "post_processor": null, "decoder": null,
        "model": { "type": "WordLevel", "unk_token": "u", "vocab": { "u": 0 } },
    });
    std::fs::write(dir.join("tokenizer.json"), tokenizer.to_string()).unwrap();
    let mut shapes: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut add = |name: &str, shape: &[usize]| _ = shapes.insert(name.to_owned(), shape.to_vec());
    add("embeddings.word_embeddings.weight", &[1, WIDTH]);
    add("embeddings.position_embeddings.weight", &[64, WIDTH]);
    add("embeddings.token_type_embeddings.weight", &[2, WIDTH]);
    let layer = "encoder.layer.0";
    for part in [
        "attention.self.query",
        "attention.self.key",
        "attention.self.value",
        "attention.output.dense",
        "intermediate.dense",
        "output.dense",
    ] {
        add(&format!("{layer}.{part}.weight"), &[WIDTH, WIDTH]);
        add(&format!("{layer}.{part}.bias"), &[WIDTH]);
    }
    for norm in [
        "embeddings.",
        &format!("{layer}.attention.output."),
        &format!("{layer}.output."),
    ] {
        add(&format!("{norm}LayerNorm.weight"), &[WIDTH]);
        add(&format!("{norm}LayerNorm.bias"), &[WIDTH]);
    }
    let bytes: Vec<Vec<u8>> = shapes
        .iter()
        .map(|(name, shape)| {
            let value: f32 = if name.ends_with("LayerNorm.bias") {
                1.0
            } else {
                0.0
            };
            value.to_le_bytes().repeat(shape.iter().product())
        })
        .collect();
    let views = shapes.iter().zip(&bytes).map(|((name, shape), bytes)| {
        (
            name,
            TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap(),
        )
    });
    let file = safetensors::serialize(views, None).unwrap();
    std::fs::write(dir.join("model.safetensors"), file).unwrap();
}

#[test]
fn an_encoder_gives_the_filter_its_distances() {
    let world = World::new();
    write_encoder(&world.0.path().join("encoder"));
    let encoder = world.path("encoder");
    // Every step is too odd, and the reasons are told.
    let strict = ["--no-train", "--set", "filter.max_step_oddity=0"];
    let why = |out: &str, more: &[&str]| {
        let error = world.run(out, &[&strict[..], more].concat()).unwrap_err();
        assert!(
            format!("{error:#}").contains("no response was kept"),
            "{error:#}"
        );
        world.dropped(out, "coherence")["examples"][0]["detail"].to_string()
    };
    let far = "far from question and other steps";
    let (words, vectors) = (why("words", &[]), why("vectors", &["--encoder", &encoder]));
    assert!(
        words.contains(far) && !vectors.contains(far),
        "{words}, {vectors}"
    );
    let none = world
        .run("none", &["--no-train", "--encoder", "/nowhere"])
        .unwrap_err();
    assert!(
        format!("{none:#}").contains("--encoder: there is no directory /nowhere"),
        "{none:#}"
    );
    assert!(!world.0.path().join("none").exists());
}

#[test]
fn logits_are_of_tokens_both_know() {
    let world = World::new();
    let small = crate::generate::testing::Small::new();
    let other = small.dir.path().display().to_string();
    let error = world
        .run("out", &["--student", &other, "--logits=2"])
        .unwrap_err();
    assert!(error.is::<UsageError>(), "{error}");
    let said = error.to_string();
    assert!(
        said.contains("teacher teacher") && said.contains(&other),
        "{said}"
    );
    assert!(!Path::new(&world.path("out")).exists(), "nothing was begun");
    for (flags, word) in [
        (&["--logits=2", "--alpha=2"][..], "alpha"),
        (&["--logits=0"], "at least 1"),
        (&["--logits=2", "--tau=0"], "temperature"),
    ] {
        let flags = [&["--student=preset:smoke"][..], flags].concat();
        let error = world.run("out", &flags).unwrap_err();
        assert!(
            error.is::<UsageError>() && error.to_string().contains(word),
            "{error}"
        );
    }
    assert!(
        world
            .run("out", &["--student=preset:smoke", "--kl=reverse"])
            .is_err(),
        "K is missing"
    );
}
