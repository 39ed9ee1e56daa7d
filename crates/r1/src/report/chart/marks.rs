//! Single measurements in a chart: a dot with its interval, beside the curves.

use super::axis::Axis;
use super::put;
use crate::report::svg::escape;

/// A value measured apart from any curve.
pub(crate) struct Mark {
    /// What it says on hover.
    pub(crate) title: String,
    /// Its place among the colours, from 1.
    pub(crate) colour: usize,
    /// Where it was measured.
    pub(crate) x: f64,
    /// What it came to.
    pub(crate) y: f64,
    /// The interval it lies in.
    pub(crate) interval: [f64; 2],
}

/// Pixels between marks at one place, so that none hides another.
const APART: f64 = 6.0;

/// The marks on top of everything; those at one place stand side by side, inside the axis.
pub(super) fn draw(svg: &mut String, marks: &[Mark], (x, y): (&Axis, &Axis), middle: f64) {
    for (index, mark) in marks.iter().enumerate() {
        let here = |other: &&Mark| other.x == mark.x;
        let (before, all) = (
            marks[..index].iter().filter(here).count(),
            marks.iter().filter(here).count(),
        );
        // To the right of the left end, to the left of the right end.
        let from_end = if x.at(mark.x) < middle {
            before as f64
        } else {
            before as f64 + 1.0 - all as f64
        };
        let at = x.at(mark.x) + APART * from_end;
        let [low, high] = mark.interval.map(|bound| y.at(bound));
        let (colour, value) = (mark.colour, y.at(mark.y));
        put(
            svg,
            format_args!(
                "<g><title>{}</title><path class=\"reach s{colour}\" d=\"M{at:.1} {low:.1}V{high:.1}\"/>\
                 <circle class=\"dot s{colour}\" cx=\"{at:.1}\" cy=\"{value:.1}\" r=\"3.5\"/></g>",
                escape(&mark.title)
            ),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_at_one_place_stand_apart() {
        let mark = |x: f64| Mark {
            title: "<1>".into(),
            colour: 2,
            x,
            y: 0.5,
            interval: [0.25, 0.75],
        };
        let across = Axis::new([0.0, 10.0].into_iter(), 0.0, 100.0, false).unwrap();
        let up = Axis::new([0.0, 1.0].into_iter(), 100.0, 0.0, false).unwrap();
        let mut svg = String::new();
        let marks = [mark(0.0), mark(10.0), mark(0.0), mark(10.0)];
        draw(&mut svg, &marks, (&across, &up), 50.0);
        for place in ["M0.0 75.0V25.0", "M6.0 ", "M94.0 ", "M100.0 "] {
            assert!(svg.contains(place), "{place}: {svg}");
        }
        assert!(svg.contains("<title>&lt;1&gt;</title>"), "{svg}");
    }
}
