//! Token rows of different lengths, padded on the right to one rectangle.

use burn::tensor::{Device, Int, Tensor, TensorData};

/// Tokens with the part of them that is learned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sequence {
    /// Token ids.
    pub tokens: Vec<u32>,
    /// How many leading tokens are context: no loss falls on them. At least 1, since the first
    /// token has nothing to be predicted from.
    pub context: usize,
}

impl Sequence {
    /// The number of tokens a loss falls on.
    pub fn targets(&self) -> usize {
        self.tokens.len().saturating_sub(self.context.max(1))
    }
}

/// A rectangle of token ids `[b, t]`, padded on the right.
#[derive(Debug, Clone)]
pub struct TokenBatch {
    tokens: Vec<u32>,
    lengths: Vec<usize>,
    width: usize,
    /// The tokens, where only the device knows them.
    on_device: Option<Tensor<1, Int>>,
}

impl TokenBatch {
    /// Pads `rows` with id 0 to the longest of them.
    ///
    /// Padding comes after every real token, so causal attention never sees it.
    pub fn new<R: AsRef<[u32]>>(rows: &[R]) -> Self {
        let lengths: Vec<usize> = rows.iter().map(|row| row.as_ref().len()).collect();
        let width = lengths.iter().copied().max().unwrap_or(0);
        let mut tokens = vec![0; rows.len() * width];
        for (row, source) in rows.iter().enumerate() {
            tokens[row * width..][..source.as_ref().len()].copy_from_slice(source.as_ref());
        }
        Self {
            tokens,
            lengths,
            width,
            on_device: None,
        }
    }

    /// A token a row, on a device: [`ids`](Self::ids) shows zeros in their place.
    pub fn next(token_b: Tensor<1, Int>) -> Self {
        let [rows] = token_b.dims();
        Self {
            tokens: vec![0; rows],
            lengths: vec![1; rows],
            width: 1,
            on_device: Some(token_b),
        }
    }

    /// Every row without its first `by` tokens, in a rectangle of the same width.
    pub fn shifted(&self, by: usize) -> Self {
        let mut tokens = vec![0; self.tokens.len()];
        for (row, &length) in self.lengths.iter().enumerate() {
            let kept = length.saturating_sub(by);
            let first = row * self.width;
            tokens[first..][..kept].copy_from_slice(&self.tokens[first + length - kept..][..kept]);
        }
        Self {
            tokens,
            lengths: self.lengths.iter().map(|n| n.saturating_sub(by)).collect(),
            width: self.width,
            on_device: None,
        }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.lengths.len()
    }

    /// Number of columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Real tokens in each row.
    pub fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    /// Real tokens in all rows.
    pub fn real_tokens(&self) -> usize {
        self.lengths.iter().sum()
    }

    /// The ids, row by row.
    pub fn ids(&self) -> &[u32] {
        &self.tokens
    }

    /// The ids in one line, `[b·t]`.
    pub fn flat_ids(&self, device: &Device) -> Tensor<1, Int> {
        if let Some(tokens) = &self.on_device {
            return tokens.clone();
        }
        let ids: Vec<i32> = self.tokens.iter().map(|&id| id as i32).collect();
        Tensor::from_data(TensorData::new(ids, [self.tokens.len()]), device)
    }

    /// 1 where a token is real and 0 on padding, `[b, t]`.
    pub fn mask(&self, device: &Device) -> Tensor<2> {
        let mask: Vec<f32> = self
            .lengths
            .iter()
            .flat_map(|&length| (0..self.width).map(move |col| f32::from(u8::from(col < length))))
            .collect();
        Tensor::from_data(TensorData::new(mask, [self.rows(), self.width]), device)
    }

    /// Which flat positions are real, row by row.
    pub fn is_real(&self) -> impl Iterator<Item = bool> + '_ {
        self.lengths
            .iter()
            .flat_map(|&length| (0..self.width).map(move |col| col < length))
    }
}

/// Cuts indices of sequences of these lengths into groups whose padded rectangle holds at most
/// `tokens` tokens, shortest first and as even as the lengths allow. A longer sequence gets a group
/// of its own.
///
/// More than `tokens / 4` tokens make an even number of groups, so that two at a time leave none
/// over. The cut depends on the lengths alone, never on the machine.
pub fn micro_batches(lengths: &[usize], tokens: usize) -> Vec<Vec<usize>> {
    let fewest = cut(lengths, tokens);
    let total: usize = lengths.iter().sum();
    if total <= tokens / 4 {
        return fewest;
    }
    let count = fewest.len().next_multiple_of(2);
    (total / count..tokens)
        .step_by((tokens / 32).max(1))
        .map(|smaller| cut(lengths, smaller))
        .find(|groups| groups.len() <= count)
        .unwrap_or(fewest)
}

fn cut(lengths: &[usize], tokens: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    order.sort_by_key(|&i| lengths[i]);
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for i in order {
        match groups.last_mut() {
            Some(group) if (group.len() + 1) * lengths[i] <= tokens => group.push(i),
            _ => groups.push(vec![i]),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pads_on_the_right() {
        let batch = TokenBatch::new(&[vec![5, 6, 7], vec![8]]);
        assert_eq!(batch.ids(), [5, 6, 7, 8, 0, 0]);
        assert_eq!(batch.lengths(), [3, 1]);
        assert_eq!(batch.real_tokens(), 4);
        let real: Vec<bool> = batch.is_real().collect();
        assert_eq!(real, [true, true, true, true, false, false]);
    }

    #[test]
    fn shifting_keeps_the_rectangle() {
        let batch = TokenBatch::new(&[vec![5, 6, 7], vec![8], vec![3, 4]]).shifted(1);
        assert_eq!(batch.ids(), [6, 7, 0, 0, 0, 0, 4, 0, 0]);
        assert_eq!(batch.lengths(), [2, 0, 1]);
        assert_eq!(batch.shifted(5).lengths(), [0, 0, 0]);
    }

    #[test]
    fn the_first_token_is_never_a_target() {
        assert_eq!(
            Sequence {
                tokens: vec![1, 2, 3],
                context: 0
            }
            .targets(),
            2
        );
        assert_eq!(
            Sequence {
                tokens: vec![1, 2, 3],
                context: 2
            }
            .targets(),
            1
        );
    }

    #[test]
    fn rectangles_stay_within_the_budget() {
        let lengths = [4, 2, 9, 3];
        assert_eq!(micro_batches(&lengths, 100), [[1, 3, 0, 2]]);
        assert_eq!(micro_batches(&lengths, 40), [vec![1, 3, 0], vec![2]]);
        assert_eq!(
            micro_batches(&lengths, 8),
            [vec![1], vec![3], vec![0], vec![2]]
        );
    }

    #[test]
    fn groups_are_even_in_number_and_size() {
        let lengths: Vec<usize> = (0..64).map(|i| 20 + i * 7 % 40).collect();
        for (tokens, count) in [(12000, 1), (5000, 2), (2400, 2), (1000, 4), (500, 6)] {
            let groups = micro_batches(&lengths, tokens);
            let padded = |group: &Vec<usize>| {
                group.len() * group.iter().map(|&i| lengths[i]).max().unwrap_or(0)
            };
            let sizes: Vec<usize> = groups.iter().map(padded).collect();
            assert_eq!(groups.len(), count, "{sizes:?}");
            assert!(sizes.iter().all(|&size| size <= tokens), "{sizes:?}");
            let (least, most) = (sizes.iter().min().unwrap(), sizes.iter().max().unwrap());
            assert!(least * 4 > most * 3, "{sizes:?}");
            let mut all = groups.concat();
            all.sort_unstable();
            assert!(all.into_iter().eq(0..64));
        }
    }
}
