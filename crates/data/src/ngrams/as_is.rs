//! Sets and maps whose keys are hashes already.

use std::hash::Hasher;

/// Takes a `u64` for its own hash: what [`units`](super::units) and sketches of texts are told apart by.
/// Other keys panic.
#[derive(Debug, Default, Clone)]
pub struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("only u64 are hashed")
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
