//! Where to look for an answer.

/// Where an answer may be looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// In formulas.
    pub latex: bool,
    /// Among the numbers of the text.
    pub plain: bool,
    /// Only as the letter of a multiple choice.
    pub letters: bool,
    /// Nowhere: the text is the answer.
    pub whole: bool,
    /// The language besides English in which the answer may be announced, as `french`; any where
    /// it is `None` or not known.
    pub language: Option<String>,
}

impl Default for Reading {
    fn default() -> Self {
        Self {
            latex: true,
            plain: true,
            letters: false,
            whole: false,
            language: None,
        }
    }
}
