//! What must hold beyond types. Each message names the key, its value, what is allowed and why.

use std::fmt::Display;
use std::path::Path;

use ::corpus::SourceWeight;
use data::dataset::ColumnMap;
use grpo::{AdvantageScale, Baseline, KlIn, RewardParts, Surrogate};
use rewards::{ConfigError, Mode};

use super::{
    Checkpoints, Corpus, Eval, Logits, Lora, Model, Ppo, Preset, Pretraining, Recipe, Rejection,
    Rl, Rubric, Shards, Stages, Student, Supervised, Tasks,
};
use crate::source::{exists, on_hub};
use crate::usage::{UsageError, nearest};

const FAMILIES: [&str; 5] = ["arithmetic", "countdown", "linear", "ordering", "program"];
const LANGUAGES: [&str; 2] = ["en", "zh"];
/// 256 bytes and eight special tokens.
const SMALLEST_VOCABULARY: usize = 264;

/// What goes with normalising part by part.
const DECOUPLED: &str = "it normalises in its own way: advantage_scale = group, baseline = mean and \
                         kl_in other than reward go with it";

type Checked = Result<(), UsageError>;

impl Preset {
    /// Checks every range and everything that must fit together.
    ///
    /// # Errors
    ///
    /// The first field that does not hold, with what would.
    pub(super) fn validate(&self) -> Checked {
        self.recipe.validate()?;
        self.tasks.validate()?;
        self.corpus.validate()?;
        self.shards.validate(&self.recipe)?;
        self.checkpoints.validate()?;
        self.model.validate()?;
        self.student.validate()?;
        self.base.validate("base")?;
        self.student_base.validate("student_base")?;
        self.cold_start_sft.validate("cold_start_sft")?;
        self.sft.validate("sft")?;
        self.distill.validate("distill")?;
        self.distill_logits.validate("distill_logits")?;
        self.rubric.validate()?;
        self.lora.validate()?;
        for (section, rl) in self.rl() {
            rl.validate(section)?;
            rl.goes_with(section, self.rubric.mode)?;
        }
        self.ppo.validate()?;
        self.rejection.validate("rejection")?;
        self.distill_data.validate("distill_data")?;
        self.eval.validate()?;
        self.fits()
    }

    fn rl(&self) -> [(&'static str, &Rl); 4] {
        [
            ("zero", &self.zero),
            ("reasoning", &self.reasoning),
            ("second", &self.second),
            ("student_rl", &self.student_rl),
        ]
    }

    /// No sequence may be longer than the model's positions; those of a checkpoint are not known yet.
    fn fits(&self) -> Checked {
        if !self.recipe.model.is_empty() {
            return Ok(());
        }
        let limit = self.model.max_positions;
        let mut lengths = vec![
            ("base.length".to_owned(), self.base.length),
            ("student_base.length".to_owned(), self.student_base.length),
            (
                "rejection.max_new_tokens".to_owned(),
                self.rejection.max_new_tokens,
            ),
            (
                "distill_data.max_new_tokens".to_owned(),
                self.distill_data.max_new_tokens,
            ),
            ("eval.max_new_tokens".to_owned(), self.eval.max_new_tokens),
        ];
        for (section, rl) in self.rl() {
            lengths.push((format!("{section}.max_new_tokens"), rl.max_new_tokens));
        }
        for (key, length) in lengths {
            require(
                length <= limit,
                &key,
                length,
                &format!("at most model.max_positions = {limit}"),
            )?;
        }
        Ok(())
    }
}

impl Recipe {
    fn validate(&self) -> Checked {
        checkpoint("recipe.model", &self.model)?;
        checkpoint("recipe.student", &self.student)
    }
}

impl Tasks {
    fn validate(&self) -> Checked {
        choices("tasks.families", &self.families, &FAMILIES)?;
        choices("tasks.languages", &self.languages, &LANGUAGES)?;
        levels("tasks.levels", &self.levels)?;
        file("tasks.file", &self.file)?;
        file("tasks.held_out_file", &self.held_out_file)?;
        file("tasks.cold_start_file", &self.cold_start_file)?;
        file("tasks.general_file", &self.general_file)?;
        self.columns
            .parse::<ColumnMap>()
            .map_err(|error| UsageError(format!("tasks.columns: {error}")))?;
        at_least("tasks.held_out", self.held_out, 1)?;
        at_least("tasks.cold_start", self.cold_start, 1)?;
        at_least("tasks.general", self.general, 1)?;
        at_least("tasks.vocabulary", self.vocabulary, SMALLEST_VOCABULARY)
    }
}

impl Corpus {
    fn validate(&self) -> Checked {
        share("corpus.guess", self.guess)?;
        share("corpus.steps", self.steps)?;
        share("corpus.checked", self.checked)?;
        share("corpus.rambling", self.rambling)?;
        share("corpus.wrong", self.wrong)?;
        share("corpus.mixed_language", self.mixed_language)?;
        share("corpus.plain_text", self.plain_text)?;
        let sum = self.guess + self.steps + self.checked + self.rambling + self.wrong;
        let allowed = "guess, steps, checked, rambling and wrong must sum to 1";
        require(
            (sum - 1.0).abs() < 1e-6,
            "corpus: the sum of the styles",
            sum,
            allowed,
        )
    }
}

impl Shards {
    fn validate(&self, recipe: &Recipe) -> Checked {
        let path = &self.path;
        let manifest = Path::new(path).join(::corpus::MANIFEST);
        if !path.is_empty() && !manifest.is_file() {
            return Err(UsageError(format!(
                "shards.path: {path} has no {}; give a directory that `r1 corpus pack` wrote to its end",
                ::corpus::MANIFEST
            )));
        }
        let student = recipe.stages == Stages::ColdStartRl || !recipe.student.is_empty();
        let unread = !path.is_empty() && !recipe.model.is_empty() && student;
        let pretrained = "empty where recipe.model is given: nothing is pretrained";
        require(!unread, "shards.path", path, pretrained)?;
        self.weights().map(drop)
    }

    /// The mixture, source by source.
    ///
    /// # Errors
    /// What is not of the form NAME=WEIGHT or NAME=WEIGHT:EPOCHS.
    pub(crate) fn weights(&self) -> Result<Vec<SourceWeight>, UsageError> {
        let read = |text: &String| -> Option<SourceWeight> {
            let (name, numbers) = text.rsplit_once('=')?;
            let (weight, epochs) = match numbers.split_once(':') {
                Some((weight, epochs)) => (weight, Some(epochs.parse().ok().filter(|it| *it > 0)?)),
                None => (numbers, None),
            };
            let weight = weight.parse().ok();
            let weight = weight.filter(|it: &f64| *it > 0.0 && it.is_finite())?;
            Some(SourceWeight {
                name: name.to_owned(),
                weight,
                epochs,
            })
        };
        let wrong = |text: &String| {
            UsageError(format!(
                "shards.mixture: `{text}` is not of the form NAME=WEIGHT or NAME=WEIGHT:PASSES, with numbers \
                 above 0 (as in web=3 or code=1:2)"
            ))
        };
        let weights = self
            .mixture
            .iter()
            .map(|text| read(text).ok_or_else(|| wrong(text)));
        weights.collect()
    }
}

impl Checkpoints {
    fn validate(&self) -> Checked {
        at_least("checkpoints.keep", self.keep, 1)
    }
}

impl Model {
    fn validate(&self) -> Checked {
        at_least("model.layers", self.layers, 1)?;
        at_least("model.width", self.width, 1)?;
        at_least("model.heads", self.heads, 1)?;
        at_most(
            "model.dense_layers",
            self.dense_layers,
            "model.layers",
            self.layers,
        )?;
        at_least("model.dense_inner", self.dense_inner, 1)?;
        at_least("model.experts", self.experts, 1)?;
        at_least("model.active_experts", self.active_experts, 1)?;
        at_least("model.expert_inner", self.expert_inner, 1)?;
        at_least("model.kv_rank", self.kv_rank, 1)?;
        at_least("model.nope_dim", self.nope_dim, 1)?;
        at_least("model.rope_dim", self.rope_dim, 2)?;
        even("model.rope_dim", self.rope_dim)?;
        at_least("model.value_dim", self.value_dim, 1)?;
        at_least("model.groups", self.groups, 1)?;
        at_least("model.active_groups", self.active_groups, 1)?;
        at_most(
            "model.active_groups",
            self.active_groups,
            "model.groups",
            self.groups,
        )?;
        divides("model.groups", self.groups, "model.experts", self.experts)?;
        let reachable = self.experts / self.groups * self.active_groups;
        let limit = "model.experts / model.groups × model.active_groups";
        at_most(
            "model.active_experts",
            self.active_experts,
            limit,
            reachable,
        )?;
        positive("model.routed_scaling", self.routed_scaling)?;
        not_negative("model.bias_speed", self.bias_speed)?;
        not_negative("model.balance_alpha", self.balance_alpha)?;
        positive("model.mtp_weight", self.mtp_weight)?;
        at_least("model.max_positions", self.max_positions, 2)
    }
}

impl Student {
    fn validate(&self) -> Checked {
        at_least("student.layers", self.layers, 1)?;
        at_least("student.width", self.width, 1)?;
        at_least("student.heads", self.heads, 1)?;
        at_least("student.kv_heads", self.kv_heads, 1)?;
        at_least("student.inner", self.inner, 1)?;
        divides("student.heads", self.heads, "student.width", self.width)?;
        even("student.width / student.heads", self.width / self.heads)?;
        divides(
            "student.kv_heads",
            self.kv_heads,
            "student.heads",
            self.heads,
        )
    }
}

impl Pretraining {
    fn validate(&self, section: &str) -> Checked {
        let key = |name: &str| format!("{section}.{name}");
        at_least(&key("steps"), self.steps, 1)?;
        at_least(&key("batch"), self.batch, 1)?;
        at_least(&key("length"), self.length, 2)?;
        rates(section, self.lr, self.min_lr)?;
        not_negative(&key("weight_decay"), self.weight_decay)?;
        let decay = "at least 0 and below 1";
        require(
            (0.0..1.0).contains(&self.beta1),
            &key("beta1"),
            self.beta1,
            decay,
        )?;
        require(
            (0.0..1.0).contains(&self.beta2),
            &key("beta2"),
            self.beta2,
            decay,
        )?;
        positive(&key("clip"), self.clip)
    }
}

impl Supervised {
    pub(crate) fn validate(&self, section: &str) -> Checked {
        let key = |name: &str| format!("{section}.{name}");
        at_least(&key("epochs"), self.epochs, 1)?;
        at_least(&key("batch"), self.batch, 1)?;
        rates(section, self.lr, self.min_lr)?;
        not_negative(&key("weight_decay"), self.weight_decay)?;
        positive(&key("clip"), self.clip)
    }
}

impl Rl {
    fn validate(&self, section: &str) -> Checked {
        let key = |name: &str| format!("{section}.{name}");
        at_least(&key("steps"), self.steps, 1)?;
        at_least(&key("prompts"), self.prompts, 1)?;
        let why = "at least 2 (an advantage compares the samples of a group)";
        require(self.group >= 2, &key("group"), self.group, why)?;
        positive(&key("lr"), self.lr)?;
        not_negative(&key("beta"), self.beta)?;
        self.objective_fits(section)?;
        positive(&key("temperature"), self.temperature)?;
        mass(&key("top_p"), self.top_p)?;
        at_least(&key("max_new_tokens"), self.max_new_tokens, 1)?;
        at_least(&key("inner_epochs"), self.inner_epochs, 1)?;
        at_least(&key("minibatches"), self.minibatches, 1)?;
        at_most(
            &key("minibatches"),
            self.minibatches,
            &key("prompts"),
            self.prompts,
        )?;
        mass(&key("reference_mix"), self.reference_mix)?;
        not_negative(&key("kl_limit"), self.kl_limit)?;
        not_negative(&key("gap_limit"), self.gap_limit)?;
        positive(&key("clip"), self.clip)?;
        not_negative(&key("accuracy"), self.accuracy)?;
        not_negative(&key("format"), self.format)?;
        not_negative(&key("language"), self.language)?;
        levels(&key("levels"), &self.levels)?;
        share(&key("level_up"), self.level_up)
    }
}

impl Rl {
    /// The settings of the objective and of its advantages, and which of them go together.
    fn objective_fits(&self, section: &str) -> Checked {
        let key = |name: &str| format!("{section}.{name}");
        positive(&key("epsilon"), self.epsilon)?;
        positive(&key("epsilon_high"), self.epsilon_high)?;
        not_negative(&key("entropy_bonus"), self.entropy_bonus)?;
        let (surrogate, ..) = self.objective.parts(self.max_new_tokens);
        require(
            surrogate != Surrogate::Cispo || self.epsilon_high >= 1.0,
            &key("epsilon_high"),
            self.epsilon_high,
            "at least 1 where the objective is cispo (it is the highest weight itself)",
        )?;
        let highest = 1.0 + self.epsilon_high;
        require(
            self.dual_clip == 0.0 || surrogate == Surrogate::Clip && self.dual_clip > highest,
            &key("dual_clip"),
            self.dual_clip,
            &format!("0 (none), or above 1 + epsilon_high = {highest} where the objective clips"),
        )?;
        at_most(
            &key("overlong"),
            self.overlong,
            &key("max_new_tokens"),
            self.max_new_tokens,
        )?;
        require(
            self.reward_parts == RewardParts::Sum || self.is_plain(),
            &key("reward_parts"),
            "decoupled",
            DECOUPLED,
        )
    }

    /// Whether nothing stands in the way of normalising part by part.
    fn is_plain(&self) -> bool {
        self.advantage_scale == AdvantageScale::Group
            && self.baseline == Baseline::Mean
            && (self.kl_in != KlIn::Reward || self.beta == 0.0)
    }

    /// The rubric's mode is one thing, what the stage normalises another.
    fn goes_with(&self, section: &str, mode: Mode) -> Checked {
        let gate = match mode {
            Mode::Sum => return Ok(()),
            Mode::PerPart => {
                return require(self.is_plain(), "rubric.mode", "per_part", DECOUPLED);
            }
            Mode::Gated => "gated",
            Mode::FormGated => "form_gated",
        };
        let allowed = format!(
            "sum or per_part where {section}.reward_parts = decoupled (a gate is on the sum)"
        );
        require(
            self.reward_parts == RewardParts::Sum,
            "rubric.mode",
            gate,
            &allowed,
        )
    }
}

impl Rubric {
    fn validate(&self) -> Checked {
        not_negative("rubric.repetition", self.repetition)?;
        not_negative("rubric.length", self.length)?;
        not_negative("rubric.judge", self.judge)?;
        not_negative("rubric.program", self.program)?;
        at_least("rubric.repetition_ngram", self.repetition_ngram, 1)?;
        at_least("rubric.length_target", self.length_target, 1)?;
        positive("rubric.length_alpha", self.length_alpha)?;
        positive("rubric.judge_timeout", self.judge_timeout)?;
        let retries = self.judge_retries;
        require(retries <= 10, "rubric.judge_retries", retries, "at most 10")?;
        positive("rubric.program_timeout", self.program_timeout)?;
        // What the terms need beyond that, they say themselves.
        let config = self.terms();
        config
            .validate()
            .map_err(|error| UsageError(self.in_preset(error)))?;
        let missing = self.judge_key.as_str();
        let set = self.judge == 0.0 || missing.is_empty() || std::env::var_os(missing).is_some();
        require(
            set,
            "rubric.judge_key",
            missing,
            "an environment variable that is set",
        )
    }
}

impl Rubric {
    /// What is wrong with a term, in the words of the preset.
    fn in_preset(&self, error: ConfigError) -> String {
        let ConfigError::Term { term, fault } = error else {
            return format!("rubric: {error}");
        };
        let part = match term == self.program_name {
            true => "program",
            false => &term,
        };
        let fields = [
            "name", "command", "url", "model", "timeout", "retries", "target", "alpha", "ngram",
        ];
        let named = |fault: String, field: &str| {
            fault.replace(&format!("`{field}`"), &format!("`rubric.{part}_{field}`"))
        };
        fields.into_iter().fold(fault.to_owned(), named)
    }
}

impl Lora {
    pub(crate) fn validate(&self) -> Checked {
        positive("lora.alpha", self.alpha)?;
        require(
            self.rank == 0 || !self.targets.is_empty(),
            "lora.targets",
            "empty",
            "names of projections where lora.rank is above 0",
        )
    }
}

impl Ppo {
    fn validate(&self) -> Checked {
        positive("ppo.lr", self.lr)?;
        mass("ppo.gamma", self.gamma)?;
        share("ppo.lambda", self.lambda)?;
        not_negative("ppo.value_clip", self.value_clip)
    }
}

impl Rejection {
    fn validate(&self, section: &str) -> Checked {
        self.validate_teacher(section)?;
        positive(&format!("{section}.temperature"), self.temperature)
    }

    /// The same for a teacher of one's own, whose likeliest token may be taken.
    pub(crate) fn validate_teacher(&self, section: &str) -> Checked {
        at_least(&format!("{section}.prompts"), self.prompts, 1)?;
        at_least(&format!("{section}.samples"), self.samples, 1)?;
        not_negative(&format!("{section}.temperature"), self.temperature)?;
        mass(&format!("{section}.top_p"), self.top_p)?;
        at_least(&format!("{section}.per_prompt_cap"), self.per_prompt_cap, 1)?;
        at_least(&format!("{section}.max_new_tokens"), self.max_new_tokens, 1)
    }
}

impl Logits {
    pub(crate) fn validate(&self, section: &str) -> Checked {
        share(&format!("{section}.alpha"), self.alpha)?;
        positive(&format!("{section}.temperature"), self.temperature)
    }
}

impl Eval {
    pub(crate) fn validate(&self) -> Checked {
        at_least("eval.samples", self.samples, 1)?;
        not_negative("eval.temperature", self.temperature)?;
        mass("eval.top_p", self.top_p)?;
        at_least("eval.max_new_tokens", self.max_new_tokens, 1)
    }
}

fn require(holds: bool, key: &str, value: impl Display, allowed: &str) -> Checked {
    if holds {
        return Ok(());
    }
    Err(UsageError(format!(
        "{key} = {value} is out of range: {allowed}"
    )))
}

fn at_least(key: &str, value: usize, least: usize) -> Checked {
    require(value >= least, key, value, &format!("at least {least}"))
}

fn at_most(key: &str, value: usize, other: &str, most: usize) -> Checked {
    require(
        value <= most,
        key,
        value,
        &format!("at most {other} = {most}"),
    )
}

fn divides(key: &str, value: usize, other: &str, whole: usize) -> Checked {
    require(
        whole.is_multiple_of(value),
        key,
        value,
        &format!("must divide {other} = {whole}"),
    )
}

fn even(key: &str, value: usize) -> Checked {
    require(
        value.is_multiple_of(2),
        key,
        value,
        "must be even (dimensions rotate in pairs)",
    )
}

fn positive(key: &str, value: f64) -> Checked {
    require(value > 0.0 && value.is_finite(), key, value, "above 0")
}

fn not_negative(key: &str, value: f64) -> Checked {
    require(value >= 0.0 && value.is_finite(), key, value, "at least 0")
}

fn share(key: &str, value: f64) -> Checked {
    require((0.0..=1.0).contains(&value), key, value, "between 0 and 1")
}

fn mass(key: &str, value: f64) -> Checked {
    require(
        value > 0.0 && value <= 1.0,
        key,
        value,
        "above 0 and at most 1",
    )
}

fn rates(section: &str, lr: f64, min_lr: f64) -> Checked {
    positive(&format!("{section}.lr"), lr)?;
    let allowed = format!("between 0 and {section}.lr = {lr}");
    require(
        (0.0..=lr).contains(&min_lr),
        &format!("{section}.min_lr"),
        min_lr,
        &allowed,
    )
}

fn levels(key: &str, levels: &[u32]) -> Checked {
    let shown = format!("{levels:?}");
    let rising = levels.is_sorted();
    let valid = rising && levels.first().is_some_and(|&first| first >= 1);
    require(
        valid,
        key,
        shown,
        "one or more levels from 1, the lowest first",
    )
}

fn choices(key: &str, chosen: &[String], allowed: &[&str]) -> Checked {
    let list = allowed.join(", ");
    require(
        !chosen.is_empty(),
        key,
        "[]",
        &format!("one or more of {list}"),
    )?;
    for (index, word) in chosen.iter().enumerate() {
        if !allowed.contains(&word.as_str()) {
            let hint = nearest(word, allowed.iter().copied())
                .map(|near| format!("did you mean `{near}`? "))
                .unwrap_or_default();
            return Err(UsageError(format!(
                "{key}: `{word}` is unknown; {hint}Allowed: {list}"
            )));
        }
        require(!chosen[..index].contains(word), key, word, "named twice")?;
    }
    Ok(())
}

/// Whether it is to be fetched from the hub.
fn is_remote(path: &str) -> bool {
    on_hub(Path::new(path)).is_some()
}

fn checkpoint(key: &str, path: &str) -> Checked {
    if path.is_empty() || is_remote(path) || Path::new(path).exists() {
        return Ok(());
    }
    Err(UsageError(format!(
        "{key}: there is no {path}; give the directory of a model, a GGUF file, or hub:OWNER/NAME"
    )))
}

fn file(key: &str, path: &str) -> Checked {
    if path.is_empty() {
        return Ok(());
    }
    exists(path).map_err(|error| UsageError(format!("{key}: {error}")))
}
