//! Expert load by domain, as a heat map per layer.
//!
//! A cell's strength is the expert's share of the domain's tokens against an even share: an expert
//! that a domain prefers stands out, and a balanced column of all domains does not.

use std::fmt::Write;

use serde::Deserialize;

use super::svg::{escape, percent};

const CELL: f64 = 24.0;
const LABEL: f64 = 96.0;
const TOP: f64 = 20.0;
/// A share this many times an even one is drawn at full strength.
const FULL: f64 = 3.0;

/// A stage's `experts.json`: where the router sends the text of each domain.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Experts {
    pub(super) domains: Vec<String>,
    pub(super) layers: Vec<Layer>,
}

/// One layer's expert load.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Layer {
    pub(super) layer: usize,
    /// Per domain, the share of its tokens' choices that each expert gets.
    pub(super) load: Vec<Vec<f64>>,
}

/// One heat map per layer, each with the layer's number.
pub(super) fn maps(experts: &Experts) -> Vec<(usize, String)> {
    experts
        .layers
        .iter()
        .map(|layer| (layer.layer, map(&experts.domains, layer)))
        .collect()
}

fn map(domains: &[String], layer: &Layer) -> String {
    let columns = layer.load.iter().map(Vec::len).max().unwrap_or(0);
    let width = LABEL + CELL * columns as f64;
    let height = TOP + CELL * domains.len() as f64;
    let mut svg = format!(
        "<svg class=\"heat\" viewBox=\"0 0 {width} {height}\" style=\"max-width:{width}px\" \
         role=\"img\" aria-label=\"Expert load in layer {}\">",
        layer.layer
    );
    for column in 0..columns {
        let x = LABEL + CELL * (column as f64 + 0.5);
        put(
            &mut svg,
            format_args!("<text x=\"{x}\" y=\"13\" text-anchor=\"middle\">{column}</text>"),
        );
    }
    for (row, (domain, shares)) in domains.iter().zip(&layer.load).enumerate() {
        let y = TOP + CELL * row as f64;
        put(
            &mut svg,
            format_args!(
                "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
                LABEL - 8.0,
                y + 16.0,
                escape(domain)
            ),
        );
        for (column, share) in shares.iter().enumerate() {
            let even = 1.0 / shares.len() as f64;
            let strength = (share / even / FULL).clamp(0.0, 1.0);
            put(
                &mut svg,
                format_args!(
                    "<rect class=\"cell\" x=\"{}\" y=\"{y}\" width=\"22\" \
                height=\"22\" rx=\"3\" fill-opacity=\"{strength:.3}\"><title>{}, expert {column}: \
                {} of the load ({:.1} times an even share)</title></rect>",
                    LABEL + CELL * column as f64,
                    escape(domain),
                    percent(*share),
                    share / even
                ),
            );
        }
    }
    svg.push_str("</svg>");
    svg
}

fn put(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments)
        .expect("a string takes everything");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_three_times_even_is_full() {
        let load = vec![vec![0.75, 0.25, 0.0, 0.0]];
        let experts = Experts {
            domains: vec!["<x>".into()],
            layers: vec![Layer { layer: 1, load }],
        };
        let svg = &maps(&experts)[0].1;
        // Even is a quarter: three times, once, never.
        let found: Vec<_> = svg
            .split("fill-opacity=\"")
            .skip(1)
            .map(|rest| &rest[..5])
            .collect();
        assert_eq!(found, ["1.000", "0.333", "0.000", "0.000"]);
        assert!(svg.contains("&lt;x&gt;") && !svg.contains("<x>"));
    }
}
