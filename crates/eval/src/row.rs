//! A row of a table: the figures of one model under one protocol.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;

use crate::benchmark::Metric;
use crate::manifest::Manifest;
use crate::problems::is_text;

/// One model under one protocol.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// The model.
    pub model: String,
    /// Its figures by name, shares in per cent.
    pub figures: BTreeMap<String, Metric>,
    /// How they were measured.
    pub protocol: String,
    /// Where they stand: a paper, or `measured`.
    pub source: String,
    /// Whether tasks or samples of the measurement are not in the figures.
    pub is_partial: bool,
}

impl Row {
    /// The figures of a manifest.
    pub(crate) fn measured(manifest: &Manifest) -> Self {
        let summary = &manifest.summary;
        let mut figures = vec![figure("pass@1", summary.pass_at_1, Some(summary.ci95))];
        if summary.samples > 1 {
            let k = summary.samples;
            let last =
                |figures: &BTreeMap<usize, f64>| figures.get(&k).copied().unwrap_or_default();
            let (passes, votes) = (format!("pass@{k}"), format!("cons@{k}"));
            figures.push(figure(&passes, last(&summary.pass_at_k), None));
            // A vote among texts says nothing.
            if !summary.rules.keys().any(|rule| is_text(rule)) {
                figures.push(figure(&votes, last(&summary.cons_at_k), None));
            }
        }
        figures.extend(manifest.metrics.iter().cloned());
        let named = figures.into_iter();
        Self {
            model: manifest.plan.model.name().to_owned(),
            figures: named.map(|metric| (metric.name.clone(), metric)).collect(),
            protocol: protocol(manifest),
            source: "measured".to_owned(),
            is_partial: summary.problems < found(manifest) || manifest.missing > 0,
        }
    }

    /// A figure as a person reads it, marked where it is over a part of the tasks.
    pub(crate) fn shown(&self, metric: &str) -> String {
        let Some(metric) = self.figures.get(metric) else {
            return "–".to_owned();
        };
        let mark = if self.is_partial { " †" } else { "" };
        match metric.ci95 {
            Some([low, high]) => format!("{:.1} ({low:.1}–{high:.1}){mark}", metric.value),
            None => format!("{:.1}{mark}", metric.value),
        }
    }
}

fn figure(name: &str, value: f64, ci95: Option<[f64; 2]>) -> Metric {
    Metric {
        name: name.to_owned(),
        value: 100.0 * value,
        ci95: ci95.map(|ends| ends.map(|end| 100.0 * end)),
    }
}

/// How many tasks there are, whether they were asked or not.
fn found(manifest: &Manifest) -> usize {
    let file = &manifest.plan.tasks;
    file.found.max(file.tasks)
}

/// How it was measured, and what is not in it.
fn protocol(manifest: &Manifest) -> String {
    let (summary, all) = (&manifest.summary, found(manifest));
    let of = match summary.problems < all {
        true => format!("{} of {all}", summary.problems),
        false => all.to_string(),
    };
    let mut protocol = format!("{}, {of} tasks", manifest.plan.protocol);
    let skipped = manifest.plan.tasks.skipped;
    if skipped > 0 {
        let _ = write!(protocol, ", {skipped} records left out");
    }
    if manifest.missing > 0 {
        let _ = write!(protocol, ", {} samples without a reply", manifest.missing);
    }
    if summary.unjudged > 0 {
        let _ = write!(protocol, ", {} unjudged", summary.unjudged);
    }
    protocol
}
