//! Equations in LaTeX without letters: `\frac{15}{100} = 0.15`, `\sqrt{16} = 4`, `2^3 = 8`.
//!
//! They are judged by the mathematics verifier, [`rewards::verify`]. A side with a letter is left
//! alone, since an equation with unknowns need not hold everywhere; so is a side that the verifier
//! cannot read. Equations without any LaTeX are `loose`'s.

use rewards::{Verdict, verify};

/// The equations judged, and the wrong ones as written.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) checked: usize,
    pub(crate) wrong: Vec<String>,
}

/// Judges the equations in the formulas of a text: what stands between `$`, `$$`, `\(` and `\[`.
pub(crate) fn equations(text: &str) -> Found {
    let mut found = Found::default();
    for formula in formulas(text) {
        if !formula.contains(['\\', '^', '{']) || formula.len() > 1000 {
            continue;
        }
        for line in formula.split("\\\\") {
            let line = line.replace('&', "");
            for phrase in line.split("\\quad") {
                chain(phrase, &mut found);
            }
        }
    }
    found
}

fn chain(formula: &str, found: &mut Found) {
    if depth_is_uneven(formula) || formula.contains(['<', '>', '≤', '≥', ',']) {
        return;
    }
    let sides: Vec<&str> = formula
        .split('=')
        .map(|side| side.trim().trim_end_matches('.'))
        .collect();
    for pair in sides.windows(2) {
        let plain = |side: &str| !side.contains(['\\', '^', '{']);
        if !numeric(pair[0]) || !numeric(pair[1]) || (plain(pair[0]) && plain(pair[1])) {
            continue;
        }
        match (verify(pair[0], pair[1]), verify(pair[1], pair[0])) {
            (Verdict::Judged { score, .. }, _) | (_, Verdict::Judged { score, .. })
                if score > 0.0 =>
            {
                found.checked += 1;
            }
            (Verdict::Judged { reason, .. }, Verdict::Judged { .. })
                if reason == "another value" =>
            {
                found.checked += 1;
                found.wrong.push(format!("{} = {}", pair[0], pair[1]));
            }
            _ => {}
        }
    }
}

/// Whether a side is a number whatever happens: no letters but those of known commands.
fn numeric(side: &str) -> bool {
    const COMMANDS: [&str; 9] = [
        "frac", "dfrac", "tfrac", "sqrt", "cdot", "times", "left", "right", "div",
    ];
    let mut rest = side;
    let mut digits = false;
    while let Some(c) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix('\\') {
            let name: String = after
                .chars()
                .take_while(char::is_ascii_alphabetic)
                .collect();
            if !COMMANDS.contains(&name.as_str()) {
                return false;
            }
            rest = &after[name.len()..];
            continue;
        }
        digits |= c.is_ascii_digit();
        if !(c.is_ascii_digit() || c.is_whitespace() || "+-*/^(){}[].".contains(c)) {
            return false;
        }
        rest = &rest[c.len_utf8()..];
    }
    digits
}

fn depth_is_uneven(text: &str) -> bool {
    text.matches('{').count() != text.matches('}').count()
        || text.matches('(').count() != text.matches(')').count()
}

fn formulas(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['$', '\\']) {
        rest = &rest[at..];
        let closed = [("$$", "$$"), ("$", "$"), ("\\(", "\\)"), ("\\[", "\\]")];
        let pair = closed.iter().find(|(open, _)| rest.starts_with(open));
        let Some((open, close)) = pair else {
            rest = &rest[1..];
            continue;
        };
        rest = &rest[open.len()..];
        let Some(end) = rest.find(close) else {
            break;
        };
        found.push(&rest[..end]);
        rest = &rest[end + close.len()..];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_verified() {
        let judged = |text: &str| {
            let found = equations(text);
            (found.checked, found.wrong.len())
        };
        assert_eq!(judged(r"Indeed $\frac{15}{100} = 0.15$."), (1, 0));
        assert_eq!(judged(r"\[\sqrt{16} + 2^3 = 4 + 8 = 12\]"), (1, 0));
        assert_eq!(judged(r"So \(2^3 = 9\)."), (1, 1));
        assert_eq!(judged(r"$x^2 = 16$, $5 \cdot 3 = 15$, $f(2)=4^2$"), (1, 0));
        assert_eq!(judged(r"$\frac{1}{2} + \frac{1}{3} = \frac{2}{5}$"), (1, 1));
        assert_eq!(judged("costs $5 = and $7"), (0, 0));
    }
}
