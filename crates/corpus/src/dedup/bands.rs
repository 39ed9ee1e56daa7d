//! One band of a locality-sensitive hash: which documents have given values in it.
//!
//! Open addressing with linear probing over numbers of documents alone, four bytes a place: the values a place is
//! compared by stand with the documents. Left out: removal.

/// No document.
const FREE: u32 = u32::MAX;

/// The most documents of the same values a lookup tells of: beyond them more of the same boilerplate tells
/// nothing, and time would grow with the square of the documents.
pub(super) const MOST: usize = 64;

#[derive(Debug, Clone, Default)]
pub(super) struct Band {
    /// A power of two, at least a third free.
    places: Vec<u32>,
    documents: usize,
}

impl Band {
    /// Adds a document; `rows` tells the values of any that was added, this one included.
    pub(super) fn insert<'a>(&mut self, document: u32, rows: impl Fn(u32) -> &'a [u16]) {
        if (self.documents + 1) * 3 > self.places.len() * 2 {
            let size = (self.places.len() * 2).max(16);
            let before = std::mem::replace(&mut self.places, vec![FREE; size]);
            let mut documents: Vec<u32> = before.into_iter().filter(|it| *it != FREE).collect();
            documents.sort_unstable();
            for document in documents {
                self.put(document, rows(document));
            }
        }
        self.put(document, rows(document));
        self.documents += 1;
    }

    fn put(&mut self, document: u32, values: &[u16]) {
        let mask = self.places.len() - 1;
        let mut at = hash(values.iter().copied()) as usize & mask;
        while self.places[at] != FREE {
            at = (at + 1) & mask;
        }
        self.places[at] = document;
    }

    /// Calls `each` with the documents of these values, at most 64.
    pub(super) fn for_each<'a>(
        &self,
        values: &[u16],
        rows: impl Fn(u32) -> &'a [u16],
        mut each: impl FnMut(u32),
    ) {
        if self.places.is_empty() {
            return;
        }
        let mask = self.places.len() - 1;
        let mut at = hash(values.iter().copied()) as usize & mask;
        let mut told = 0;
        while self.places[at] != FREE && told < MOST {
            if rows(self.places[at]) == values {
                each(self.places[at]);
                told += 1;
            }
            at = (at + 1) & mask;
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.places.capacity() * 4
    }
}

pub(super) fn hash(values: impl Iterator<Item = u16>) -> u64 {
    let hash = values.fold(0x9e37_79b9_7f4a_7c15, |hash: u64, value| {
        (hash ^ u64::from(value))
            .wrapping_mul(0xff51_afd7_ed55_8ccd)
            .rotate_left(29)
    });
    (hash ^ (hash >> 32)).wrapping_mul(0xc4ce_b9fe_1a85_ec53) >> 20
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_found_by_their_values() {
        let values: Vec<[u16; 2]> = (0..1000u16).map(|i| [i % 250, i / 500]).collect();
        let rows = |document: u32| &values[document as usize][..];
        let mut band = Band::default();
        (0..1000).for_each(|document| band.insert(document, rows));
        let find = |wanted: &[u16]| {
            let mut found = Vec::new();
            band.for_each(wanted, rows, |document| found.push(document));
            found
        };
        assert_eq!(find(&[7, 0]), [7, 257]);
        assert_eq!(find(&[7, 1]), [507, 757]);
        assert_eq!(find(&[7, 2]), [0u32; 0]);
        // 1,000 of 2,048 places: 1,024 would be more than two thirds full.
        assert_eq!(band.bytes(), 2048 * 4);
    }

    #[test]
    fn no_more_than_so_many_are_told() {
        let mut band = Band::default();
        let rows = |_: u32| &[1u16, 2][..];
        (0..500).for_each(|document| band.insert(document, rows));
        let mut told = 0;
        band.for_each(&[1, 2], rows, |_| told += 1);
        assert_eq!(told, MOST);
    }
}
