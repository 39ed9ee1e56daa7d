//! What texts are compared by: the hashes of their words, or characters where a script parts no words.
//!
//! Texts that differ only in case, spacing or the marks between sentences have the same units;
//! numbers with their decimals, operators and parentheses count. Left out: accents and other forms of one
//! letter, which stay different.

use crate::language::is_han;

/// The units of a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Units {
    /// Their hashes, in order.
    pub hashes: Vec<u64>,
    /// How many are characters of a script without spaces.
    pub characters: usize,
}

impl Units {
    /// Whether most units are characters.
    pub fn is_by_character(&self) -> bool {
        self.characters * 2 > self.hashes.len()
    }
}

/// The units of a text: lower-case words, numbers, operators, and the characters of Chinese,
/// Japanese, Thai, Lao, Khmer, Burmese and Yi. Full-width forms and the usual signs of arithmetic count
/// as their ASCII forms.
pub fn units(text: &str) -> Units {
    let mut found = Units {
        hashes: Vec::with_capacity(text.len() / 5),
        characters: 0,
    };
    let mut word = Word::default();
    let mut chars = text.chars().map(narrow).peekable();
    let mut before = ' ';
    while let Some(c) = chars.next() {
        let alone = is_alone(c);
        let inside = matches!(c, '.' | ',')
            && before.is_ascii_digit()
            && chars.peek().is_some_and(char::is_ascii_digit);
        if (c.is_alphanumeric() && !alone) || inside {
            word.push(c);
        } else {
            word.end(&mut found.hashes);
            if alone || is_operator(c) {
                found.characters += usize::from(alone);
                word.push(c);
                word.end(&mut found.hashes);
            }
        }
        before = c;
    }
    word.end(&mut found.hashes);
    found
}

/// A word so far: FNV-1a over its characters.
#[derive(Default)]
struct Word(Option<u64>);

impl Word {
    fn push(&mut self, c: char) {
        if c.is_ascii() {
            self.add(c.to_ascii_lowercase());
        } else {
            c.to_lowercase().for_each(|c| self.add(c));
        }
    }

    fn add(&mut self, c: char) {
        let hash = self.0.unwrap_or(0xcbf2_9ce4_8422_2325) ^ u64::from(c);
        self.0 = Some(hash.wrapping_mul(0x100_0000_01b3));
    }

    fn end(&mut self, hashes: &mut Vec<u64>) {
        if let Some(hash) = self.0.take() {
            hashes.push(mix(hash));
        }
    }
}

/// MurmurHash3's last step: every bit of the input moves every bit of the output.
pub fn mix(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

fn is_operator(c: char) -> bool {
    c.is_ascii() && "+-*/=<>^%()&|~".contains(c)
}

/// Whether a character is a unit by itself: its script parts no words by spaces.
fn is_alone(c: char) -> bool {
    c >= '\u{e00}'
        && (is_han(c)
            || matches!(c,
                '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{ff66}'..='\u{ff9d}'
                | '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
                | '\u{a000}'..='\u{a4cf}')
                && c.is_alphanumeric())
}

/// Full-width forms and the usual operator signs as ASCII.
fn narrow(c: char) -> char {
    if c.is_ascii() {
        return c;
    }
    match c {
        '×' | '·' | '⋅' | '∙' => '*',
        '÷' => '/',
        '−' | '–' => '-',
        '\u{3000}' | '\u{a0}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(a: &str, b: &str) -> bool {
        units(a) == units(b)
    }

    #[test]
    fn units_are_parted_by_hand() {
        assert_eq!(units("What is 8 - 4?").hashes.len(), 5);
        assert!(same("Solve  2*x = 10.", "solve 2 × X＝10"));
        assert!(!same("8 - 4", "8 + 4"));
        assert!(!same("1.5", "15"));
        assert!(!same("a b", "ab"));
        assert!(same("1,000.5, then", "1,000.5 then"));
        assert_eq!(units("1,000.5, then").hashes.len(), 2);
        assert_eq!(units(" .,!? 。"), Units::default());
    }

    #[test]
    fn characters_are_units_where_words_are_not_parted() {
        let chinese = units("求 x：2×x＝10。");
        assert_eq!((chinese.hashes.len(), chinese.characters), (7, 1));
        assert!(!chinese.is_by_character());
        assert!(units("ひらがなと漢字 ok").is_by_character());
        assert!(units("ภาษาไทย").is_by_character());
        assert!(!units("한국어는 띄어 쓴다").is_by_character());
    }
}
