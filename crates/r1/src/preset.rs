//! Presets: every number of a run, in TOML files compiled into the binary.
//!
//! A preset has no defaults: each file writes out every field, an unknown field is refused, and the
//! resolved preset is saved with the run. Any field can be changed as `section.key=value`. What is
//! left out: what the numbers mean for a stage, which is the stage's to say.

pub(crate) mod overrides;
mod sections;
mod terms;
mod validate;

use serde::{Deserialize, Serialize};

pub use sections::{
    Checkpoints, Corpus, Eval, Logits, Lora, Memory, Model, Ppo, Pretraining, Recipe, Rejection,
    Rl, Rubric, Shards, Stages, Student, Supervised, Tasks,
};

use crate::usage::{UsageError, nearest, unknown};

const FILES: [(&str, &str); 5] = [
    ("smoke", include_str!("../presets/smoke.toml")),
    ("tiny", include_str!("../presets/tiny.toml")),
    ("small", include_str!("../presets/small.toml")),
    (
        "smollm2-gsm8k",
        include_str!("../presets/smollm2-gsm8k.toml"),
    ),
    ("paper", include_str!("../presets/paper.toml")),
];

/// Every setting of a run, one field per box of the figure that needs any.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    /// The preset it started from, before any override.
    pub name: String,
    /// Which stages are done, and what they start from.
    pub recipe: Recipe,
    /// Which problems, and how many of each kind of text.
    pub tasks: Tasks,
    /// What the base model is pretrained on.
    pub corpus: Corpus,
    /// A packed corpus it is pretrained on instead.
    pub shards: Shards,
    /// What a stopped stage goes on from.
    pub checkpoints: Checkpoints,
    /// The mixture-of-experts model.
    pub model: Model,
    /// The dense model that is distilled into.
    pub student: Student,
    /// Pretraining of the mixture-of-experts model.
    pub base: Pretraining,
    /// Pretraining of the student.
    pub student_base: Pretraining,
    /// What a response is worth in reinforcement learning, beyond the weights of each stage.
    pub rubric: Rubric,
    /// Training in less memory.
    pub memory: Memory,
    /// Adapters that are trained in place of weights.
    pub lora: Lora,
    /// R1-Zero: reinforcement learning straight from the base.
    pub zero: Rl,
    /// The cold start: SFT on few curated chains of thought.
    pub cold_start_sft: Supervised,
    /// Reinforcement learning on reasoning, after the cold start.
    pub reasoning: Rl,
    /// Sampling the reasoning model for SFT data.
    pub rejection: Rejection,
    /// SFT of the base on what rejection sampling kept.
    pub sft: Supervised,
    /// The last reinforcement learning, on all kinds of problems; it gives R1.
    pub second: Rl,
    /// Sampling R1 for the student's data.
    pub distill_data: Rejection,
    /// SFT of the student on R1's data.
    pub distill: Supervised,
    /// R1's distribution in the loss of that.
    pub distill_logits: Logits,
    /// Reinforcement learning of the student alone, to compare with distillation.
    pub student_rl: Rl,
    /// PPO's critic, for the comparison with GRPO; no stage of the recipe has one.
    pub ppo: Ppo,
    /// How the finished models are measured.
    pub eval: Eval,
}

impl Preset {
    /// The presets there are, from the smallest.
    pub const NAMES: [&str; 5] = [FILES[0].0, FILES[1].0, FILES[2].0, FILES[3].0, FILES[4].0];

    /// Reads a preset and changes it by overrides of the form `section.key=value`, in order.
    ///
    /// # Errors
    ///
    /// An unknown preset or key (with the nearest that exists), a value of the wrong type or out of
    /// its range, a problem file that does not exist.
    pub fn load(name: &str, overrides: &[String]) -> Result<Self, UsageError> {
        let text = FILES
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, text)| *text)
            .ok_or_else(|| unknown("preset", name, &Self::NAMES))?;
        let mut table: toml::Table = parse(name, text)?;
        for change in overrides {
            overrides::apply(&mut table, change)?;
        }
        let preset: Self = table
            .try_into()
            .map_err(|error| UsageError(format!("preset {name}: {}", closed_choice(error))))?;
        preset.validate()?;
        Ok(preset)
    }

    /// The preset as the TOML file that would give it again.
    #[must_use]
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("a preset has nothing that TOML cannot write")
    }
}

/// The error of a table, with the nearest there is where a choice of few was missed.
fn closed_choice(error: toml::de::Error) -> String {
    let error = error.to_string();
    let mut words = error.trim_end().split('`').skip(1).step_by(2);
    let near = match error.starts_with("unknown variant") {
        true => words.next().and_then(|word| nearest(word, words)),
        false => None,
    };
    match near {
        Some(near) => format!(
            "{}; did you mean `{near}`?",
            error.trim_end().replace('\n', " ")
        ),
        None => error,
    }
}

fn parse<T: serde::de::DeserializeOwned>(name: &str, text: &str) -> Result<T, UsageError> {
    toml::from_str(text).map_err(|error| UsageError(format!("preset {name}: {error}")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn load(changes: &[&str]) -> Result<Preset, UsageError> {
        let changes: Vec<String> = changes.iter().map(ToString::to_string).collect();
        Preset::load("tiny", &changes)
    }

    fn refused(change: &str) -> String {
        load(&[change]).unwrap_err().to_string()
    }

    #[test]
    fn every_preset_is_whole_and_valid() {
        for name in Preset::NAMES {
            let preset = Preset::load(name, &[]).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(preset.name, name);
        }
    }

    #[test]
    fn a_saved_preset_reads_back_the_same() {
        for name in Preset::NAMES {
            let preset = Preset::load(name, &[]).unwrap();
            assert_eq!(parse::<Preset>(name, &preset.to_toml()).unwrap(), preset);
        }
    }

    #[test]
    fn an_unknown_field_in_a_file_is_refused() {
        let text = Preset::load("tiny", &[])
            .unwrap()
            .to_toml()
            .replace("[zero]", "[zero]\nx = 1");
        assert!(
            parse::<Preset>("tiny", &text)
                .unwrap_err()
                .0
                .contains("unknown field `x`")
        );
    }

    #[test]
    fn overrides_apply_in_order() {
        let preset = load(&["zero.steps=3", "zero.lr=1", "zero.steps=4"]).unwrap();
        assert_eq!((preset.zero.steps, preset.zero.lr), (4, 1.0));
    }

    #[test]
    fn a_range_is_named_with_its_key() {
        assert_eq!(
            refused("zero.group=1"),
            "zero.group = 1 is out of range: at least 2 (an advantage compares the samples of a \
             group)"
        );
        assert!(refused("student_rl.steps=0").contains("at least 1"));
        assert!(refused("eval.top_p=1.5").starts_with("eval.top_p = 1.5 is out of range"));
        assert!(refused("model.rope_dim=7").contains("even"));
        assert!(refused("model.active_experts=99").contains("model.experts"));
        assert!(refused("model.mtp_weight=0").contains("above 0"));
        assert!(refused("corpus.guess=0.9").contains("sum to 1"));
        assert!(refused("zero.lr=nan").starts_with("zero.lr = NaN is out of range"));
    }

    #[test]
    fn a_choice_lists_what_is_allowed() {
        let message = refused("tasks.families=linar");
        assert!(message.contains("did you mean `linear`"), "{message}");
        assert!(refused("tasks.languages=fr").contains("en, zh"));
    }

    #[test]
    fn a_closed_choice_names_its_key_and_what_is_allowed() {
        for (change, key, allowed) in [
            ("zero.objective=grop", "zero.objective", "`vespo`"),
            ("second.kl=k4", "second.kl", "`k3`"),
            ("zero.kl_in=both", "zero.kl_in", "`weighted_loss`"),
            (
                "zero.advantage_scale=std",
                "zero.advantage_scale",
                "`batch`",
            ),
            ("zero.baseline=none", "zero.baseline", "`leave_one_out`"),
            ("zero.reward_parts=each", "zero.reward_parts", "`decoupled`"),
            ("zero.truncated=drop", "zero.truncated", "`mask`"),
        ] {
            let message = refused(change);
            assert!(
                message.contains(key) && message.contains(allowed),
                "{message}"
            );
        }
    }

    #[test]
    fn objectives_take_what_goes_with_them() {
        assert!(refused("zero.dual_clip=1.1").contains("above 1 + epsilon_high = 1.2"));
        assert!(
            refused("zero.objective=cispo").contains("at least 1 where the objective is cispo")
        );
        assert!(refused("zero.entropy_bonus=-1").contains("at least 0"));
        assert!(refused("zero.overlong=105").contains("zero.max_new_tokens = 104"));
        let refused = |changes: &[&str]| load(changes).unwrap_err().to_string();
        let decoupled = "zero.reward_parts=decoupled";
        assert!(refused(&[decoupled, "zero.kl_in=reward"]).contains("other than reward"));
        assert!(refused(&["zero.objective=sapo", "zero.dual_clip=3"]).contains("clips"));
        for changes in [
            &["zero.objective=cispo", "zero.epsilon_high=5"][..],
            &[
                "zero.objective=gspo",
                "zero.dual_clip=3",
                "zero.kl_in=weighted_loss",
            ],
            &[
                decoupled,
                "zero.truncated=mask",
                "zero.overlong=16",
                "zero.resample=3",
            ],
            &[
                "zero.baseline=leave_one_out",
                "zero.advantage_scale=none",
                "zero.kl_in=reward",
            ],
        ] {
            load(changes).unwrap();
        }
    }

    #[test]
    fn a_mixture_of_shards_is_read_or_refused() {
        let preset = load(&["shards.mixture=web=3,a=b=0.5:2"]).unwrap();
        let weights = preset.shards.weights().unwrap();
        let found: Vec<_> = weights
            .iter()
            .map(|w| (&*w.name, w.weight, w.epochs))
            .collect();
        assert_eq!(found, [("web", 3.0, None), ("a=b", 0.5, Some(2))]);
        for wrong in ["web", "web=0", "web=1:0", "web=x"] {
            let message = refused(&format!("shards.mixture={wrong}"));
            assert!(message.contains("NAME=WEIGHT"), "{message}");
        }
        assert!(refused("shards.path=/nowhere").contains("manifest.json"));
        assert!(refused("checkpoints.keep=0").contains("at least 1"));
    }

    #[test]
    fn a_missing_problem_file_is_named() {
        let message = refused("tasks.file=/nowhere/x.jsonl");
        assert!(message.contains("tasks.file") && message.contains("/nowhere/x.jsonl"));
    }

    #[test]
    fn an_unknown_preset_gets_the_nearest() {
        let message = Preset::load("tinny", &[]).unwrap_err().to_string();
        assert!(message.contains("did you mean `tiny`"), "{message}");
    }

    /// `section.key` of every field, and some of none.
    fn any_key() -> impl Strategy<Value = String> {
        let table: toml::Table = parse("smoke", FILES[0].1).unwrap();
        let sections = table
            .iter()
            .filter_map(|(section, fields)| Some((section, fields.as_table()?)));
        let keys: Vec<String> = sections
            .flat_map(|(section, fields)| fields.keys().map(move |key| format!("{section}.{key}")))
            .collect();
        prop_oneof![9 => proptest::sample::select(keys), 1 => ".{0,12}"]
    }

    fn any_value() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<i64>().prop_map(|value| value.to_string()),
            any::<f64>().prop_map(|value| value.to_string()),
            "[\\[\\]a-z0-9,'\". -]{0,12}",
            ".{0,8}",
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn any_setting_is_taken_or_refused(key in any_key(), value in any_value()) {
            match Preset::load("smoke", &[format!("{key}={value}")]) {
                Ok(preset) => prop_assert_eq!(&preset.name, "smoke"),
                Err(error) => prop_assert!(!error.0.is_empty()),
            }
        }
    }
}
