//! Random streams derived from one seed and a path of names.
//!
//! A stream depends on its seed and parts alone, never on what was drawn elsewhere, so the order
//! in which streams are used cannot change a result.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use sha2::{Digest, Sha256};

/// The stream of `seed` named by `parts`: ChaCha8 keyed with SHA-256 of the seed (little endian)
/// and of every part, each preceded by its length, so that `["a", "bc"]` and `["ab", "c"]` differ.
///
/// ```
/// use rand::Rng;
/// let mut a = data::seed::stream(1, &["sample", "arithmetic-en-1-0000002a", "3"]);
/// let mut b = data::seed::stream(1, &["sample", "arithmetic-en-1-0000002a", "3"]);
/// assert_eq!(a.next_u64(), b.next_u64());
/// ```
pub fn stream(seed: u64, parts: &[&str]) -> ChaCha8Rng {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    ChaCha8Rng::from_seed(hash.finalize().into())
}

/// The first eight bytes of a text's SHA-256, as a number.
pub(crate) fn hash(text: &str) -> u64 {
    let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    u64::from_le_bytes(digest[..8].try_into().expect("eight of thirty-two bytes"))
}

#[cfg(test)]
mod tests {
    use rand::Rng;

    use super::*;

    fn first(seed: u64, parts: &[&str]) -> u64 {
        stream(seed, parts).next_u64()
    }

    #[test]
    fn streams_depend_on_seed_and_every_part() {
        assert_eq!(first(7, &["a", "b"]), first(7, &["a", "b"]));
        assert_ne!(first(7, &["a", "b"]), first(8, &["a", "b"]));
        assert_ne!(first(7, &["a", "b"]), first(7, &["ab"]));
        assert_ne!(first(7, &["a", "bc"]), first(7, &["ab", "c"]));
        assert_ne!(first(7, &["a"]), first(7, &["a", ""]));
    }
}
