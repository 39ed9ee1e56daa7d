//! How the numbers of a tensor are stored.

/// How the numbers of a tensor are stored. Those with a `K` are blocks of 256 numbers with scales of their
/// own for every 16 or 32; the other quantised ones are blocks of 32.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the format's")]
pub enum Kind {
    F32,
    F16,
    Bf16,
    Q4_0,
    Q4_1,
    Q5_0,
    Q5_1,
    Q8_0,
    Q2K,
    Q4K,
    Q5K,
    Q6K,
}

/// Number, name, numbers in a block, bytes of a block.
const TABLE: [(Kind, u32, &str, usize, usize); 12] = [
    (Kind::F32, 0, "F32", 1, 4),
    (Kind::F16, 1, "F16", 1, 2),
    (Kind::Q4_0, 2, "Q4_0", 32, 18),
    (Kind::Q4_1, 3, "Q4_1", 32, 20),
    (Kind::Q5_0, 6, "Q5_0", 32, 22),
    (Kind::Q5_1, 7, "Q5_1", 32, 24),
    (Kind::Q8_0, 8, "Q8_0", 32, 34),
    (Kind::Q2K, 10, "Q2_K", 256, 84),
    (Kind::Q4K, 12, "Q4_K", 256, 144),
    (Kind::Q5K, 13, "Q5_K", 256, 176),
    (Kind::Q6K, 14, "Q6_K", 256, 210),
    (Kind::Bf16, 30, "BF16", 1, 2),
];

impl Kind {
    /// The kind of this number in a file; `None` for one that is not read.
    pub fn numbered(number: u32) -> Option<Self> {
        TABLE.iter().find(|it| it.1 == number).map(|it| it.0)
    }

    fn row(self) -> &'static (Kind, u32, &'static str, usize, usize) {
        let row = TABLE.iter().find(|it| it.0 == self);
        row.expect("every kind is in the table")
    }

    /// Its number in a file.
    pub fn number(self) -> u32 {
        self.row().1
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.row().2
    }

    /// Numbers in a block.
    pub fn block(self) -> usize {
        self.row().3
    }

    /// Bytes of a block.
    pub fn block_bytes(self) -> usize {
        self.row().4
    }

    /// Bytes of a row of `numbers`; `None` where they are no whole number of blocks.
    pub fn row_bytes(self, numbers: usize) -> Option<usize> {
        let blocks = numbers / self.block();
        let whole = numbers.is_multiple_of(self.block());
        whole
            .then(|| blocks.checked_mul(self.block_bytes()))
            .flatten()
    }
}
