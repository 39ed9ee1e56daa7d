//! What can be said of a document by itself, and its tokens: the part of the work that threads share.

use std::sync::Mutex;

use data::bulk::{BulkEncoder, Scratch};
use data::ngrams::{NgramIndex, units};
use rayon::prelude::*;

use super::Packing;
use crate::dedup::{Sketch, Sketcher};
use crate::document::Document;
use crate::domain::domain;
use crate::quality::QualitySettings;

/// What a document is.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) language: String,
    pub(super) domain: String,
}

/// What is to become of it, those before apart.
#[derive(Debug)]
pub(super) enum Fate {
    Rejected(&'static str),
    HeldOut,
    /// With its sketch, where duplicates are looked for.
    Fit(Option<Sketch>),
}

pub(super) struct Judge<'a> {
    quality: &'a QualitySettings,
    held_out: NgramIndex,
    sketcher: Option<Sketcher>,
    encoder: BulkEncoder,
    end: u32,
    /// What the threads take turns with.
    scratch: Mutex<Vec<Scratch>>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(packing: &'a Packing) -> Self {
        let mut held_out = NgramIndex::new(packing.settings.held_out.clone());
        packing.held_out.iter().for_each(|text| held_out.add(text));
        Self {
            quality: &packing.settings.quality,
            held_out,
            sketcher: packing.settings.dedup.as_ref().map(Sketcher::new),
            encoder: packing.tokenizer.bulk(),
            end: packing.tokenizer.end,
            scratch: Mutex::default(),
        }
    }

    pub(super) fn judge(&self, batch: &[Document]) -> Vec<(Judged, Fate)> {
        batch
            .par_iter()
            .map(|document| self.one(document))
            .collect()
    }

    fn one(&self, document: &Document) -> (Judged, Fate) {
        let text = &document.text;
        let units = units(text);
        let mut judged = Judged {
            language: String::new(),
            domain: match &document.domain {
                Some(domain) => domain.clone(),
                None => domain(text).to_owned(),
            },
        };
        if let Some(rule) = self.quality.broken(text, &units, &judged.domain) {
            return (judged, Fate::Rejected(rule));
        }
        if self.held_out.is_in_units(&units.hashes) {
            return (judged, Fate::HeldOut);
        }
        judged.language = match &document.language {
            Some(language) => language.clone(),
            None => rewards::identify(text).unwrap_or("und").to_owned(),
        };
        let sketcher = self.sketcher.as_ref();
        let sketch = sketcher.map(|sketcher| sketcher.sketch(text, &units));
        (judged, Fate::Fit(sketch))
    }

    /// The tokens of the documents that are wanted, and none of the others.
    pub(super) fn tokens(
        &self,
        batch: &[Document],
        wanted: impl Fn(usize) -> bool + Sync,
    ) -> Vec<Vec<u32>> {
        let encode = |(at, document): (usize, &Document)| {
            if !wanted(at) {
                return Vec::new();
            }
            let kept = self.scratch.lock().expect("no thread panics").pop();
            let mut scratch = kept.unwrap_or_else(|| self.encoder.scratch());
            let mut tokens = Vec::with_capacity(document.text.len() / 4 + 1);
            self.encoder
                .encode(&document.text, &mut scratch, &mut tokens);
            tokens.push(self.end);
            self.scratch.lock().expect("no thread panics").push(scratch);
            tokens
        };
        batch.par_iter().enumerate().map(encode).collect()
    }
}
