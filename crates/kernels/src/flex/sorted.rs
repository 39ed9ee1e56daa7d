//! A stable counting sort of small keys.

/// The positions of each key in a list, key by key, each key's positions in order.
#[derive(Clone, Debug)]
pub(super) struct Sorted {
    positions: Vec<u32>,
    /// Where each key's positions begin, and the end.
    begins: Vec<u32>,
}

impl Sorted {
    /// Sorts `keys`, all below `bound`.
    pub(super) fn new(keys: &[u32], bound: usize) -> Self {
        let mut begins = vec![0; bound + 1];
        for &key in keys {
            begins[key as usize + 1] += 1;
        }
        for key in 0..bound {
            begins[key + 1] += begins[key];
        }
        let mut next = begins.clone();
        let mut positions = vec![0; keys.len()];
        for (position, &key) in keys.iter().enumerate() {
            positions[next[key as usize] as usize] = position as u32;
            next[key as usize] += 1;
        }
        Self { positions, begins }
    }

    /// The positions at which `key` stands.
    #[inline(always)]
    pub(super) fn of(&self, key: usize) -> &[u32] {
        &self.positions[self.begins[key] as usize..self.begins[key + 1] as usize]
    }

    /// Every position, in the order of its key.
    pub(super) fn positions(&self) -> &[u32] {
        &self.positions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_order_within_a_key() {
        let sorted = Sorted::new(&[2, 0, 2, 3, 0], 5);
        assert_eq!(sorted.of(0), [1, 4]);
        assert!(sorted.of(1).is_empty());
        assert_eq!(sorted.of(2), [0, 2]);
        assert_eq!(sorted.of(4), [0u32; 0]);
        assert_eq!(sorted.positions(), [1, 4, 0, 2, 3]);
    }
}
