//! A shuffle that needs no memory: where each place goes is computed, in any order.
//!
//! A Feistel network of four rounds on the smallest even number of bits that holds `0..n`, walked until it comes out
//! below `n` (Black and Rogaway, Ciphers with Arbitrary Finite Domains, 2002). Left out: secrecy.

/// A permutation of `0..n`, for a key.
#[derive(Debug, Clone)]
pub(crate) struct Permutation {
    n: u64,
    /// Of each half.
    bits: u32,
    keys: [u64; 4],
}

impl Permutation {
    pub(crate) fn new(n: u64, keys: [u64; 4]) -> Self {
        let bits = 64 - n.saturating_sub(1).leading_zeros();
        Self {
            n,
            bits: bits.div_ceil(2).max(1),
            keys,
        }
    }

    /// Where `at`, below n, goes.
    pub(crate) fn get(&self, at: u64) -> u64 {
        assert!(at < self.n, "{at} of {}", self.n);
        let mut at = self.round_trip(at);
        while at >= self.n {
            at = self.round_trip(at);
        }
        at
    }

    fn round_trip(&self, at: u64) -> u64 {
        let mask = (1u64 << self.bits) - 1;
        let (mut left, mut right) = (at >> self.bits, at & mask);
        for key in self.keys {
            let mixed = mix(right ^ key) & mask;
            (left, right) = (right, left ^ mixed);
        }
        left << self.bits | right
    }
}

/// SplitMix64's last step.
fn mix(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_taken_once() {
        for n in [1, 2, 3, 5, 16, 17, 100, 1000] {
            let permutation = Permutation::new(n, [1, 2, 3, 4]);
            let mut to: Vec<u64> = (0..n).map(|at| permutation.get(at)).collect();
            if n == 1000 {
                let kept = to
                    .iter()
                    .enumerate()
                    .filter(|(at, to)| *at as u64 == **to)
                    .count();
                assert!(kept < 10, "{kept} places stay");
            }
            to.sort_unstable();
            assert!(to.into_iter().eq(0..n), "{n}");
        }
    }

    #[test]
    fn keys_give_other_orders() {
        let order = |key| {
            let permutation = Permutation::new(50, [key, 0, 0, 0]);
            (0..50).map(|at| permutation.get(at)).collect::<Vec<u64>>()
        };
        assert_eq!(order(1), order(1));
        assert_ne!(order(1), order(2));
    }
}
