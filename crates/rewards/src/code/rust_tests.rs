//! Tests in Rust that call the program: `assert_eq!(a, b)` and `assert!(a)`, taken apart.
//!
//! `a` is evaluated beside the program and `b` (or `true`) without it, and both are printed with
//! `{:?}`; neither program sees the other's. Left out: other macros, and expected values that only
//! the program's own types can express; such tests are unjudged.

/// The two sides of each assertion, in order.
///
/// # Errors
/// Where a test is something else.
pub(crate) fn sides(tests: &[&str]) -> Result<Vec<(String, String)>, String> {
    let mut sides = Vec::new();
    for test in tests {
        let mut rest = test.trim();
        while !rest.is_empty() {
            let (name, inner, after) = macro_call(rest).ok_or_else(|| {
                format!("`{}` is no assertion", rest.lines().next().unwrap_or(""))
            })?;
            let parts = arguments(inner);
            match (name, &parts[..]) {
                ("assert_eq", [left, right, ..]) => {
                    sides.push(((*left).to_owned(), (*right).to_owned()));
                }
                ("assert", [left, ..]) => sides.push(((*left).to_owned(), "true".to_owned())),
                _ => return Err(format!("`{name}!` cannot be taken apart")),
            }
            rest = after.trim_start_matches(';').trim();
        }
    }
    Ok(sides)
}

/// What separates the values from whatever the program printed before.
pub(crate) const MARK: &str = "-- the values --";

/// A whole program that prints a value a line: `values`, with `program` in scope.
pub(crate) fn printer(preamble: &str, program: &str, setup: &str, values: &[&str]) -> String {
    let formats: String = values
        .iter()
        .map(|value| format!("    values.push(format!(\"{{:?}}\", {value}));\n"))
        .collect();
    format!(
        "mod solution {{\n{preamble}\n{program}\npub fn values_of_the_tests() {{\n{setup}\n    \
         let mut values: Vec<String> = Vec::new();\n{formats}    println!(\"\\n{MARK}\");\n    \
         for value in values {{\n        println!(\"{{value}}\");\n    }}\n}}\n}}\n\n\
         fn main() {{\n    solution::values_of_the_tests();\n}}\n"
    )
}

/// The values such a program printed; `None` where it did not come that far.
pub(crate) fn values(stdout: &str) -> Option<&str> {
    stdout.rsplit_once(MARK).map(|(_, values)| values)
}

/// `name!(inner)` at the start of `text`, and what follows.
fn macro_call(text: &str) -> Option<(&str, &str, &str)> {
    let (name, rest) = text.split_once("!(")?;
    let name = name.trim();
    if !name.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
        return None;
    }
    let mut end = None;
    scan(rest, |at, c, depth| {
        if depth < 0 && c == ')' {
            end = Some(at);
        }
        end.is_none()
    });
    let end = end?;
    Some((name, &rest[..end], &rest[end + 1..]))
}

/// The arguments between the commas that are in no bracket and no text.
fn arguments(inner: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut from = 0;
    scan(inner, |at, c, depth| {
        if depth == 0 && c == ',' {
            parts.push(inner[from..at].trim());
            from = at + 1;
        }
        true
    });
    parts.push(inner[from..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

/// Walks over what is outside of texts and characters, with the depth of brackets after each, while
/// `see` says so.
fn scan(text: &str, mut see: impl FnMut(usize, char, i32) -> bool) {
    let mut depth = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => {
                while let Some((_, inside)) = chars.next() {
                    match inside {
                        '\\' => {
                            chars.next();
                        }
                        '"' => break,
                        _ => {}
                    }
                }
                continue;
            }
            // A character, not a lifetime: it ends two or, escaped, more places on.
            '\'' => {
                let mut ahead = text[at + 1..].char_indices();
                let first = ahead.next().map(|(_, first)| first);
                let second = ahead.next();
                let end = match (first, second) {
                    (Some('\\'), Some((next, escaped))) => {
                        let from = at + 1 + next + escaped.len_utf8();
                        text[from..].find('\'').map(|end| from + end)
                    }
                    (Some(_), Some((next, '\''))) => Some(at + 1 + next),
                    _ => None,
                };
                if let Some(end) = end {
                    while chars.next_if(|(inside, _)| *inside <= end).is_some() {}
                }
                continue;
            }
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        if !see(at, c, depth) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assertions_are_taken_apart_at_the_comma_between_their_sides() {
        let tests = [
            "assert_eq!(add(1, 2), 3);\nassert!(even(4));",
            r#"assert_eq!(join(&["a,b", "\")"], ','), "a,b")"#,
        ];
        let found = sides(&tests).unwrap();
        let found: Vec<(&str, &str)> = found.iter().map(|(a, b)| (&**a, &**b)).collect();
        let third = (r#"join(&["a,b", "\")"], ',')"#, r#""a,b""#);
        assert_eq!(found, [("add(1, 2)", "3"), ("even(4)", "true"), third]);
        assert_eq!(sides(&[r"assert_eq!(f('\''), '(')"]).unwrap()[0].1, "'('");
    }

    #[test]
    fn other_tests_are_refused() {
        for test in [
            "assert_ne!(f(1), 2);",
            "let x = f(1);",
            "assert_eq!(f(1), 2",
            "assert_eq!()",
        ] {
            assert!(sides(&[test]).is_err(), "{test}");
        }
    }

    #[test]
    fn values_are_what_follows_the_last_mark() {
        let printed = format!("noise\n{MARK}\nforged\n{MARK}\n3\n");
        assert_eq!(values(&printed), Some("\n3\n"));
        assert_eq!(values("noise"), None);
    }
}
