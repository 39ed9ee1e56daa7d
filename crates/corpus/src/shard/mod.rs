//! A shard of tokens on disk. All numbers are little-endian.
//!
//! | bytes | what |
//! | --- | --- |
//! | 0..8 | `R1TOKENS` |
//! | 8..12 | version, 1 |
//! | 12..16 | bytes of a token, 2 or 4 |
//! | 16..48 | SHA-256 of the vocabulary ([`data::Tokenizer::fingerprint`]) |
//! | 48..56 | documents, n |
//! | 56..64 | tokens |
//! | 64..72 | bytes of the labels |
//! | 72..80 | where the tokens begin |
//! | 80..80 + 8(n + 1) | where each document begins, in tokens, and the last ends |
//! | 4 n more | the language and the domain of each document, two bytes each, as places in the labels |
//! | the labels | a JSON list of strings |
//! | to the end | the tokens, after zeros up to a multiple of 8 |
//!
//! Left out: compression, since what is mapped is read where it lies.

mod read;
mod write;

pub use read::{DocumentTokens, Shard, ShardError};
pub(crate) use write::ShardWriter;

const MAGIC: &[u8; 8] = b"R1TOKENS";
const VERSION: u32 = 1;
/// Bytes before the table of documents.
const HEADER: usize = 80;

/// How wide a token is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Width {
    /// Two bytes, for vocabularies of at most 65,536 tokens.
    U16,
    /// Four bytes.
    U32,
}

impl Width {
    /// The narrowest for a vocabulary.
    pub fn of(vocab_size: usize) -> Self {
        if vocab_size <= 1 << 16 {
            Self::U16
        } else {
            Self::U32
        }
    }

    /// Bytes of a token.
    pub fn bytes(self) -> usize {
        match self {
            Self::U16 => 2,
            Self::U32 => 4,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shard(width: Width) -> Vec<u8> {
        let mut writer = ShardWriter::new(width, [7; 32]);
        writer.push(&[1, 2, 65_535], "en", "prose");
        writer.push(&[], "zh", "prose");
        writer.push(&[3], "en", "code");
        writer.into_bytes()
    }

    fn written(bytes: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.tok");
        std::fs::write(&path, bytes).unwrap();
        (dir, path)
    }

    #[test]
    fn what_was_written_is_read() {
        for width in [Width::U16, Width::U32] {
            let bytes = shard(width);
            let (_dir, path) = written(&bytes);
            let shard = Shard::open(&path).unwrap();
            shard.verify(65_536).unwrap();
            assert_eq!(
                (shard.documents(), shard.tokens(), shard.width()),
                (3, 4, width)
            );
            assert_eq!(shard.vocabulary(), [7; 32]);
            let document = shard.document(0);
            assert_eq!(document.tokens, [1, 2, 65_535]);
            assert_eq!((&*document.language, &*document.domain), ("en", "prose"));
            assert!(shard.document(1).tokens.is_empty());
            assert_eq!(shard.document(1).language, "zh");
            assert_eq!(
                (shard.document(2).tokens, &*shard.document(2).domain),
                (vec![3], "code")
            );
            assert_eq!(shard.document_at(2), 0);
            assert_eq!(shard.document_at(3), 2);
            let mut tokens = Vec::new();
            shard.read(1..4, &mut tokens);
            assert_eq!(tokens, [2, 65_535, 3]);
        }
    }

    #[test]
    fn the_layout_is_the_documented_one() {
        let bytes = shard(Width::U16);
        let number = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
        assert_eq!((number(48), number(56)), (3, 4));
        assert_eq!([80, 88, 96, 104].map(number), [0, 3, 3, 4]);
        assert_eq!(bytes[112..124], [0, 0, 1, 0, 2, 0, 1, 0, 0, 0, 3, 0]);
        let labels = r#"["en","prose","zh","code"]"#;
        assert_eq!(number(64), labels.len() as u64);
        assert_eq!(&bytes[124..124 + labels.len()], labels.as_bytes());
        // 124 + 26 = 150, made a multiple of eight.
        assert_eq!((number(72), bytes.len()), (152, 152 + 4 * 2));
    }

    #[test]
    fn damage_is_named_with_its_place() {
        let good = shard(Width::U16);
        let fault = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = good.clone();
            change(&mut bytes);
            let (_dir, path) = written(&bytes);
            let error = match Shard::open(&path) {
                Ok(shard) => shard.verify(65_536).unwrap_err(),
                Err(error) => error,
            };
            let message = error.to_string();
            assert!(message.contains("a.tok"), "{message}");
            message
        };
        assert!(fault(&|bytes| bytes.truncate(40)).contains("40 bytes"));
        assert!(fault(&|bytes| bytes[0] = b'X').contains("byte 0"));
        assert!(fault(&|bytes| bytes[8] = 9).contains("byte 8"));
        assert!(fault(&|bytes| bytes[12] = 3).contains("byte 12"));
        assert!(fault(&|bytes| bytes.truncate(158)).contains("158"));
        assert!(fault(&|bytes| bytes[55] = 255).contains("byte 48"));
        assert!(fault(&|bytes| bytes[88] = 9).contains("byte 96"));
        assert!(fault(&|bytes| bytes[104] = 5).contains("byte 104"));
        assert!(fault(&|bytes| bytes[112] = 9).contains("byte 112"));
        assert!(fault(&|bytes| bytes[124] = b'x').contains("byte 124"));
        let (_dir, path) = written(&good);
        let message = Shard::open(&path)
            .unwrap()
            .verify(100)
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("token 2") && message.contains("65535"),
            "{message}"
        );
    }
}
