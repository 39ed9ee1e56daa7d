//! How strictly two answers are compared.

use crate::math::PRECISION;

/// The settings of a comparison; the default is what rewards use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Decimal places to which a decimal may stand for another value; 6.
    pub precision: u32,
    /// Whether variables must have the same names; yes.
    pub strict: bool,
    /// Whether a gold interval may be answered by an inequality, which may only repeat the
    /// question; no.
    pub relation_for_set: bool,
    /// Whether a list without brackets keeps its order; no.
    pub ordered: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            precision: PRECISION,
            strict: true,
            relation_for_set: false,
            ordered: false,
        }
    }
}
