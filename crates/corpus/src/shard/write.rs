//! A shard being filled, in memory. Left out: writing it to a file, see `files`.

use std::collections::HashMap;

use super::{HEADER, MAGIC, VERSION, Width};

#[derive(Debug)]
pub(crate) struct ShardWriter {
    width: Width,
    vocabulary: [u8; 32],
    /// Where each document ends.
    ends: Vec<u64>,
    labelled: Vec<[u16; 2]>,
    labels: Vec<String>,
    places: HashMap<String, u16>,
    tokens: Vec<u8>,
}

impl ShardWriter {
    pub(crate) fn new(width: Width, vocabulary: [u8; 32]) -> Self {
        Self {
            width,
            vocabulary,
            ends: Vec::new(),
            labelled: Vec::new(),
            labels: Vec::new(),
            places: HashMap::new(),
            tokens: Vec::new(),
        }
    }

    /// Whether there is room for two more labels.
    pub(crate) fn has_room(&self) -> bool {
        self.labels.len() + 2 < usize::from(u16::MAX)
    }

    pub(crate) fn push(&mut self, tokens: &[u32], language: &str, domain: &str) {
        match self.width {
            Width::U16 => self.tokens.extend(
                tokens
                    .iter()
                    .flat_map(|&token| (token as u16).to_le_bytes()),
            ),
            Width::U32 => self
                .tokens
                .extend(tokens.iter().flat_map(|token| token.to_le_bytes())),
        }
        self.ends.push(self.tokens());
        let labels = [language, domain].map(|label| self.place(label));
        self.labelled.push(labels);
    }

    fn place(&mut self, label: &str) -> u16 {
        if let Some(&place) = self.places.get(label) {
            return place;
        }
        let place = self.labels.len() as u16;
        self.labels.push(label.to_owned());
        self.places.insert(label.to_owned(), place);
        place
    }

    pub(crate) fn tokens(&self) -> u64 {
        (self.tokens.len() / self.width.bytes()) as u64
    }

    pub(crate) fn documents(&self) -> u64 {
        self.ends.len() as u64
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        let labels = serde_json::to_vec(&self.labels).expect("strings are JSON");
        let tables = HEADER + 8 * (self.ends.len() + 1) + 4 * self.ends.len();
        let start = (tables + labels.len()).next_multiple_of(8);
        let mut bytes = Vec::with_capacity(start + self.tokens.len());
        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend((self.width.bytes() as u32).to_le_bytes());
        bytes.extend(self.vocabulary);
        for number in [
            self.documents(),
            self.tokens(),
            labels.len() as u64,
            start as u64,
            0,
        ] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(self.ends.iter().flat_map(|end| end.to_le_bytes()));
        for label in self.labelled.iter().flatten() {
            bytes.extend(label.to_le_bytes());
        }
        bytes.extend(&labels);
        bytes.resize(start, 0);
        bytes.extend(&self.tokens);
        bytes
    }
}
