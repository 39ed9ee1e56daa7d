//! What LaTeX commands mean to an answer.

use super::words::greek;

/// What is to be done with a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It only sets type; its argument, where it has one, is read as any group.
    Nothing,
    Sign(char),
    Word(&'static str),
    /// Its argument is text.
    Text,
    Fraction,
    /// `\begin` and `\end`.
    Environment,
    /// `\mathbb`.
    Blackboard,
    /// The parser knows it by name, or refuses it.
    Itself,
}

/// The meaning of `\name`.
pub(super) fn meaning(name: &str) -> Meaning {
    match name {
        "left" | "right" | "big" | "Big" | "bigg" | "Bigg" | "bigl" | "bigr" | "Bigl" | "Bigr"
        | "biggl" | "biggr" | "displaystyle" | "textstyle" | "limits" | "quad" | "qquad"
        | "thinspace" | "enspace" | "hspace" | "nonumber" | "boxed" | "fbox" | "mathbf"
        | "boldsymbol" | "bm" | "vec" | "hat" | "bar" | "overline" | "overrightarrow"
        | "underline" | "tilde" | "widehat" | "mathcal" | "angle" | "triangle"
        | "measuredangle" | "hline" | "bf" | "rm" | "it" | "sf" | "tt" | "tiny" | "small"
        | "large" | "Large" | "phantom" | "ensuremath" | "dollar" => Meaning::Nothing,
        "times" | "cdot" | "ast" | "cdotp" => Meaning::Sign('*'),
        "div" | "slash" => Meaning::Sign('/'),
        "le" | "leq" | "leqslant" | "leqq" => Meaning::Sign('≤'),
        "ge" | "geq" | "geqslant" | "geqq" => Meaning::Sign('≥'),
        "lt" => Meaning::Sign('<'),
        "gt" => Meaning::Sign('>'),
        "ne" | "neq" => Meaning::Sign('≠'),
        "approx" | "sim" | "simeq" | "cong" | "approxeq" => Meaning::Sign('≈'),
        "equiv" | "triangleq" => Meaning::Sign('='),
        "in" => Meaning::Sign('∈'),
        "cup" | "bigcup" => Meaning::Sign('∪'),
        "cap" | "bigcap" => Meaning::Sign('∩'),
        "setminus" | "backslash" | "smallsetminus" => Meaning::Sign('∖'),
        "infty" => Meaning::Sign('∞'),
        "emptyset" | "varnothing" => Meaning::Sign('∅'),
        "pm" => Meaning::Sign('±'),
        "mp" => Meaning::Sign('∓'),
        "lvert" | "rvert" | "vert" | "mid" => Meaning::Sign('|'),
        "langle" | "lparen" => Meaning::Sign('('),
        "rangle" | "rparen" => Meaning::Sign(')'),
        "lbrack" => Meaning::Sign('['),
        "rbrack" => Meaning::Sign(']'),
        "lbrace" => Meaning::Sign('⦃'),
        "rbrace" => Meaning::Sign('⦄'),
        "circ" | "degree" => Meaning::Sign('°'),
        "prime" => Meaning::Sign('\''),
        "colon" => Meaning::Sign(':'),
        "percent" => Meaning::Sign('%'),
        "land" | "wedge" => Meaning::Word("and"),
        "lor" | "vee" => Meaning::Word("or"),
        "text" | "textbf" | "textit" | "textrm" | "textnormal" | "texttt" | "textsf" | "mathrm"
        | "mathit" | "mathsf" | "mathtt" | "mbox" | "hbox" | "operatorname" | "emph" => {
            Meaning::Text
        }
        "frac" | "dfrac" | "tfrac" | "cfrac" => Meaning::Fraction,
        "begin" | "end" => Meaning::Environment,
        "mathbb" => Meaning::Blackboard,
        _ => greek(name).map_or(Meaning::Itself, Meaning::Word),
    }
}

/// Whether a name after two backslashes is a command that was escaped twice rather than the
/// beginning of a matrix row.
pub(super) fn is_common(name: &str) -> bool {
    name.len() > 1
        && (meaning(name) != Meaning::Itself
            || matches!(
                name,
                "sqrt" | "sin" | "cos" | "tan" | "log" | "ln" | "binom"
            ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_mean_signs_words_or_nothing() {
        assert_eq!(meaning("leq"), Meaning::Sign('≤'));
        assert_eq!(meaning("left"), Meaning::Nothing);
        assert_eq!(meaning("varphi"), Meaning::Word("phi"));
        assert_eq!(meaning("integral"), Meaning::Itself);
        assert!(is_common("frac") && is_common("sqrt") && !is_common("y"));
    }
}
