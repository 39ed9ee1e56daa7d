//! Line charts as inline SVG: axes, ticks, and every value on hover, without a script.

use std::fmt::Write;

use super::svg::{escape, short};

/// A curve: its name, its place among the colours (from 1), and its points.
pub(super) struct Series {
    pub(super) label: &'static str,
    pub(super) colour: usize,
    pub(super) points: Vec<(f64, f64)>,
}

/// What a chart shows.
pub(super) struct Chart {
    pub(super) x: &'static str,
    pub(super) series: Vec<Series>,
    /// Whether the axis begins at zero.
    pub(super) from_zero: bool,
}

const WIDTH: f64 = 350.0;
const HEIGHT: f64 = 190.0;
const LEFT: f64 = 46.0;
const RIGHT: f64 = 332.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 160.0;
/// More points than this are averaged in buckets.
const MOST: usize = 160;
/// From this many points on, a moving average is drawn over the values.
const NOISY: usize = 20;

impl Chart {
    /// The chart, or nothing where there is nothing to draw.
    pub(super) fn svg(&self) -> Option<String> {
        let series: Vec<(&Series, Vec<(f64, f64)>)> = self
            .series
            .iter()
            .map(|s| (s, thinned(&s.points)))
            .collect();
        let all = || series.iter().flat_map(|(_, points)| points);
        let x = Axis::new(all().map(|p| p.0), LEFT, RIGHT, false)?;
        let y = Axis::new(all().map(|p| p.1), BOTTOM, TOP, self.from_zero)?;
        let mut svg = format!(
            "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
             aria-label=\"{}\">",
            escape(
                &self
                    .series
                    .iter()
                    .map(|s| s.label)
                    .collect::<Vec<_>>()
                    .join(", ")
            )
        );
        self.axes(&mut svg, &x, &y);
        for (series, points) in &series {
            draw(&mut svg, series.colour, points, &x, &y);
        }
        hover(&mut svg, self.x, &series, &x);
        svg.push_str("</svg>");
        Some(svg)
    }

    fn axes(&self, svg: &mut String, x: &Axis, y: &Axis) {
        for tick in y.ticks() {
            let at = y.at(tick);
            put(
                svg,
                format_args!("<path class=\"grid\" d=\"M{LEFT} {at:.1}H{RIGHT}\"/>"),
            );
            let text = short(tick);
            put(
                svg,
                format_args!(
                    "<text x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\">{text}</text>",
                    LEFT - 6.0,
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
                    BOTTOM + 14.0,
                    short(tick)
                ),
            );
        }
        put(
            svg,
            format_args!("<path class=\"axis\" d=\"M{LEFT} {BOTTOM}H{RIGHT}\"/>"),
        );
        put(
            svg,
            format_args!(
                "<text x=\"{RIGHT}\" y=\"{:.0}\" text-anchor=\"end\">{}</text>",
                HEIGHT - 3.0,
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
    if points.len() < NOISY {
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
fn hover(svg: &mut String, x_name: &str, series: &[(&Series, Vec<(f64, f64)>)], x: &Axis) {
    let Some((_, longest)) = series.iter().max_by_key(|(_, points)| points.len()) else {
        return;
    };
    let width = ((RIGHT - LEFT) / longest.len() as f64).max(1.0);
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
        let left = (x.at(*at) - width / 2.0).max(LEFT);
        put(
            svg,
            format_args!(
                "<rect class=\"band\" x=\"{left:.1}\" y=\"{TOP}\" \
            width=\"{width:.1}\" height=\"{:.0}\"><title>{}</title></rect>",
                BOTTOM - TOP,
                escape(&title)
            ),
        );
    }
}

/// A range of values laid onto a range of pixels.
struct Axis {
    low: f64,
    high: f64,
    start: f64,
    end: f64,
}

impl Axis {
    fn new(values: impl Iterator<Item = f64>, start: f64, end: f64, zero: bool) -> Option<Self> {
        let (mut low, mut high) = values
            .map(|value| (value, value))
            .reduce(|(low, high), (value, _)| (low.min(value), high.max(value)))?;
        if zero {
            (low, high) = (low.min(0.0), high.max(0.0));
        }
        if high - low < 1e-12 {
            let room = if high == 0.0 { 1.0 } else { high.abs() * 0.1 };
            high += room;
            low -= if zero && low >= 0.0 { 0.0 } else { room };
        }
        Some(Self {
            low,
            high,
            start,
            end,
        })
    }

    fn at(&self, value: f64) -> f64 {
        self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)
    }

    /// Round numbers within the range, three to six.
    fn ticks(&self) -> Vec<f64> {
        let rough = (self.high - self.low) / 5.0;
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 2.5, 5.0, 10.0]
            .map(|m| m * power)
            .into_iter()
            .find(|s| *s >= rough);
        let step = step.unwrap_or(rough);
        let first = (self.low / step - 1e-9).ceil() as i64;
        let last = (self.high / step + 1e-9).floor() as i64;
        (first..=last).map(|n| n as f64 * step).collect()
    }
}

fn thinned(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let bucket = points.len().div_ceil(MOST).max(1);
    points
        .chunks(bucket)
        .map(|chunk| {
            let mean = chunk.iter().map(|p| p.1).sum::<f64>() / chunk.len() as f64;
            (chunk[chunk.len() - 1].0, mean)
        })
        .collect()
}

/// A straight line fitted around each point, over a tenth of the curve: unlike an average it does
/// not trail behind a falling curve, and it reaches both ends.
fn smoothed(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let reach = points.len().div_ceil(20);
    (0..points.len())
        .map(|index| {
            let last = (index + reach).min(points.len() - 1);
            (
                points[index].0,
                fitted(&points[index.saturating_sub(reach)..=last], points[index].0),
            )
        })
        .collect()
}

/// The least-squares line through `points`, at `x`.
fn fitted(points: &[(f64, f64)], x: f64) -> f64 {
    let mean =
        |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / points.len() as f64;
    let (mean_x, mean_y) = (mean(|p| p.0), mean(|p| p.1));
    let spread: f64 = points.iter().map(|p| (p.0 - mean_x).powi(2)).sum();
    let rise: f64 = points.iter().map(|p| (p.0 - mean_x) * (p.1 - mean_y)).sum();
    if spread > 0.0 {
        mean_y + rise / spread * (x - mean_x)
    } else {
        mean_y
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
            label: "loss",
            colour: 1,
            points,
        }];
        Chart {
            x: "step",
            series,
            from_zero: false,
        }
    }

    #[test]
    fn ticks_are_round_and_inside() {
        let axis = Axis {
            low: 0.13,
            high: 0.97,
            start: 0.0,
            end: 84.0,
        };
        // A fifth of the range is 0.168; the next round step is 0.2.
        assert_eq!(
            axis.ticks()
                .into_iter()
                .map(|tick| (tick * 10.0).round())
                .collect::<Vec<_>>(),
            [2.0, 4.0, 6.0, 8.0]
        );
        assert!((axis.at(0.55) - 42.0).abs() < 1e-9);
        let axis = Axis {
            low: 0.0,
            high: 40.0,
            start: 0.0,
            end: 1.0,
        };
        assert_eq!(axis.ticks(), [0.0, 10.0, 20.0, 30.0, 40.0]);
    }

    #[test]
    fn smoothing_keeps_a_straight_line() {
        let line: Vec<_> = (0..30)
            .map(|n| (f64::from(n), 2.0 * f64::from(n)))
            .collect();
        let close = |(mean, point): (&(f64, f64), &(f64, f64))| (mean.1 - point.1).abs() < 1e-9;
        assert!(smoothed(&line).iter().zip(&line).all(close));
        // Mean (1, 2), slope 3/2.
        assert!((fitted(&[(0.0, 0.0), (1.0, 3.0), (2.0, 3.0)], 2.0) - 3.5).abs() < 1e-12);
        assert_eq!(fitted(&[(1.0, 2.0), (1.0, 4.0)], 1.0), 3.0);
        assert!(smoothed(&[]).is_empty());
    }

    #[test]
    fn long_curves_are_thinned_in_buckets() {
        let many: Vec<_> = (0..1000).map(|n| (f64::from(n), f64::from(n))).collect();
        let few = thinned(&many);
        // Buckets of 7: the first holds 0 to 6.
        assert_eq!((few.len(), few[0]), (143, (6.0, 3.0)));
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
