//! The importance ratio: how much likelier the policy makes what another policy sampled.

use burn::tensor::{IndexingUpdateOp, Int, Tensor, TensorData};
use serde::{Deserialize, Serialize};

/// What a ratio is taken of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Importance {
    /// Each token: r = π/π_old.
    Token,
    /// Each response: the geometric mean of its tokens' ratios (GSPO, arXiv 2507.18071v2,
    /// equation 7), the same for all of them.
    Sequence,
}

/// Differences of log-probs are held to ±this before they are exponentiated.
const MAX_LOG_RATIO: f64 = 20.0;

/// `log_ratio_n` held to ±20; beyond, it has no gradient.
pub(crate) fn held(log_ratio_n: Tensor<1>) -> Tensor<1> {
    log_ratio_n.clamp(-MAX_LOG_RATIO, MAX_LOG_RATIO)
}

impl Importance {
    /// The ratio of each token, `[n]`, from log π − log π_old.
    pub(crate) fn ratio(self, log_ratio_n: Tensor<1>, rows: &Rows) -> Tensor<1> {
        let log_ratio_n = match self {
            Self::Token => log_ratio_n,
            Self::Sequence => rows.mean(log_ratio_n),
        };
        held(log_ratio_n).exp()
    }
}

/// Which tokens of a flat `[n]` tensor make up each response.
pub(crate) struct Rows<'a> {
    /// Tokens of each response, in order; they sum to n.
    pub(crate) lengths: &'a [usize],
}

impl Rows<'_> {
    /// Each response's sum, in the place of each of its tokens.
    pub(crate) fn sum(&self, value_n: Tensor<1>) -> Tensor<1> {
        let device = value_n.device();
        let of = (0_i32..).zip(self.lengths);
        let row: Vec<i32> = of
            .flat_map(|(row, &length)| std::iter::repeat_n(row, length))
            .collect();
        let n = row.len();
        assert_eq!([n], value_n.dims(), "the lengths sum to the tokens");
        let row_n = Tensor::<1, Int>::from_data(TensorData::new(row, [n]), &device);
        let zeros_r = Tensor::<1>::zeros([self.lengths.len()], (&device, value_n.dtype()));
        zeros_r
            .select_assign(0, row_n.clone(), value_n, IndexingUpdateOp::Add)
            .select(0, row_n)
    }

    /// Each response's mean, in the place of each of its tokens.
    fn mean(&self, value_n: Tensor<1>) -> Tensor<1> {
        let options = (&value_n.device(), value_n.dtype());
        let each = self.lengths.iter();
        let share: Vec<f64> = each
            .flat_map(|&length| std::iter::repeat_n(1.0 / length as f64, length))
            .collect();
        let n = share.len();
        let share_n = Tensor::<1>::from_data(TensorData::new(share, [n]), options);
        self.sum(value_n) * share_n
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn a_sequence_has_the_geometric_mean() {
        let device = Device::flex();
        let ratios = [2.0f32, 8.0, 3.0, 1.0, 1.0, 0.001];
        let log_ratio = || Tensor::<1>::from_floats(ratios.map(f32::ln), &device);
        // 2 and 8 have 4; an empty response has no place; 1, 1 and 0.001 have 0.1.
        let rows = Rows {
            lengths: &[2, 0, 1, 3],
        };
        for (importance, expected) in [
            (Importance::Token, ratios),
            (Importance::Sequence, [4.0, 4.0, 3.0, 0.1, 0.1, 0.1]),
        ] {
            let found = importance.ratio(log_ratio(), &rows).into_data();
            for (a, b) in found.iter::<f32>().zip(expected) {
                assert!((a - b).abs() < 1e-5, "{importance:?}: {found}");
            }
        }
    }
}
