//! The page of a benchmark, in the report's style: a table, charts, and the exact settings. It
//! fetches nothing and runs no script.

use anyhow::Result;
use minijinja::{Value, context};

use crate::report::chart::Chart;
use crate::report::html::{drawing, render};

/// Colours there are for curves.
const COLOURS: usize = 8;

/// What a benchmark shows.
pub(super) struct Page {
    pub(super) title: &'static str,
    /// What is worth knowing at once, by name.
    pub(super) facts: Vec<(&'static str, String)>,
    /// What was done and measured.
    pub(super) lead: String,
    /// The table's heads, and a cell for each in every row.
    pub(super) heads: &'static [&'static str],
    pub(super) rows: Vec<Vec<String>>,
    pub(super) figures: Vec<Figure>,
    /// The resolved preset, as TOML.
    pub(super) settings: String,
}

/// A chart with what there is to say about it.
pub(super) struct Figure {
    pub(super) title: &'static str,
    pub(super) note: String,
    pub(super) chart: Chart,
}

/// The colour of the curve at `index`, from 1; after the last the first comes again.
pub(super) fn colour(index: usize) -> usize {
    index % COLOURS + 1
}

impl Page {
    /// The page as HTML.
    pub(super) fn render(&self) -> Result<String> {
        let values = context! {
            title => self.title,
            facts => self.facts.clone(),
            lead => self.lead.as_str(),
            heads => self.heads.to_vec(),
            rows => self.rows.clone(),
            figures => self.figures.iter().map(Figure::shown).collect::<Vec<_>>(),
            settings => self.settings.as_str(),
            version => env!("CARGO_PKG_VERSION"),
        };
        render(include_str!("template.html"), values)
    }
}

impl Figure {
    fn shown(&self) -> Value {
        let curves = self.chart.series.iter();
        let legend: Vec<Value> = curves
            .map(|series| context! { name => &*series.label, colour => series.colour })
            .collect();
        let svg = self.chart.svg().map(drawing);
        context! { title => self.title, note => self.note.as_str(), legend, svg }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chart::{Series, Size};

    #[test]
    fn a_page_escapes_everything_but_its_drawings() {
        let series = vec![Series {
            label: "<seed>".into(),
            colour: colour(8),
            points: vec![(1.0, 0.5), (2.0, 0.75)],
        }];
        let page = Page {
            title: "A & B",
            facts: vec![("preset", "<tiny>".into())],
            lead: "1 < 2".into(),
            heads: &["seed", "gain"],
            rows: vec![vec!["1".into(), "<b>".into()]],
            figures: vec![Figure {
                title: "Right",
                note: "n".into(),
                chart: Chart {
                    x: "step",
                    series,
                    marks: Vec::new(),
                    from_zero: true,
                    size: Size::Page,
                },
            }],
            settings: "[zero]".into(),
        };
        let html = page.render().unwrap();
        for part in [
            "A &amp; B",
            "&lt;tiny&gt;",
            "1 &lt; 2",
            "&lt;b&gt;",
            "<svg class=\"chart\"",
            "class=\"k1\">&lt;seed&gt;",
            "[zero]",
        ] {
            assert!(html.contains(part), "{part}");
        }
        for outside in ["<script", "href=", "src=", "<b>1", "http://"] {
            assert!(!html.contains(outside), "{outside}");
        }
    }
}
