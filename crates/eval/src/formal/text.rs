//! Formal texts without their comments, and where brackets stand open.

use super::statement::System;

/// `text` with each comment replaced by a blank. Strings are kept; a comment or string that does not
/// end is `None`. What is judged is this text, so no reading of comments can differ.
pub(super) fn without_comments(text: &str, system: System) -> Option<String> {
    let (open, close) = match system {
        System::Coq => ("(*", "*)"),
        System::Lean => ("/-", "-/"),
    };
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if rest.starts_with(open) {
            rest = after_comment(rest, open, close)?;
            kept.push(' ');
        } else if system == System::Lean && rest.starts_with("--") {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
        } else if c == '"' {
            let length = string_length(rest, system)?;
            kept.push_str(&rest[..length]);
            rest = &rest[length..];
        } else {
            kept.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    Some(kept)
}

/// What follows the comment that `text` begins with; comments nest.
fn after_comment<'a>(text: &'a str, open: &str, close: &str) -> Option<&'a str> {
    let mut depth = 0_usize;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(inner) = rest.strip_prefix(open) {
            depth += 1;
            rest = inner;
        } else if let Some(after) = rest.strip_prefix(close) {
            depth -= 1;
            rest = after;
            if depth == 0 {
                return Some(rest);
            }
        } else {
            rest = &rest[c.len_utf8()..];
        }
    }
    None
}

/// Bytes of the string that `text` begins with. Coq doubles a quote within, Lean puts `\` before it.
fn string_length(text: &str, system: System) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' if system == System::Lean => escaped = true,
            '"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// The offsets of `mark` outside all brackets and strings; `None` where brackets do not match.
pub(super) fn outside(text: &str, mark: &str) -> Option<Vec<usize>> {
    let mut open = Vec::new();
    let mut found = Vec::new();
    let mut quoted = false;
    for (at, c) in text.char_indices() {
        if c == '"' {
            quoted = !quoted;
        }
        if quoted {
            continue;
        }
        if open.is_empty() && text[at..].starts_with(mark) {
            found.push(at);
        }
        match c {
            '(' => open.push(')'),
            '[' => open.push(']'),
            '{' => open.push('}'),
            '⟨' => open.push('⟩'),
            '⦃' => open.push('⦄'),
            ')' | ']' | '}' | '⟩' | '⦄' if open.pop() != Some(c) => return None,
            _ => {}
        }
    }
    open.is_empty().then_some(found)
}

/// The words of a text: identifiers, with their dots and primes.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | '\'' | '#' | '@')))
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_nest_and_strings_stay() {
        let coq = |text| without_comments(text, System::Coq);
        assert_eq!(coq("a (* b (* c *) d *) e").as_deref(), Some("a   e"));
        assert_eq!(coq("\"(* no *)\" x").as_deref(), Some("\"(* no *)\" x"));
        assert_eq!(coq("a (* b"), None);
        assert_eq!(coq("\"a"), None);
        let lean = |text| without_comments(text, System::Lean);
        assert_eq!(lean("a -- b\n/-- c -/ d").as_deref(), Some("a \n  d"));
        assert_eq!(lean(r#""a\" -- b" c"#).as_deref(), Some(r#""a\" -- b" c"#));
    }

    #[test]
    fn marks_are_found_outside_brackets() {
        assert_eq!(outside("(a : b) c : d", ":"), Some(vec![10]));
        assert_eq!(outside("{x | x : y}", ":"), Some(vec![]));
        assert_eq!(outside("(a]", ":"), None);
        assert_eq!(outside("(a", ":"), None);
        assert_eq!(outside("a)", ":"), None);
    }
}
