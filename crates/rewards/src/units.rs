//! The words of a text, each with its script; what is not language is left out.
//!
//! A unit is one Chinese, Japanese or Thai character, or one word in a script that parts words by
//! spaces. Left out: numbers, short capitals (`ABC`), names of functions (`sin`), names with digits
//! or underscores, code between backticks, LaTeX, tags, comments and entities of HTML. Kept, since
//! they help to tell a language, but not counted: single letters, which may be variables, a word
//! right after itself, and one that stands twice among the eight before it, so that repeating words
//! earns nothing.

use std::collections::VecDeque;

use crate::plain::is_han;
use crate::tags::{Tag, is_invisible};

/// A writing system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Script {
    Han,
    Kana,
    Thai,
    Hangul,
    Latin,
    Cyrillic,
    Greek,
    Arabic,
    Hebrew,
    Devanagari,
    /// Any other, and words that mix scripts.
    Other,
}

impl Script {
    fn of(c: char) -> Self {
        match c {
            _ if is_han(c) => Self::Han,
            '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{ff66}'..='\u{ff9d}' => {
                Self::Kana
            }
            '\u{e00}'..='\u{e7f}' => Self::Thai,
            '\u{ac00}'..='\u{d7af}' | '\u{1100}'..='\u{11ff}' | '\u{3130}'..='\u{318f}' => {
                Self::Hangul
            }
            'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => Self::Latin,
            '\u{400}'..='\u{52f}' => Self::Cyrillic,
            '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => Self::Greek,
            '\u{600}'..='\u{6ff}' | '\u{750}'..='\u{77f}' => Self::Arabic,
            '\u{590}'..='\u{5ff}' => Self::Hebrew,
            '\u{900}'..='\u{97f}' => Self::Devanagari,
            _ => Self::Other,
        }
    }

    /// Whether each character is a unit.
    fn is_by_character(self) -> bool {
        matches!(self, Self::Han | Self::Kana | Self::Thai)
    }
}

/// One word, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unit {
    pub(crate) text: String,
    pub(crate) script: Script,
    /// Whether it counts as a word of the text.
    pub(crate) counts: bool,
    /// Which sentence it stands in, from 0; headings and lines end one too.
    pub(crate) sentence: usize,
}

/// How far back a repetition is noticed.
const MEMORY: usize = 8;

/// Words of mathematics that belong to no language.
const FUNCTIONS: [&str; 16] = [
    "sin", "cos", "tan", "cot", "sec", "log", "ln", "exp", "max", "min", "mod", "gcd", "lcm",
    "sqrt", "det", "lim",
];

/// The units of `text`, in order, those that do not count among them.
pub(crate) fn units(text: &str) -> Vec<Unit> {
    let mut units = Units {
        found: Vec::new(),
        recent: VecDeque::new(),
        sentence: 0,
    };
    let mut word = String::new();
    let chars: Vec<char> = linguistic(text)
        .chars()
        .filter(|&c| !is_invisible(c))
        .collect();
    for (index, &c) in chars.iter().enumerate() {
        let letter = |at: usize| chars.get(at).is_some_and(|c| c.is_alphabetic());
        let apostrophe = matches!(c, '\'' | '’') && index > 0 && letter(index - 1);
        let mark = matches!(c, '\u{300}'..='\u{36f}' | '\u{93a}'..='\u{94d}');
        if c.is_alphabetic() && Script::of(c).is_by_character() {
            units.push_word(&mut word);
            units.push(c.to_string(), Script::of(c), true);
        } else if c.is_alphanumeric() || c == '_' || mark || (apostrophe && letter(index + 1)) {
            word.push(c);
        } else {
            units.push_word(&mut word);
            let after = chars.get(index + 1);
            units.sentence += usize::from(ends_sentence(c, after.copied()));
        }
    }
    units.push_word(&mut word);
    units.found
}

struct Units {
    found: Vec<Unit>,
    recent: VecDeque<String>,
    sentence: usize,
}

/// Whether a sentence is over after `c`; the point in `3.5` ends none.
fn ends_sentence(c: char, after: Option<char>) -> bool {
    match c {
        '\n' | '。' | '！' | '？' | '：' | '；' | '।' | '؟' => true,
        '.' | '!' | '?' | ':' | ';' => after.is_none_or(char::is_whitespace),
        _ => false,
    }
}

impl Units {
    fn push_word(&mut self, word: &mut String) {
        let text = std::mem::take(word);
        let letters = text.chars().filter(|c| c.is_alphabetic()).count();
        let symbol = text.chars().any(|c| c.is_numeric() || c == '_')
            || letters == 0
            || (letters <= 3 && text.chars().all(|c| c.is_ascii_uppercase()));
        let mut scripts = text.chars().filter(|c| c.is_alphabetic()).map(Script::of);
        let first = scripts.next().unwrap_or(Script::Other);
        let script = if scripts.all(|script| script == first) {
            first
        } else {
            Script::Other
        };
        let single = letters == 1 && matches!(script, Script::Latin | Script::Greek);
        let text = text.to_lowercase();
        if !symbol && !FUNCTIONS.contains(&text.as_str()) {
            self.push(text, script, !single);
        }
    }

    fn push(&mut self, text: String, script: Script, is_word: bool) {
        let before = self.recent.iter().filter(|word| **word == text).count();
        let repeated = before > 1 || self.recent.back() == Some(&text);
        if self.recent.len() == MEMORY {
            self.recent.pop_front();
        }
        self.recent.push_back(text.clone());
        self.found.push(Unit {
            text,
            script,
            counts: is_word && !repeated,
            sentence: self.sentence,
        });
    }
}

/// `text` with a space in place of code, LaTeX and the template's tags.
fn linguistic(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skipped = skipped(rest);
        if skipped > 0 {
            out.push(' ');
            rest = &rest[skipped..];
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

/// How many bytes at the start of `rest` are not language.
fn skipped(rest: &str) -> usize {
    match rest.as_bytes()[0] {
        b'`' => match rest.strip_prefix("```") {
            Some(code) => code.find("```").map_or(rest.len(), |end| end + 6),
            None => within_line(&rest[1..], "`").map_or(1, |end| end + 2),
        },
        b'$' if rest.starts_with("$$") => rest[2..].find("$$").map_or(rest.len(), |end| end + 4),
        b'$' => inline_math(&rest[1..]).map_or(1, |end| end + 2),
        b'\\' => latex(rest),
        b'<' if rest.starts_with("<!--") => rest.find("-->").map_or(rest.len(), |end| end + 3),
        b'&' => entity(rest),
        b'<' => Tag::ALL
            .into_iter()
            .find(|tag| rest.starts_with(tag.text()))
            .map_or(0, |tag| tag.text().len()),
        _ => 0,
    }
}

/// The length of the HTML entity that `rest` begins with.
fn entity(rest: &str) -> usize {
    let name = rest[1..]
        .bytes()
        .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'#')
        .count();
    let is_entity = (2..=8).contains(&name) && rest[1 + name..].starts_with(';');
    if is_entity { name + 2 } else { 0 }
}

/// Where `end` stands in the first line of `text`.
fn within_line(text: &str, end: &str) -> Option<usize> {
    text.split('\n').next()?.find(end)
}

/// Where the mathematics that follows a dollar sign ends. As in Pandoc, the closing sign has no
/// space before it and no digit after it, so that `$5 and $6` is money.
fn inline_math(text: &str) -> Option<usize> {
    if text.starts_with(char::is_whitespace) {
        return None;
    }
    let end = within_line(text, "$")?;
    let money = text[end + 1..].starts_with(|c: char| c.is_ascii_digit());
    (end > 0 && !text[..end].ends_with(char::is_whitespace) && !money).then_some(end)
}

/// The length of the formula or command that `rest` begins with.
fn latex(rest: &str) -> usize {
    for (open, close) in [("\\(", "\\)"), ("\\[", "\\]")] {
        if let Some(formula) = rest.strip_prefix(open) {
            return formula.find(close).map_or(rest.len(), |end| end + 4);
        }
    }
    let name = rest[1..]
        .bytes()
        .take_while(u8::is_ascii_alphabetic)
        .count();
    let mut end = 1 + name;
    while name > 0 && rest[end..].starts_with('{') {
        end += group(&rest[end..]);
    }
    end
}

/// The length of the brace group that `text` begins with, to the end where it is not closed.
fn group(text: &str) -> usize {
    let mut depth = 0_usize;
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return index + 1;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let units = units(text).into_iter();
        units
            .filter(|unit| unit.counts)
            .map(|unit| unit.text)
            .collect()
    }

    #[test]
    fn words_and_characters_are_units() {
        assert_eq!(words("It doesn't fit."), ["it", "doesn't", "fit"]);
        assert_eq!(words("我们 get 12"), ["我", "们", "get"]);
        assert_eq!(words("naïve Zoë"), ["naïve", "zoë"]);
        assert_eq!(units("да")[0].script, Script::Cyrillic);
        assert_eq!(units("ひ")[0].script, Script::Kana);
        // A Cyrillic letter inside a Latin word.
        assert_eq!(units("p\u{430}ris")[0].script, Script::Other);
    }

    #[test]
    fn what_is_not_language_is_left_out() {
        assert!(words("7 + 5 = 12").is_empty());
        assert!(words("x = 3y, ABC, sin(x), x_1, n2").is_empty());
        assert!(words("`let word = 1` ```\nfor word in words\n```").is_empty());
        assert!(words(r"$word$ \(word\) \[word\] \frac{word}{word} $$word$$").is_empty());
        assert!(words("<think></think><answer></answer>").is_empty());
        assert!(words("<!-- seven --> &nbsp; &#1234; <!-- and").is_empty());
        assert_eq!(words("this & that; R&D"), ["this", "that"]);
        assert_eq!(words("costs $5 and $6"), ["costs", "and"]);
    }

    #[test]
    fn repeating_words_earns_nothing() {
        assert_eq!(words("the the the cat"), ["the", "cat"]);
        assert_eq!(words("the cat the dog the"), ["the", "cat", "the", "dog"]);
        assert_eq!(words("的的的的"), ["的"]);
        assert_eq!(words("的是".repeat(50).as_str()).len(), 4);
        let apart = "one two three four five six seven eight nine one";
        assert_eq!(words(apart).len(), 10);
    }

    #[test]
    fn unclosed_markup_is_read_to_its_end() {
        for text in [
            "```code", "\\(x", "$$x", "\\frac{", "`code", "$x", "\\", "<think",
        ] {
            let _ = units(text);
        }
        assert_eq!(words("`two words"), ["two", "words"]);
    }
}
