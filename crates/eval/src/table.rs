//! Results beside published figures, for people (Markdown, HTML) and programs (JSON).
//!
//! A figure over a part of the tasks is marked, and the row says of how many.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;

use crate::benchmark::{Benchmark, Metric, Published};
use crate::manifest::Manifest;
use crate::pair::Pair;
use crate::row::Row;

/// What is said below a table with a figure over a part of the tasks.
const PARTIAL: &str = "† over a part of the tasks, or of their samples";

/// All results, benchmark by benchmark.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Table {
    /// The benchmarks, in the order in which results of them came first.
    pub sections: Vec<Section>,
    /// Measurements of the same tasks held against one another.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pairs: Vec<Pair>,
}

/// The results on one benchmark.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Section {
    /// The benchmark's name.
    pub benchmark: String,
    /// The figures the rows have, in the order of their columns.
    pub metrics: Vec<String>,
    /// Those measured here, then the published ones.
    pub rows: Vec<Row>,
}

impl Table {
    /// The results of `manifests` beside what the benchmarks of that name have as published. A
    /// manifest whose benchmark is not among `benchmarks` stands alone.
    pub fn new(manifests: &[Manifest], benchmarks: &[Box<dyn Benchmark>]) -> Self {
        let mut sections: Vec<Section> = Vec::new();
        for manifest in manifests {
            let name = &manifest.plan.benchmark;
            let row = Row::measured(manifest);
            match sections
                .iter_mut()
                .find(|section| section.benchmark == *name)
            {
                Some(section) => section.rows.push(row),
                None => sections.push(Section {
                    benchmark: name.clone(),
                    metrics: Vec::new(),
                    rows: vec![row],
                }),
            }
        }
        for section in &mut sections {
            let known = benchmarks
                .iter()
                .find(|known| known.name() == section.benchmark);
            for published in known.map_or(&[][..], |known| known.published()) {
                section.add(published);
            }
            section.metrics = columns(&section.rows);
        }
        Self {
            sections,
            pairs: Vec::new(),
        }
    }

    /// The same, with what `pairs` say below the tables.
    #[must_use]
    pub fn with_pairs(self, pairs: Vec<Pair>) -> Self {
        Self { pairs, ..self }
    }

    /// A heading and a table for each benchmark, then a line for each pair.
    pub fn markdown(&self) -> String {
        let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
        let mut text = String::new();
        for section in &self.sections {
            let line = |cells: Vec<String>| {
                let cells: Vec<String> = cells.iter().map(|text| cell(text)).collect();
                format!("| {} |\n", cells.join(" | "))
            };
            let rule = vec!["---".to_owned(); section.head().len()];
            let _ = write!(text, "## {}\n\n", cell(&section.benchmark));
            text += &line(section.head());
            text += &line(rule);
            for row in &section.rows {
                text += &line(section.cells(row));
            }
            text.push('\n');
            if section.has_part() {
                let _ = write!(text, "{PARTIAL}\n\n");
            }
        }
        for pair in &self.pairs {
            let _ = write!(text, "{pair}\n\n");
        }
        text
    }

    /// The same as a page of HTML that needs nothing else.
    pub fn html(&self) -> String {
        let mut text = "<!doctype html>\n<meta charset=\"utf-8\">\n<title>Results</title>\n<style>\
             body{font-family:sans-serif;margin:2em}table{border-collapse:collapse}\
             td,th{border:1px solid #999;padding:.3em .6em;text-align:left}</style>\n"
            .to_owned();
        for section in &self.sections {
            let line = |cells: Vec<String>, tag: &str| {
                let cells = cells.iter();
                let cells: String = cells
                    .map(|text| format!("<{tag}>{}</{tag}>", escaped(text)))
                    .collect();
                format!("<tr>{cells}</tr>\n")
            };
            let _ = write!(text, "<h2>{}</h2>\n<table>\n", escaped(&section.benchmark));
            text += &line(section.head(), "th");
            for row in &section.rows {
                text += &line(section.cells(row), "td");
            }
            text += "</table>\n";
            if section.has_part() {
                let _ = writeln!(text, "<p>{PARTIAL}</p>");
            }
        }
        for pair in &self.pairs {
            let _ = writeln!(text, "<p>{}</p>", escaped(&pair.to_string()));
        }
        text
    }

    /// The same as JSON, indented.
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

impl Section {
    fn head(&self) -> Vec<String> {
        let mut head = vec!["model".to_owned()];
        head.extend(self.metrics.iter().cloned());
        head.extend(["protocol", "source"].map(str::to_owned));
        head
    }

    fn cells(&self, row: &Row) -> Vec<String> {
        let mut cells = vec![row.model.clone()];
        for metric in &self.metrics {
            cells.push(row.shown(metric));
        }
        cells.extend([row.protocol.clone(), row.source.clone()]);
        cells
    }

    /// Whether one of its figures is over a part of the tasks.
    fn has_part(&self) -> bool {
        self.rows.iter().any(|row| row.is_partial)
    }

    /// A published figure goes to the row of its model, protocol and source.
    fn add(&mut self, published: &Published) {
        let metric = Metric {
            name: published.metric.to_owned(),
            value: published.value,
            ci95: None,
        };
        let same = |row: &&mut Row| {
            row.model == published.model
                && row.protocol == published.protocol
                && row.source == published.source
        };
        if let Some(row) = self.rows.iter_mut().find(same) {
            row.figures.insert(metric.name.clone(), metric);
            return;
        }
        self.rows.push(Row {
            model: published.model.to_owned(),
            figures: BTreeMap::from([(metric.name.clone(), metric)]),
            protocol: published.protocol.to_owned(),
            source: published.source.to_owned(),
            is_partial: false,
        });
    }
}

/// pass@1 first, then the others as they stand in the rows.
fn columns(rows: &[Row]) -> Vec<String> {
    let mut columns: Vec<String> = Vec::new();
    let names = rows.iter().flat_map(|row| row.figures.keys());
    for name in names {
        if !columns.contains(name) {
            columns.push(name.clone());
        }
    }
    columns.sort_by_key(|name| name != "pass@1");
    columns
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
