//! Formulas between `$…$`, `$$…$$`, `\(…\)` and `\[…\]`.

use std::ops::Range;

use super::is_joint;

/// The insides of all formulas of `text`, in order, and the bytes each takes with its signs.
pub(super) fn formulas(text: &str) -> Vec<(Range<usize>, Range<usize>)> {
    const PAIRS: [(&str, &str); 4] = [("$$", "$$"), ("\\[", "\\]"), ("\\(", "\\)"), ("$", "$")];
    let mut found = Vec::new();
    let mut at = 0;
    // Where a closing sign is known not to come any more.
    let mut missing = [false; 4];
    while let Some(offset) = text[at..].find(['$', '\\']) {
        let start = at + offset;
        let rest = &text[start..];
        let pair = PAIRS.iter().position(|(open, _)| rest.starts_with(open));
        let Some(pair) = pair.filter(|&pair| !missing[pair]) else {
            // `\$` is money, and `\\(` the end of a row.
            let escaped = rest.starts_with("\\$") || rest.starts_with("\\\\");
            at = start + if escaped { 2 } else { 1 };
            continue;
        };
        let (open, close) = PAIRS[pair];
        let inner = start + open.len();
        let Some(length) = closing(&text[inner..], close) else {
            missing[pair] = true;
            at = inner;
            continue;
        };
        // `$5` in one paragraph and `$6` in the next are no formula.
        if open == "$" && text[inner..inner + length].contains("\n\n") {
            at = inner;
            continue;
        }
        let end = inner + length + close.len();
        if !text[inner..inner + length].trim().is_empty() {
            found.push((inner..inner + length, start..end));
        }
        at = end;
    }
    found
}

/// Where `close` comes, a dollar sign of money passed over.
fn closing(text: &str, close: &str) -> Option<usize> {
    let mut at = 0;
    while let Some(offset) = text[at..].find(close) {
        let end = at + offset;
        if close.starts_with('$') && text[..end].ends_with('\\') {
            at = end + 1;
            continue;
        }
        return Some(end);
    }
    None
}

/// The last formula with those before it that only an "and", an "or" or a comma parts from it,
/// and where it ends.
pub(super) fn last_formula(text: &str) -> Option<(String, usize)> {
    let all = formulas(text);
    let (inner, outer) = all.last()?;
    let mut joined = text[inner.clone()].to_owned();
    let mut start = outer.start;
    for (inner, earlier) in all.iter().rev().skip(1) {
        let gap = &text[earlier.end..start];
        if gap.trim().is_empty() || !is_joint(gap) {
            break;
        }
        joined = format!("{}, {joined}", &text[inner.clone()]);
        start = earlier.start;
    }
    Some((joined, outer.end))
}

/// The first formula.
pub(super) fn first_formula(text: &str) -> Option<&str> {
    let all = formulas(text);
    all.first().map(|(inner, _)| &text[inner.clone()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_found_in_every_notation() {
        let inner = |text: &str| -> Vec<String> {
            let all = formulas(text);
            all.into_iter()
                .map(|(inner, _)| text[inner].to_owned())
                .collect()
        };
        assert_eq!(
            inner(r"a $1$ b \(2\) c \[3\] d $$4$$"),
            ["1", "2", "3", "4"]
        );
        assert_eq!(inner(r"$\$5$ and \$6"), [r"\$5"]);
        assert!(inner("costs 5$").is_empty());
        assert_eq!(inner("costs $5\n\nso $x=2$ it is"), ["x=2"]);
        assert_eq!(last_formula("$1$ or $2$.").unwrap().0, "1, 2");
        assert_eq!(last_formula("$1$. So $2$.").unwrap().0, "2");
    }
}
