//! Pieces seen lately with their ids: two to a set, in cache lines, the older one given up for a new one.
//!
//! Left out: pieces longer than 31 bytes and those of more than 7 ids, which hardly come twice.

/// Sets of two: 8 MiB.
const SETS: usize = 1 << 16;

/// A piece of at most 31 bytes, filled with zeros, its length last.
pub(super) type Key = [u64; 4];

#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
struct Slot {
    key: Key,
    /// How many of `ids` count; an empty slot has the key of no piece.
    count: u32,
    ids: [u32; 7],
}

#[derive(Debug)]
pub(super) struct Cache {
    slots: Vec<[Slot; 2]>,
}

/// The key of a piece, where it is short enough.
pub(super) fn key(piece: &[u8]) -> Option<Key> {
    if piece.len() > 31 {
        return None;
    }
    let mut bytes = [0; 32];
    bytes[..piece.len()].copy_from_slice(piece);
    bytes[31] = piece.len() as u8;
    let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
    Some([word(0), word(8), word(16), word(24)])
}

impl Cache {
    pub(super) fn new() -> Self {
        // The empty piece, which is never looked up.
        let empty = Slot {
            key: [0; 4],
            count: 0,
            ids: [0; 7],
        };
        Self {
            slots: vec![[empty; 2]; SETS],
        }
    }

    pub(super) fn get(&self, key: &Key) -> Option<&[u32]> {
        let set = &self.slots[place(key)];
        let slot = set.iter().find(|slot| slot.key == *key)?;
        Some(&slot.ids[..slot.count as usize])
    }

    pub(super) fn put(&mut self, key: Key, ids: &[u32]) {
        let mut slot = Slot {
            key,
            count: ids.len() as u32,
            ids: [0; 7],
        };
        let Some(room) = slot.ids.get_mut(..ids.len()) else {
            return;
        };
        room.copy_from_slice(ids);
        let set = &mut self.slots[place(&key)];
        *set = [slot, set[0]];
    }
}

/// The set of a key: a multiplication of 64 by 64 bits, folded.
fn place(key: &Key) -> usize {
    let a = key[0] ^ key[2].rotate_left(23) ^ 0x9e37_79b9_7f4a_7c15;
    let b = key[1] ^ key[3].rotate_left(41) ^ 0xd1b5_4a32_d192_ed03;
    let product = u128::from(a) * u128::from(b);
    ((product >> 64) as u64 ^ product as u64) as usize % SETS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_is_found_until_two_newer_take_its_set() {
        let mut cache = Cache::new();
        let put = |cache: &mut Cache, text: &str, ids: &[u32]| {
            cache.put(key(text.as_bytes()).unwrap(), ids);
        };
        put(&mut cache, "a", &[1]);
        put(&mut cache, "a\0", &[2, 3]);
        assert_eq!(cache.get(&key(b"a").unwrap()), Some(&[1][..]));
        assert_eq!(cache.get(&key(b"a\0").unwrap()), Some(&[2, 3][..]));
        assert_eq!(cache.get(&key(b"b").unwrap()), None);
        put(&mut cache, "long", &[0; 8]);
        assert_eq!(cache.get(&key(b"long").unwrap()), None);
        assert!(key(&[b'x'; 31]).is_some() && key(&[b'x'; 32]).is_none());

        let set = place(&key(b"a").unwrap());
        let rivals: Vec<String> = (0..)
            .map(|i| format!("r{i}"))
            .filter(|it| place(&key(it.as_bytes()).unwrap()) == set)
            .take(2)
            .collect();
        put(&mut cache, &rivals[0], &[4]);
        assert!(cache.get(&key(b"a").unwrap()).is_some());
        put(&mut cache, &rivals[1], &[5]);
        assert!(cache.get(&key(b"a").unwrap()).is_none());
    }
}
