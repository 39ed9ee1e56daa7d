//! The `\boxed{…}` rule.

use super::tidy;
use crate::tags::is_seen;

/// What the last balanced, non-empty `\boxed{…}` holds.
pub(super) fn boxed(text: &str) -> Option<String> {
    const OPEN: &str = "\\boxed{";
    let mut open: Vec<Option<usize>> = Vec::new();
    let mut last = None;
    let mut skip_to = 0;
    for (index, byte) in text.bytes().enumerate() {
        if index < skip_to {
            continue;
        }
        match byte {
            b'\\' if text[index..].starts_with(OPEN) => {
                skip_to = index + OPEN.len();
                open.push(Some(skip_to));
            }
            b'\\' => skip_to = index + 2,
            b'{' => open.push(None),
            b'}' => {
                if let Some(Some(start)) = open.pop() {
                    last = Some(start..index);
                }
            }
            _ => {}
        }
    }
    let mut inner = tidy(&text[last?]);
    while let Some(deeper) = inner
        .strip_prefix(OPEN)
        .and_then(|inner| inner.strip_suffix('}'))
        .map(tidy)
    {
        inner = deeper;
    }
    is_seen(inner).then(|| inner.to_owned())
}

#[cfg(test)]
mod tests {
    use crate::extract::Rule;
    use crate::extract::tests::expect;

    #[test]
    fn a_box_is_balanced_and_the_last_one_counts() {
        expect(
            r"so \boxed{\frac{1}{2}} it is 3",
            r"\frac{1}{2}",
            Rule::Boxed,
        );
        expect(r"\boxed{1} then \boxed{2}", "2", Rule::Boxed);
        expect(r"\boxed{\boxed{2}}", "2", Rule::Boxed);
        expect(r"\boxed{\{1, 2\}}", r"\{1, 2\}", Rule::Boxed);
        expect(r"\boxed{12", "12", Rule::LastNumber);
    }
}
