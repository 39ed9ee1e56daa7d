//! Line charts as inline SVG: axes, ticks, and every value on hover, without a script.

mod axis;
mod marks;
mod smooth;

use std::borrow::Cow;
use std::fmt::Write;

use super::svg::{escape, short};
use axis::{Axis, Frame};
use smooth::{noisy, smoothed, thinned};

pub(crate) use axis::Size;
pub(crate) use marks::Mark;
pub(crate) use smooth::window;

/// A curve: its name, its place among the colours (from 1), and its points.
pub(crate) struct Series {
    pub(crate) label: Cow<'static, str>,
    pub(crate) colour: usize,
    pub(crate) points: Vec<(f64, f64)>,
}

/// What a chart shows.
pub(crate) struct Chart {
    pub(crate) x: &'static str,
    pub(crate) series: Vec<Series>,
    /// Single values over the curves.
    pub(crate) marks: Vec<Mark>,
    /// Whether the axis begins at zero.
    pub(crate) from_zero: bool,
    pub(crate) size: Size,
}

impl Chart {
    /// The chart, or nothing where there is nothing to draw.
    pub(crate) fn svg(&self) -> Option<String> {
        let series: Vec<(&Series, Vec<(f64, f64)>)> = self
            .series
            .iter()
            .map(|s| (s, thinned(&s.points)))
            .collect();
        let frame = self.size.frame();
        let drawn = || series.iter().flat_map(|(_, points)| points);
        let xs = drawn().map(|p| p.0).chain(self.marks.iter().map(|m| m.x));
        let ys = drawn().map(|p| p.1);
        let ys = ys.chain(self.marks.iter().flat_map(|m| m.interval));
        let x = Axis::new(xs, frame.left, frame.right, false)?;
        let y = Axis::new(ys, frame.bottom, frame.top, self.from_zero)?;
        let Frame { width, height, .. } = frame;
        let mut svg = format!(
            "<svg class=\"chart\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
             aria-label=\"{}\">",
            escape(
                &self
                    .series
                    .iter()
                    .map(|s| &*s.label)
                    .collect::<Vec<_>>()
                    .join(", ")
            )
        );
        self.axes(&mut svg, &frame, &x, &y);
        for (series, points) in &series {
            draw(&mut svg, series.colour, points, &x, &y);
        }
        hover(&mut svg, self.x, &series, &x, &frame);
        let middle = f64::midpoint(frame.left, frame.right);
        marks::draw(&mut svg, &self.marks, (&x, &y), middle);
        svg.push_str("</svg>");
        Some(svg)
    }

    fn axes(&self, svg: &mut String, frame: &Frame, x: &Axis, y: &Axis) {
        let &Frame {
            left,
            right,
            bottom,
            height,
            ..
        } = frame;
        for tick in y.ticks() {
            let at = y.at(tick);
            put(
                svg,
                format_args!("<path class=\"grid\" d=\"M{left} {at:.1}H{right}\"/>"),
            );
            let text = short(tick);
            put(
                svg,
                format_args!(
                    "<text x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\">{text}</text>",
                    left - 6.0,
                    at + 3.5
                ),
            );
        }
        for tick in x.ticks().into_iter().filter(|tick| tick.fract() == 0.0) {
            put(
                svg,
                format_args!(
                    "<text x=\"{:.1}\" y=\"{:.0}\" text-anchor=\"middle\">{}</text>",
                    x.at(tick),
                    bottom + 14.0,
                    short(tick)
                ),
            );
        }
        put(
            svg,
            format_args!("<path class=\"axis\" d=\"M{left} {bottom}H{right}\"/>"),
        );
        put(
            svg,
            format_args!(
                "<text x=\"{right}\" y=\"{:.0}\" text-anchor=\"end\">{}</text>",
                height - 3.0,
                escape(self.x)
            ),
        );
    }
}

fn draw(svg: &mut String, colour: usize, points: &[(f64, f64)], x: &Axis, y: &Axis) {
    let path = |points: &[(f64, f64)]| {
        let mut path = String::new();
        for (index, (px, py)) in points.iter().enumerate() {
            let step = if index == 0 { 'M' } else { 'L' };
            put(
                &mut path,
                format_args!("{step}{:.1} {:.1}", x.at(*px), y.at(*py)),
            );
        }
        path
    };
    if !noisy(points.len()) {
        put(
            svg,
            format_args!("<path class=\"line s{colour}\" d=\"{}\"/>", path(points)),
        );
        for (px, py) in points {
            put(
                svg,
                format_args!(
                    "<circle class=\"dot s{colour}\" cx=\"{:.1}\" cy=\"{:.1}\" \
                r=\"2\"/>",
                    x.at(*px),
                    y.at(*py)
                ),
            );
        }
    } else {
        let mean = smoothed(points);
        put(
            svg,
            format_args!("<path class=\"raw s{colour}\" d=\"{}\"/>", path(points)),
        );
        put(
            svg,
            format_args!("<path class=\"line s{colour}\" d=\"{}\"/>", path(&mean)),
        );
    }
}

/// One invisible band per x value that names every curve's value there.
fn hover(
    svg: &mut String,
    x_name: &str,
    series: &[(&Series, Vec<(f64, f64)>)],
    x: &Axis,
    frame: &Frame,
) {
    let &Frame {
        left: start,
        right,
        top,
        bottom,
        ..
    } = frame;
    let Some((_, longest)) = series.iter().max_by_key(|(_, points)| points.len()) else {
        return;
    };
    let width = ((right - start) / longest.len() as f64).max(1.0);
    for (at, _) in longest {
        let mut title = format!("{} {}", x_name, short(*at));
        for (series, points) in series {
            if let Some((_, value)) = points.iter().find(|(px, _)| px == at) {
                put(
                    &mut title,
                    format_args!("\n{}: {}", series.label, short(*value)),
                );
            }
        }
        let left = (x.at(*at) - width / 2.0).max(start);
        put(
            svg,
            format_args!(
                "<rect class=\"band\" x=\"{left:.1}\" y=\"{top}\" \
            width=\"{width:.1}\" height=\"{:.0}\"><title>{}</title></rect>",
                bottom - top,
                escape(&title)
            ),
        );
    }
}

/// Writing into a string cannot fail.
fn put(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments)
        .expect("a string takes everything");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(points: Vec<(f64, f64)>) -> Chart {
        let series = vec![Series {
            label: "loss".into(),
            colour: 1,
            points,
        }];
        Chart {
            x: "step",
            series,
            marks: Vec::new(),
            from_zero: false,
            size: Size::Panel,
        }
    }

    #[test]
    fn odd_inputs_draw_without_nan() {
        assert!(chart(vec![]).svg().is_none());
        for points in [
            vec![(1.0, 2.0)],
            vec![(1.0, 0.0), (2.0, 0.0)],
            vec![(1.0, -3.0); 30],
        ] {
            let svg = chart(points).svg().unwrap();
            assert!(
                svg.contains("<title>step 1\nloss: ") && !svg.contains("NaN"),
                "{svg}"
            );
        }
    }
}
