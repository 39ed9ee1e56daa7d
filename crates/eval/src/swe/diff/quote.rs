//! Paths as `git` quotes them: in double quotes with C's escapes, bytes beyond ASCII in octal.

/// The path at the start of `text`, and what follows it; `None` where a quoted one is broken. Without
/// quotes, the path is all up to a tab.
pub(super) fn path(text: &str) -> Option<(String, &str)> {
    let Some(mut rest) = text.strip_prefix('"') else {
        let end = text.find('\t').unwrap_or(text.len());
        let (path, rest) = text.split_at(end);
        return Some((path.trim_end().to_owned(), rest));
    };
    let mut bytes = Vec::new();
    loop {
        let next = rest.chars().next()?;
        rest = &rest[next.len_utf8()..];
        match next {
            '"' => return Some((String::from_utf8(bytes).ok()?, rest)),
            '\\' => {
                let escaped = rest.chars().next()?;
                if escaped.is_digit(8) {
                    let number = rest.get(..3)?;
                    bytes.push(u8::from_str_radix(number, 8).ok()?);
                    rest = &rest[3..];
                    continue;
                }
                rest = &rest[escaped.len_utf8()..];
                bytes.push(match escaped {
                    'a' => 7,
                    'b' => 8,
                    't' => b'\t',
                    'n' => b'\n',
                    'v' => 11,
                    'f' => 12,
                    'r' => b'\r',
                    '"' => b'"',
                    '\\' => b'\\',
                    _ => return None,
                });
            }
            other => bytes.extend(other.encode_utf8(&mut [0; 4]).bytes()),
        }
    }
}

/// A path to be printed: as it is, or in quotes where [`path`] would not read it back.
pub(super) fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_ascii() && !c.is_ascii_control() && c != '"' && c != '\\';
    if path.chars().all(plain) && path.trim() == path {
        return path.to_owned();
    }
    let mut text = String::from('"');
    for byte in path.bytes() {
        match byte {
            b'"' => text += "\\\"",
            b'\\' => text += "\\\\",
            b'\t' => text += "\\t",
            b'\n' => text += "\\n",
            0x20..=0x7e => text.push(char::from(byte)),
            other => text += &format!("\\{other:03o}"),
        }
    }
    text + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_quoted_and_read_back() {
        assert_eq!(quoted("a/b c.py"), "a/b c.py");
        assert_eq!(quoted("a/ä\t\""), r#""a/\303\244\t\"""#);
        for name in ["a/ä\t\"", "b/\\\n\r", "a/x ", "a/\u{1}", "a/猫"] {
            assert_eq!(path(&quoted(name)).unwrap(), (name.to_owned(), ""));
        }
        assert_eq!(
            path("a/x\t2020-01-01").unwrap(),
            ("a/x".into(), "\t2020-01-01")
        );
        assert_eq!(path(r#""a/x" "b/x""#).unwrap(), ("a/x".into(), r#" "b/x""#));
        for broken in [r#""a/x"#, r#""\9""#, r#""\37""#, "\"\\377\"", r#""\é""#] {
            assert_eq!(path(broken), None, "{broken}");
        }
    }
}
