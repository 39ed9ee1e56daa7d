//! The recipe's figure as inline SVG: a box per stage, an arrow per artifact.

use std::fmt::Write;

use super::boxes::square;
use super::read::RunFiles;
use super::svg::escape;

const W: f64 = 236.0;
const H: f64 = 122.0;
const ACROSS: f64 = 56.0;
const DOWN: f64 = 48.0;
const EDGE: f64 = 8.0;

/// Column and row of each stage's box, and what colours it: data, reinforcement learning, SFT.
const PLACES: [(&str, u8, u8, &str); 12] = [
    ("0-tasks", 0, 0, "data"),
    ("1-base", 1, 0, "sft"),
    ("2-r1-zero", 2, 0, "rl"),
    ("3-cold-start", 1, 1, "sft"),
    ("4-reasoning-rl", 2, 1, "rl"),
    ("5-rejection-sampling", 3, 1, "data"),
    ("6-sft", 1, 2, "sft"),
    ("7-r1", 2, 2, "rl"),
    ("8-distill", 3, 2, "sft"),
    ("8a-student-base", 2, 3, "sft"),
    ("8b-student-rl", 3, 3, "rl"),
    ("9-eval", 3, 0, "data"),
];

/// Arrows to the right between neighbours: column and row of where they start.
const RIGHT: [(u8, u8); 7] = [(0, 0), (1, 0), (1, 1), (2, 1), (1, 2), (2, 2), (2, 3)];

/// The figure with each stage's numbers in its box.
pub(super) fn svg(files: &RunFiles) -> String {
    let (width, height) = (x(3) + W + EDGE, y(3) + H + EDGE);
    let mut svg = format!(
        "<svg class=\"figure\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         aria-label=\"The recipe: boxes are stages, arrows what passes between them\">\
         <defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" \
         markerHeight=\"7\" orient=\"auto\"><path class=\"tip\" d=\"M0 0L8 4L0 8z\"/></marker></defs>"
    );
    for path in arrows() {
        put(
            &mut svg,
            format_args!("<path class=\"arrow\" marker-end=\"url(#tip)\" d=\"{path}\"/>"),
        );
    }
    for (stage, column, row, kind) in PLACES {
        place(&mut svg, files, stage, (x(column), y(row)), kind);
    }
    legend(&mut svg);
    svg.push_str("</svg>");
    svg
}

fn place(svg: &mut String, files: &RunFiles, stage: &str, (x, y): (f64, f64), kind: &str) {
    let square = square(files, stage);
    let state = if square.time.is_some() {
        ""
    } else {
        " missing"
    };
    let number = stage.split('-').next().unwrap_or_default();
    let tx = x + 18.0;
    put(
        svg,
        format_args!(
            "<g class=\"stage {kind}{state}\"><rect class=\"face\" x=\"{x}\" y=\"{y}\" \
        width=\"{W}\" height=\"{H}\" rx=\"10\"/><rect class=\"stripe\" x=\"{x}\" y=\"{}\" width=\"4\" \
        height=\"{}\" rx=\"2\"/>",
            y + 14.0,
            H - 28.0
        ),
    );
    put(
        svg,
        format_args!(
            "<text class=\"title\" x=\"{tx}\" y=\"{}\">{}</text>",
            y + 27.0,
            escape(square.title)
        ),
    );
    put(
        svg,
        format_args!(
            "<text class=\"number\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{number}\
        </text>",
            x + W - 14.0,
            y + 26.0
        ),
    );
    put(
        svg,
        format_args!(
            "<text class=\"subtitle\" x=\"{tx}\" y=\"{}\">{}</text>",
            y + 44.0,
            escape(square.subtitle)
        ),
    );
    for (index, line) in square.numbers.iter().enumerate() {
        put(
            svg,
            format_args!(
                "<text class=\"value\" x=\"{tx}\" y=\"{}\">{}</text>",
                y + 70.0 + 20.0 * index as f64,
                escape(line)
            ),
        );
    }
    let time = square.time.as_deref().unwrap_or("not run");
    put(
        svg,
        format_args!(
            "<text class=\"time\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{time}</text></g>",
            x + W - 14.0,
            y + H - 11.0
        ),
    );
}

fn arrows() -> Vec<String> {
    let mut paths: Vec<String> = RIGHT
        .iter()
        .map(|&(column, row)| {
            let middle = y(row) + H / 2.0;
            format!("M{} {middle}H{}", x(column) + W, x(column + 1) - 3.0)
        })
        .collect();
    let centre = x(1) + W / 2.0;
    // The base is where the cold start begins.
    paths.push(format!("M{centre} {}V{}", y(0) + H, y(1) - 3.0));
    // And, past the cold start, where SFT begins again.
    let lane = x(1) - ACROSS / 2.0;
    paths.push(format!(
        "M{} {}H{lane}V{}H{}",
        x(1),
        y(0) + H - 20.0,
        y(2) + H / 2.0,
        x(1) - 3.0
    ));
    // What rejection sampling kept goes back to SFT.
    let gap = y(2) - DOWN / 2.0;
    paths.push(format!(
        "M{} {}V{gap}H{centre}V{}",
        x(3) + W / 2.0,
        y(1) + H,
        y(2) - 3.0
    ));
    // The student's base is what is distilled into.
    let lane = x(3) - ACROSS / 2.0;
    paths.push(format!(
        "M{} {}H{lane}V{}H{}",
        x(2) + W,
        y(3) + 24.0,
        y(2) + H - 24.0,
        x(3) - 3.0
    ));
    paths
}

fn legend(svg: &mut String) {
    let kinds = [
        ("data", "data and measuring"),
        ("sft", "next-token training"),
        ("rl", "reinforcement learning"),
    ];
    for (index, (kind, text)) in kinds.iter().enumerate() {
        let y = y(3) + 34.0 + 22.0 * index as f64;
        put(
            svg,
            format_args!(
                "<g class=\"stage {kind}\"><rect class=\"stripe\" x=\"{}\" y=\"{}\" \
            width=\"14\" height=\"10\" rx=\"3\"/><text class=\"subtitle\" x=\"{}\" y=\"{y}\">{text}\
            </text></g>",
                x(0),
                y - 9.0,
                x(0) + 24.0
            ),
        );
    }
}

fn x(column: u8) -> f64 {
    EDGE + f64::from(column) * (W + ACROSS)
}

fn y(row: u8) -> f64 {
    EDGE + f64::from(row) * (H + DOWN)
}

fn put(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments)
        .expect("a string takes everything");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::STAGES;

    #[test]
    fn every_stage_has_a_box_of_its_own() {
        let mut stages: Vec<_> = PLACES.iter().map(|place| place.0).collect();
        let mut expected = STAGES;
        stages.sort_unstable();
        expected.sort_unstable();
        assert_eq!(stages, expected);
        let mut spots: Vec<_> = PLACES.iter().map(|place| (place.1, place.2)).collect();
        spots.sort_unstable();
        spots.dedup();
        assert_eq!(spots.len(), PLACES.len());
    }
}
