//! One spelling for answers that differ only in how they are written down.
//!
//! Width, case, spacing, invisible characters, Markdown, quotes, LaTeX that only sets type
//! (`\text{…}`, `\left`, `\,`, `$`) and trailing punctuation go; `\frac{a}{b}` becomes `a/b`.
//! Nothing is evaluated here.

use crate::tags::is_invisible;

/// How deep LaTeX groups may nest; deeper ones are refused.
const DEEPEST: usize = 32;

/// The canonical spelling of `text`, or `None` where its LaTeX groups are not closed or nest more
/// than 32 deep. Takes time linear in the text.
pub(crate) fn plain(text: &str) -> Option<String> {
    let chars: Vec<char> = text
        .chars()
        .filter(|&c| !is_invisible(c))
        .flat_map(one_width)
        .collect();
    let mut reader = Reader {
        chars,
        at: 0,
        depth: 0,
    };
    let text = reader.until(None)?;
    Some(trimmed(&tight(&text)))
}

/// Folds typographic variants of a character onto one; some become several characters.
fn one_width(c: char) -> Vec<char> {
    let folded = match c {
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(c as u32 - 0xfee0).map_or_else(Vec::new, |ascii| vec![ascii])
        }
        '\u{2212}' | '\u{2010}'..='\u{2014}' => vec!['-'],
        '\u{2018}' | '\u{2019}' => vec!['\''],
        '“' | '”' => vec!['"'],
        '×' | '·' | '⋅' | '∗' => vec!['*'],
        '÷' => vec!['/'],
        '≤' => vec!['<', '='],
        '≥' => vec!['>', '='],
        '²' => vec!['^', '2'],
        '³' => vec!['^', '3'],
        'π' => vec!['p', 'i'],
        '、' => vec![','],
        '￥' => vec!['¥'],
        '。' => vec!['.'],
        _ if c.is_whitespace() => vec![' '],
        _ => return c.to_lowercase().collect(),
    };
    folded.into_iter().flat_map(char::to_lowercase).collect()
}

struct Reader {
    chars: Vec<char>,
    at: usize,
    depth: usize,
}

impl Reader {
    fn next(&mut self) -> Option<char> {
        let c = self.chars.get(self.at).copied()?;
        self.at += 1;
        Some(c)
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    /// Reads to `end`, which is consumed, or to the end of the text where `end` is `None`.
    fn until(&mut self, end: Option<char>) -> Option<String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let mut out = String::new();
        loop {
            match self.next() {
                None if end.is_none() => break,
                None => return None,
                Some(c) if Some(c) == end => break,
                Some('}') => return None,
                Some('{') => {
                    let inner = self.until(Some('}'))?;
                    if inner == "," {
                        out.push(','); // 1{,}000
                    } else {
                        out.extend(["{", &inner, "}"]);
                    }
                }
                Some(c @ ('^' | '_')) => {
                    let argument = self.argument()?;
                    out.push(c);
                    out.push_str(&wrapped(&argument));
                }
                Some('\\') => self.command(&mut out)?,
                Some('$') => {}
                Some('~') => out.push(' '),
                Some(c) => out.push(c),
            }
        }
        self.depth -= 1;
        Some(out)
    }

    /// The argument of a command: a group, or a single character as in `\frac12`.
    fn argument(&mut self) -> Option<String> {
        while self.peek() == Some(' ') {
            self.at += 1;
        }
        match self.next()? {
            '{' => self.until(Some('}')),
            '\\' => {
                self.depth += 1;
                if self.depth > DEEPEST {
                    return None;
                }
                let mut out = String::new();
                self.command(&mut out)?;
                self.depth -= 1;
                Some(out)
            }
            '}' => None,
            c => Some(c.to_string()),
        }
    }

    /// A command, its backslash already read.
    fn command(&mut self, out: &mut String) -> Option<()> {
        let mut name = String::new();
        while let Some(c) = self.peek().filter(char::is_ascii_alphabetic) {
            name.push(c);
            self.at += 1;
        }
        match name.as_str() {
            "" => match self.next() {
                Some(c @ ('{' | '}' | '%' | '&' | '#' | '_')) => out.push(c),
                Some(' ') => out.push(' '),
                Some('\\') => out.push(' '),
                _ => {} // \, \! \; \( \) \[ \] and \$
            },
            "frac" | "dfrac" | "tfrac" | "cfrac" => {
                let (above, below) = (self.argument()?, self.argument()?);
                if out.ends_with(|c: char| c.is_ascii_digit()) {
                    out.push(' '); // 1\frac{1}{2}
                }
                out.push_str(&format!("{}/{}", wrapped(&above), wrapped(&below)));
            }
            "text" | "textbf" | "textit" | "textrm" | "mathrm" | "mathbf" | "mathit" | "mbox"
            | "operatorname" | "boxed" | "fbox" => out.push_str(&self.argument()?),
            "sqrt" if self.peek() == Some('{') => {
                let argument = self.argument()?;
                out.push_str(&format!("sqrt({argument})"));
            }
            "left" | "right" | "big" | "bigl" | "bigr" | "displaystyle" => {}
            "quad" | "qquad" => out.push(' '),
            "times" | "cdot" | "ast" => out.push('*'),
            "div" => out.push('/'),
            "le" | "leq" => out.push_str("<="),
            "ge" | "geq" => out.push_str(">="),
            "pi" => out.push_str("pi"),
            "circ" | "degree" => out.push('°'),
            name => out.extend(["\\", name, " "]),
        }
        Some(())
    }
}

/// `argument`, in parentheses unless it is one name or number.
fn wrapped(argument: &str) -> String {
    let argument = argument.trim();
    let simple = |c: char| c.is_alphanumeric() || matches!(c, '.' | '\\' | '°');
    if argument.chars().all(simple) {
        argument.to_owned()
    } else {
        format!("({argument})")
    }
}

/// Drops spaces except those that part two words or numbers.
fn tight(text: &str) -> String {
    let joins = |c: char| c.is_alphanumeric() && !is_han(c);
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if out.ends_with(joins) && word.starts_with(joins) {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// Drops Markdown and quotes around `text`, punctuation after it, and the parentheses of `(b)`.
fn trimmed(text: &str) -> String {
    let mut rest = text;
    loop {
        let before = rest;
        rest = rest.trim_matches(|c: char| matches!(c, '*' | '`' | '"' | '\'' | ' '));
        rest = rest.trim_end_matches(['.', ',', ';', ':', '!', '?']);
        let inner = rest
            .strip_prefix('(')
            .and_then(|inner| inner.strip_suffix(')'));
        if let Some(inner) = inner
            && inner.chars().all(char::is_alphanumeric)
        {
            rest = inner;
        }
        if rest == before {
            return rest.to_owned();
        }
    }
}

/// Whether `c` is a Chinese character.
pub(crate) fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{323af}' | '\u{3005}' | '\u{3007}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(left: &str, right: &str) {
        assert_eq!(plain(left), plain(right), "{left} and {right}");
    }

    #[test]
    fn spelling_does_not_matter() {
        same("  Yes. ", "yes");
        same("１２", "12");
        same("**Paris**", "paris");
        same("“left”", "left");
        same("x + 1", "x+1");
        same("(B)", "b");
        same("1\u{200b}2", "12");
        same("甲 、 乙。", "甲,乙");
    }

    #[test]
    fn latex_is_spelled_out() {
        assert_eq!(plain(r"\frac{1}{2}").unwrap(), "1/2");
        assert_eq!(plain(r"\dfrac12").unwrap(), "1/2");
        assert_eq!(plain(r"-1\tfrac{3}{4}").unwrap(), "-1 3/4");
        assert_eq!(plain(r"\frac{x+1}{2}").unwrap(), "(x+1)/2");
        assert_eq!(plain(r"$12\,\text{ cm}$").unwrap(), "12 cm");
        assert_eq!(plain(r"\left( 1, 2 \right)").unwrap(), "(1,2)");
        assert_eq!(plain(r"90^\circ").unwrap(), "90^°");
        assert_eq!(plain(r"1{,}000").unwrap(), "1,000");
        assert_eq!(plain(r"50\%").unwrap(), "50%");
    }

    #[test]
    fn what_differs_stays_different() {
        assert_ne!(plain("2^{x+1}"), plain("2^x+1"));
        assert_ne!(plain(r"\{1,2\}"), plain("(1,2)"));
        assert_ne!(plain("ab c"), plain("abc"));
        assert_ne!(plain("-5"), plain("5"));
    }

    #[test]
    fn broken_or_deep_groups_are_refused() {
        assert_eq!(plain(r"\frac{1}{2"), None);
        assert_eq!(plain("1}"), None);
        assert_eq!(plain(&"{".repeat(100_000)), None);
        assert_eq!(plain(&"\\frac".repeat(100_000)), None);
        assert_eq!(plain(&"^".repeat(100_000)), plain(&"^".repeat(100_000)));
    }
}
