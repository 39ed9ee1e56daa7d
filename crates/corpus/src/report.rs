//! What became of the documents, counted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How much text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Documents.
    pub documents: u64,
    /// Bytes of UTF-8.
    pub bytes: u64,
    /// Unicode scalar values.
    pub characters: u64,
    /// Tokens, an end token for every document among them.
    pub tokens: u64,
}

impl Counts {
    /// Tokens of text (the end tokens left out) for a character; 0 where there is none.
    pub fn tokens_per_character(&self) -> f64 {
        (self.tokens - self.documents) as f64 / self.characters.max(1) as f64
    }

    /// Adds those of other documents.
    pub fn add(&mut self, other: &Self) {
        self.documents += other.documents;
        self.bytes += other.bytes;
        self.characters += other.characters;
        self.tokens += other.tokens;
    }
}

/// What was read and what became of it: every document is kept or counted under one reason.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Documents read.
    pub read: u64,
    /// Their bytes.
    pub read_bytes: u64,
    /// What went into shards.
    pub kept: Counts,
    /// The same by source.
    pub by_source: BTreeMap<String, Counts>,
    /// By language: the source's label, else as identified, `und` where neither says.
    pub by_language: BTreeMap<String, Counts>,
    /// By domain: the source's label, else `code`, `mathematics` or `prose`.
    pub by_domain: BTreeMap<String, Counts>,
    /// Documents that failed a quality rule, by rule.
    pub rejected: BTreeMap<String, u64>,
    /// Documents with a held-out text in them.
    pub held_out: u64,
    /// Documents whose text came before.
    pub exact_duplicates: u64,
    /// Documents much like one that came before.
    pub near_duplicates: u64,
}

impl Report {
    /// Adds what became of other documents.
    pub fn add(&mut self, other: &Self) {
        self.read += other.read;
        self.read_bytes += other.read_bytes;
        self.kept.add(&other.kept);
        for (into, from) in [
            (&mut self.by_source, &other.by_source),
            (&mut self.by_language, &other.by_language),
            (&mut self.by_domain, &other.by_domain),
        ] {
            for (name, counts) in from {
                into.entry(name.clone()).or_default().add(counts);
            }
        }
        for (rule, count) in &other.rejected {
            *self.rejected.entry(rule.clone()).or_default() += count;
        }
        self.held_out += other.held_out;
        self.exact_duplicates += other.exact_duplicates;
        self.near_duplicates += other.near_duplicates;
    }

    /// A document that went into a shard.
    pub(crate) fn keep(&mut self, source: &str, language: &str, domain: &str, counts: &Counts) {
        self.kept.add(counts);
        for (into, name) in [
            (&mut self.by_source, source),
            (&mut self.by_language, language),
            (&mut self.by_domain, domain),
        ] {
            match into.get_mut(name) {
                Some(found) => found.add(counts),
                None => _ = into.insert(name.to_owned(), *counts),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_add_up() {
        let counts = Counts {
            documents: 1,
            bytes: 10,
            characters: 8,
            tokens: 5,
        };
        let mut a = Report::default();
        a.keep("web", "en", "prose", &counts);
        let mut b = a.clone();
        b.rejected.insert("too_short".into(), 2);
        b.keep("web", "de", "prose", &counts);
        a.add(&b);
        assert_eq!(a.kept.tokens, 15);
        assert_eq!(a.by_source["web"].documents, 3);
        assert_eq!(
            (a.by_language["en"].bytes, a.by_language["de"].bytes),
            (20, 10)
        );
        assert_eq!(a.rejected["too_short"], 2);
        // Four tokens besides the end token, of eight characters.
        assert_eq!(counts.tokens_per_character(), 0.5);
        assert_eq!(Counts::default().tokens_per_character(), 0.0);
    }
}
