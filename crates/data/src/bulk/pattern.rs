//! A pattern of a tokenizer on an automaton: which patterns mean the same to both engines.
//!
//! The automaton knows no looking ahead. Published patterns do so in one place, at their end:
//! `\s+(?!\S)|\s+`, which takes white space up to its last character when something else follows. That
//! is `\s+` with the last character given back, if there is another. Left out, and refused: every
//! other looking around, possessive and lazy repetition, classes of characters that were not compared.

use regex_automata::meta::{Cache, Regex};
use regex_automata::{Anchored, Input, PatternID};

/// What published patterns end in.
const SPACES: &str = r"|\s+(?!\S)|\s+";
/// The general categories the test of `unicode` compares.
pub(super) const CATEGORIES: [&str; 11] =
    ["L", "Lu", "Ll", "Lt", "Lm", "Lo", "M", "N", "Nd", "P", "S"];

#[derive(Debug)]
pub(super) struct Pattern {
    regex: Regex,
    /// Whether a match of the second pattern gives its last character back.
    spaces: bool,
}

impl Pattern {
    pub(super) fn new(pattern: &str) -> Option<Self> {
        let head = pattern.strip_suffix(SPACES);
        let spaces = head.is_some();
        let head = head.unwrap_or(pattern);
        if !is_plain(head) {
            return None;
        }
        let regex = if spaces {
            Regex::new_many(&[head, r"\s+"])
        } else {
            Regex::new(head)
        };
        let regex = regex.ok().filter(|regex| !regex.is_match(""))?;
        Some(Self { regex, spaces })
    }

    pub(super) fn cache(&self) -> Cache {
        self.regex.create_cache()
    }

    /// Where the first match of `text` from `at` on begins and ends.
    pub(super) fn find(&self, cache: &mut Cache, text: &str, at: usize) -> Option<(usize, usize)> {
        let input = Input::new(text).range(at..);
        let anchored = input.clone().anchored(Anchored::Yes);
        // Most texts are matched without a gap.
        let found = match self.spaces {
            true => self.regex.search_with(cache, &anchored),
            false => None,
        };
        let found = found.or_else(|| self.regex.search_with(cache, &input))?;
        let (start, mut end) = (found.start(), found.end());
        if self.spaces && found.pattern() == PatternID::must(1) && end < text.len() {
            let mut chars = text[start..end].chars();
            let last = chars.next_back().map_or(0, char::len_utf8);
            if !chars.as_str().is_empty() {
                end -= last;
            }
        }
        Some((start, end))
    }
}

/// Whether a pattern has nothing but what both engines read alike.
fn is_plain(pattern: &str) -> bool {
    let mut rest = pattern;
    // The last thing was a repetition, which another sign would make possessive or lazy.
    let mut repeated = false;
    let mut class = false;
    while let Some(c) = rest.chars().next() {
        let mut taken = c.len_utf8();
        let repeats = !class && matches!(c, '?' | '*' | '+' | '}');
        let fine = match c {
            '\\' => match escape(rest) {
                Some(length) => {
                    taken = length;
                    true
                }
                None => false,
            },
            '[' => {
                let opens = !class && !rest.starts_with("[[:");
                class = true;
                opens
            }
            ']' => std::mem::replace(&mut class, false),
            '(' if !class && rest.starts_with("(?") => {
                taken = if rest.starts_with("(?i:") { 4 } else { 3 };
                rest.starts_with("(?i:") || rest.starts_with("(?:")
            }
            '&' | '-' | '~' if class => !rest[1..].starts_with(c),
            '.' | '^' | '$' => class,
            _ => !(repeats && repeated),
        };
        if !fine {
            return false;
        }
        repeated = repeats;
        rest = &rest[taken..];
    }
    !class
}

/// The length of the escape a text begins with, if it is one of those that were compared.
fn escape(text: &str) -> Option<usize> {
    let c = text[1..].chars().next()?;
    match c {
        'r' | 'n' | 't' | 's' | 'S' => Some(2),
        'p' => {
            let name = text.strip_prefix(r"\p{")?.split('}').next()?;
            CATEGORIES.contains(&name).then_some(name.len() + 4)
        }
        c if c.is_ascii_punctuation() => Some(2),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_both_engines_read_alike_is_taken() {
        for pattern in [
            r"\p{N}{1,3}",
            r"(?i:'s|'t)|[^\r\n\p{L}\p{N}]?\p{L}+|\s*[\r\n]+|\s+(?!\S)|\s+",
            r"[!-/:-~\[\\\]][A-Za-z]+| ?[\p{P}\p{S}]+[\r\n]*",
        ] {
            assert!(Pattern::new(pattern).is_some(), "{pattern}");
        }
        for pattern in [
            r"\p{L}++",
            r"\p{L}+?",
            r"a(?!b)",
            r"(?<=a)b",
            r"\p{Han}+",
            r"[\p{L}&&[a-z]]",
            r"\h+",
            r"(a)\1",
            r"a*",
            r"^a",
            r".",
            r"(?>a)",
        ] {
            assert!(Pattern::new(pattern).is_none(), "{pattern}");
        }
    }

    #[test]
    fn the_last_space_goes_with_the_word() {
        let pattern = Pattern::new(r" ?\p{L}+|\s+(?!\S)|\s+").unwrap();
        let mut cache = pattern.cache();
        let text = "a   b\n.";
        let mut at = 0;
        let mut found = Vec::new();
        while let Some((start, end)) = pattern.find(&mut cache, text, at) {
            found.push(&text[start..end]);
            at = end;
        }
        assert_eq!(found, ["a", "  ", " b", "\n"]);
        assert_eq!(pattern.find(&mut cache, "  ", 0), Some((0, 2)));
    }
}
