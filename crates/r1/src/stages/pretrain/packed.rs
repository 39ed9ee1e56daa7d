//! Windows of a packed corpus as batches, and what was read in them.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use corpus::{Cursor, WindowSettings, Windows};
use lm::Sequence;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::preset;
use crate::stage::StageContext;
use crate::stages::feed::Feed;
use crate::stages::files::write_json;
use crate::stages::shards::Shards;

/// What was read of a packed corpus, beside a stage's other files.
const FILE: &str = "corpus.json";

/// Tokens by what they are of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Tokens {
    by_source: BTreeMap<String, u64>,
    by_language: BTreeMap<String, u64>,
    by_domain: BTreeMap<String, u64>,
}

/// Where reading is: before the window that comes next.
#[derive(Serialize, Deserialize)]
struct Position {
    cursor: Cursor,
    read: Tokens,
}

/// Windows of shards.
pub(super) struct Packed<'a> {
    shards: &'a Shards,
    settings: WindowSettings,
    batch: usize,
    windows: Windows<'a>,
    /// The documents in each window of the last batch.
    last: Vec<Vec<u64>>,
    read: Tokens,
}

impl<'a> Packed<'a> {
    /// Checks every byte of the shards, and that they have as many windows as `plan` reads.
    ///
    /// # Errors
    /// A shard that is damaged; a mixture that is used up before training ends.
    pub(super) fn open(
        shards: &'a Shards,
        plan: &preset::Pretraining,
        cx: &StageContext,
    ) -> Result<Self> {
        let tokens = shards.tokens();
        tokens.verify()?;
        let settings = WindowSettings {
            length: plan.length,
            seed: cx.seed,
            mixture: shards.mixture().to_vec(),
        };
        let windows = Windows::new(tokens, &settings).context("shards.mixture")?;
        let wanted = (plan.steps * plan.batch) as u64;
        let epochs = shards.mixture().iter().map(|source| source.epochs);
        let there = epochs
            .zip(windows.windows_per_epoch())
            .map(|(epochs, windows)| epochs?.checked_mul(windows))
            .sum::<Option<u64>>();
        let used_up = there.filter(|there| *there < wanted && !settings.mixture.is_empty());
        ensure!(
            used_up.is_none(),
            "shards.mixture ends after {} windows of {} tokens, and {wanted} are read; allow more passes, or \
             take fewer steps",
            used_up.unwrap_or(0),
            plan.length
        );
        let held = &tokens.manifest().report;
        cx.log(format!(
            "{} documents with {} tokens in {} languages, {wanted} windows of {} tokens to read",
            held.kept.documents,
            held.kept.tokens,
            held.by_language.len(),
            plan.length
        ));
        Ok(Self {
            shards,
            settings,
            batch: plan.batch,
            windows,
            last: Vec::new(),
            read: Tokens::default(),
        })
    }

    /// Writes what was read and what there was.
    pub(super) fn write(&self, dir: &Path) -> Result<()> {
        let report = &self.shards.tokens().manifest().report;
        let held = [&report.by_source, &report.by_language, &report.by_domain].map(|counts| {
            let tokens = counts.iter().map(|(name, it)| (name.clone(), it.tokens));
            tokens.collect::<BTreeMap<String, u64>>()
        });
        let [by_source, by_language, by_domain] = held;
        let held = Tokens {
            by_source,
            by_language,
            by_domain,
        };
        write_json(&dir.join(FILE), &json!({ "read": self.read, "held": held }))
    }

    /// Beginnings of up to `most` documents of each domain, from all over the corpus.
    pub(super) fn by_domain(&self, most: usize) -> BTreeMap<String, Vec<Sequence>> {
        let tokens = self.shards.tokens();
        let stride = tokens.documents().div_ceil(LOOKED_AT).max(1);
        let mut texts: BTreeMap<String, Vec<Sequence>> = BTreeMap::new();
        for number in (0..tokens.documents()).step_by(stride as usize) {
            let texts = texts.entry(tokens.labels(number).1.to_owned()).or_default();
            let mut found = tokens.document(number).tokens;
            found.truncate(self.settings.length);
            // One token alone has nothing before it to be predicted from.
            if texts.len() < most && found.len() > 1 {
                texts.push(Sequence {
                    tokens: found,
                    context: 1,
                });
            }
        }
        texts.retain(|_, texts| !texts.is_empty());
        texts
    }

    /// Counts the tokens of a window by the documents they are of.
    fn count(&mut self, window: &corpus::Window) {
        let source = self.windows.sources().nth(window.source);
        let source = source.expect("a window is of a source").to_owned();
        let add = |into: &mut BTreeMap<String, u64>, name: &str, tokens: usize| {
            *into.entry(name.to_owned()).or_default() += tokens as u64;
        };
        add(&mut self.read.by_source, &source, window.tokens.len());
        let ends = window.starts[1..].iter().copied();
        let ends = ends.chain([window.tokens.len()]);
        for ((from, to), document) in window.starts.iter().zip(ends).zip(&window.documents) {
            let (language, domain) = self.shards.tokens().labels(*document);
            add(&mut self.read.by_language, language, to - from);
            add(&mut self.read.by_domain, domain, to - from);
        }
    }
}

/// Documents that are looked at for those of each domain.
const LOOKED_AT: u64 = 4096;

impl Feed for Packed<'_> {
    fn next(&mut self) -> Result<Vec<Sequence>> {
        let mut batch = Vec::with_capacity(self.batch);
        self.last.clear();
        for _ in 0..self.batch {
            let window = self.windows.next().context("the shards are used up")?;
            self.count(&window);
            self.last.push(window.documents);
            batch.push(Sequence {
                tokens: window.tokens,
                context: 1,
            });
        }
        Ok(batch)
    }

    fn name(&self, at: usize) -> String {
        let documents = self.last.get(at).map_or(&[][..], Vec::as_slice);
        let documents: Vec<String> = documents.iter().map(u64::to_string).collect();
        format!("the window of documents {}", documents.join(", "))
    }

    fn longest(&self) -> usize {
        self.settings.length
    }

    fn position(&self) -> Value {
        json!(Position {
            cursor: self.windows.cursor(),
            read: self.read.clone(),
        })
    }

    fn seek(&mut self, position: Value) -> Result<()> {
        let Position { cursor, read } = serde_json::from_value(position)?;
        self.windows = Windows::resume(self.shards.tokens(), &self.settings, &cursor)?;
        self.read = read;
        Ok(())
    }
}
