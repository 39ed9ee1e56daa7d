//! Where a chart's values lie in its drawing.

/// How large a chart is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    /// One of several side by side.
    Panel,
    /// As wide as the page.
    Page,
}

/// The corners of a drawing and of the area of its curves, in pixels.
pub(super) struct Frame {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
}

impl Size {
    pub(super) fn frame(self) -> Frame {
        let (width, height) = match self {
            Self::Panel => (350.0, 190.0),
            Self::Page => (860.0, 360.0),
        };
        Frame {
            width,
            height,
            left: 46.0,
            right: width - 18.0,
            top: 10.0,
            bottom: height - 30.0,
        }
    }
}

/// A range of values laid onto a range of pixels.
pub(super) struct Axis {
    low: f64,
    high: f64,
    start: f64,
    end: f64,
}

impl Axis {
    /// An axis that all values lie on, and zero too where asked; nothing where there are none.
    pub(super) fn new(
        values: impl Iterator<Item = f64>,
        start: f64,
        end: f64,
        zero: bool,
    ) -> Option<Self> {
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

    pub(super) fn at(&self, value: f64) -> f64 {
        self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)
    }

    /// Round numbers within the range, three to six.
    pub(super) fn ticks(&self) -> Vec<f64> {
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
