//! The table of models, for a terminal.

use super::Report;
use super::svg::{count, percent};
use crate::progress::duration;

const HEADS: [&str; 6] = [
    "model",
    "pass@1 (95 %)",
    "format",
    "language",
    "tokens",
    "parameters",
];

/// The models and what the run took.
pub(super) fn terminal(report: &Report) -> String {
    let mut foot = format!("{} preset, seed {}: ", report.preset, report.seed);
    foot += &duration(report.seconds);
    if let Some(memory) = report.peak_rss_mb {
        foot += &format!(", {memory:.0} MB at most");
    }
    if report.models.is_empty() {
        return format!("The models have not been evaluated.\n{foot}");
    }
    let rows: Vec<[String; 6]> = report
        .models
        .iter()
        .map(|(name, r)| {
            let [low, high] = r.ci95.map(|bound| 100.0 * bound);
            let parameters = if r.active_params == r.params {
                count(r.params)
            } else {
                format!("{} ({} active)", count(r.params), count(r.active_params))
            };
            [
                name.clone(),
                format!("{} ({low:.1}–{high:.1})", percent(r.pass_at_1)),
                percent(r.format),
                percent(r.language),
                format!("{:.1}", r.tokens_mean),
                parameters,
            ]
        })
        .collect();
    format!("{}\n{foot}", boxed(HEADS, &rows))
}

/// A table in a box, its first column to the left and every other to the right.
pub(crate) fn boxed<const N: usize>(heads: [&str; N], rows: &[[String; N]]) -> String {
    let heads = heads.map(str::to_owned);
    let mut widths = [0; N];
    for row in std::iter::once(&heads).chain(rows) {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let rule = |left: char, middle: &str, right: char| {
        let dashes: Vec<String> = widths.iter().map(|width| "─".repeat(width + 2)).collect();
        format!("{left}{}{right}\n", dashes.join(middle))
    };
    let line = |row: &[String; N]| {
        let mut cells = String::new();
        for (index, (cell, width)) in row.iter().zip(widths).enumerate() {
            cells += &if index == 0 {
                format!("│ {cell:<width$} ")
            } else {
                format!("│ {cell:>width$} ")
            };
        }
        cells + "│\n"
    };
    let mut table = rule('┌', "┬", '┐') + &line(&heads) + &rule('├', "┼", '┤');
    for row in rows {
        table += &line(row);
    }
    table + rule('└', "┴", '┘').trim_end()
}
