//! Problems, curated examples and the tokenizer.
//!
//! Leaves `held_out.jsonl`, `cold_start.jsonl`, `general.jsonl`, `tokenizer.json` and either
//! `tasks.json` (what to generate) or `train.jsonl` (the problems of a file).

use anyhow::{Context, Result, ensure};
use data::corpus::{
    Corpus, Document, Mixture, cold_start, cold_start_from_problem, from_problems, general,
};
use data::dataset::ColumnMap;
use data::tasks::{Split, Stream, TaskSettings, held_out};
use data::{Problem, Sample, Tokenizer, seed, template};
use distill::HeldOutQuestions;
use serde_json::{Value, json};

use super::files::{write_json, write_lines};
use super::shards::Shards;
use super::sources;
use crate::Artifact;
use crate::preset;
use crate::stage::{Stage, StageContext};

pub(super) const SETTINGS: &str = "tasks.json";
pub(super) const TRAIN: &str = "train.jsonl";
pub(super) const HELD_OUT: &str = "held_out.jsonl";
pub(super) const COLD_START: &str = "cold_start.jsonl";
pub(super) const GENERAL: &str = "general.jsonl";

/// Documents the tokenizer learns from.
const TOKENIZER_DOCUMENTS: usize = 20_000;

/// Makes everything the other stages learn from or are measured on.
pub struct Tasks<'a> {
    /// Which problems, and how many.
    settings: &'a preset::Tasks,
    /// The mixture the tokenizer is trained on.
    corpus: &'a preset::Corpus,
    /// A checkpoint whose tokenizer is taken instead.
    tokenizer: Option<&'a Artifact>,
    /// Shards that are going to be read, whose tokenizer is taken where no checkpoint has one.
    shards: Option<&'a Shards>,
}

impl<'a> Tasks<'a> {
    /// Problems as `settings` says; the tokenizer learns from the mixture `corpus`.
    pub fn new(settings: &'a preset::Tasks, corpus: &'a preset::Corpus) -> Self {
        Self {
            settings,
            corpus,
            tokenizer: None,
            shards: None,
        }
    }

    /// Makes sure that the tokenizer is that of `shards`, where there are any.
    pub fn reading(self, shards: Option<&'a Shards>) -> Self {
        Self { shards, ..self }
    }

    /// Takes the tokenizer of `checkpoint`; none is trained.
    pub fn with_tokenizer_of(self, checkpoint: &'a Artifact) -> Self {
        Self {
            tokenizer: Some(checkpoint),
            ..self
        }
    }
}

impl Stage for Tasks<'_> {
    fn inputs(&self) -> Vec<&Artifact> {
        self.tokenizer.into_iter().collect()
    }

    fn settings(&self) -> Value {
        let tasks = self.settings;
        let files = [
            &tasks.file,
            &tasks.held_out_file,
            &tasks.cold_start_file,
            &tasks.general_file,
        ];
        let mut settings = json!({
            "tasks": tasks,
            "corpus": self.corpus,
            "files": files.map(|file| sources::digest(file)),
        });
        if let Some(shards) = self.shards {
            settings["vocabulary"] = json!(shards.vocabulary());
        }
        settings
    }

    fn describe(&self) -> &'static str {
        "problems, curated examples and the tokenizer"
    }

    fn run(&self, cx: &StageContext) -> Result<()> {
        cx.start_over()?;
        let mut made = if self.settings.file.is_empty() {
            self.generate(cx)?
        } else {
            self.import(cx)?
        };
        let wanted = self.settings;
        let mut general = general(wanted.general, cx.seed);
        let given = [
            (
                &wanted.cold_start_file,
                wanted.cold_start,
                &mut made.cold_start,
            ),
            (&wanted.general_file, wanted.general, &mut general),
        ];
        let held_out = HeldOutQuestions::new(&made.held_out);
        for (file, limit, samples) in given {
            if !file.is_empty() {
                *samples = sources::samples(file, &self.columns()?, limit, &held_out, cx)?;
            }
        }
        write_lines(&cx.dir.join(HELD_OUT), &made.held_out)?;
        write_lines(&cx.dir.join(COLD_START), &made.cold_start)?;
        write_lines(&cx.dir.join(GENERAL), &general)?;
        let report_fewer = |what: &str, made: usize, wanted: usize| {
            if made < wanted {
                cx.log(format!(
                    "tasks.{what} = {wanted}, but only {made} can be had"
                ));
            }
        };
        report_fewer("held_out", made.held_out.len(), wanted.held_out);
        report_fewer("cold_start", made.cold_start.len(), wanted.cold_start);
        report_fewer("general", general.len(), wanted.general);
        let packed = self.shards.and_then(Shards::tokenizer);
        let taken = self.tokenizer.map(|checkpoint| &*checkpoint.dir).or(packed);
        let tokenizer = match taken {
            Some(dir) => Tokenizer::open(dir)?,
            None => self.train_tokenizer(&made, &general)?,
        };
        tokenizer.save(&cx.dir)?;
        if let Some(shards) = self.shards {
            shards.check(&tokenizer, taken.unwrap_or(&cx.dir))?;
        }
        cx.log(format!(
            "{} held-out problems, {} curated examples, {} tokens in the vocabulary",
            made.held_out.len(),
            made.cold_start.len(),
            tokenizer.vocab_size()
        ));
        Ok(())
    }
}

struct Made {
    held_out: Vec<Problem>,
    cold_start: Vec<Sample>,
    documents: Vec<Document>,
}

impl Tasks<'_> {
    fn generate(&self, cx: &StageContext) -> Result<Made> {
        let settings = TaskSettings {
            families: self.settings.families.clone(),
            levels: self.settings.levels.clone(),
            languages: self.settings.languages.clone(),
        };
        write_json(&cx.dir.join(SETTINGS), &settings)?;
        let mut rng = seed::stream(cx.seed, &["cold start"]);
        let cold_start = Stream::new(&settings, Split::Train, cx.seed)?
            .filter_map(|worked| cold_start(&worked, &mut rng))
            .take(self.settings.cold_start)
            .collect();
        let corpus = Corpus::new(&settings, &mixture(self.corpus), cx.seed)?;
        Ok(Made {
            held_out: held_out(&settings, self.settings.held_out, cx.seed)?,
            cold_start,
            documents: corpus.take(TOKENIZER_DOCUMENTS).collect(),
        })
    }

    fn import(&self, cx: &StageContext) -> Result<Made> {
        let columns = self.columns()?;
        let mut train = sources::problems(&self.settings.file, &columns, cx)?;
        let held_out = if self.settings.held_out_file.is_empty() {
            train.split_off(train.len() - (train.len() / 8).min(self.settings.held_out))
        } else {
            let mut held_out = sources::problems(&self.settings.held_out_file, &columns, cx)?;
            held_out.truncate(self.settings.held_out);
            held_out
        };
        ensure!(
            !train.is_empty() && !held_out.is_empty(),
            "{}: too few problems to hold any out; give tasks.held_out_file",
            self.settings.file
        );
        let held = HeldOutQuestions::new(&held_out);
        let before = train.len();
        train.retain(|problem| held.check_text(&problem.question).is_ok());
        if train.len() < before {
            cx.log(format!(
                "{} training problems are held out and dropped",
                before - train.len()
            ));
        }
        write_lines(&cx.dir.join(TRAIN), &train)?;
        let samples = train.iter().filter_map(cold_start_from_problem);
        let cold_start: Vec<Sample> = samples.take(self.settings.cold_start).collect();
        ensure!(
            !cold_start.is_empty() || !self.settings.cold_start_file.is_empty(),
            "{}: no problem has a solution, so there is nothing to start from; add a field \
             `solution`, reasoning before `#### n` in `answer`, or tasks.cold_start_file",
            self.settings.file
        );
        let documents = from_problems(&train, &mixture(self.corpus), cx.seed)?;
        Ok(Made {
            held_out,
            cold_start,
            documents: documents.take(TOKENIZER_DOCUMENTS).collect(),
        })
    }

    fn columns(&self) -> Result<ColumnMap> {
        self.settings.columns.parse().context("tasks.columns")
    }

    fn train_tokenizer(&self, made: &Made, general: &[Sample]) -> Result<Tokenizer> {
        let documents = made
            .documents
            .iter()
            .map(|d| template::document(d.question.as_deref(), &d.text));
        let curated = made
            .cold_start
            .iter()
            .chain(general)
            .map(|s| template::document(Some(&s.question), &s.response));
        let texts = documents.chain(curated);
        Tokenizer::train(texts, self.settings.vocabulary).context("training the tokenizer")
    }
}

/// The corpus section as the corpus takes it.
pub(super) fn mixture(corpus: &preset::Corpus) -> Mixture {
    Mixture {
        guess: corpus.guess,
        steps: corpus.steps,
        checked: corpus.checked,
        rambling: corpus.rambling,
        wrong: corpus.wrong,
        mixed_language: corpus.mixed_language,
        plain_text: corpus.plain_text,
    }
}
