//! Rules a document has to pass, each with the reason it counts under.
//!
//! From Gopher (arXiv 2112.11446, table A1) and C4 (arXiv 1910.10683, section 2.2). Code is held to the
//! lengths alone: its brackets and short lines are no fault. Left out: filters learned from data, and lists
//! of bad words.

use std::collections::HashMap;

use data::ngrams::Units;
use serde::{Deserialize, Serialize};

/// The rules; `None` switches one off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QualitySettings {
    /// `too_short`: fewer words (characters where a script parts none). Gopher: 50.
    pub fewest_words: Option<usize>,
    /// `too_long`: more words. Gopher: 100,000.
    pub most_words: Option<usize>,
    /// `repeated_lines`: the share of characters in lines that came before in the document. Gopher: 0.2.
    pub repeated_lines: Option<f64>,
    /// `repeated_phrases`: the share of runs of ten words, or thirty characters where a script parts no words,
    /// that came before. Gopher counts their characters: 0.1.
    pub repeated_phrases: Option<f64>,
    /// `symbols`: `#` and ellipses for a word. Gopher: 0.1.
    pub symbols: Option<f64>,
    /// `few_letters`: the least share of letters (with their marks) among what is not space. Gopher has 0.8 of words
    /// with a letter; here 0.6 of characters, since words are not parted everywhere.
    pub fewest_letters: Option<f64>,
    /// `bullets`: the share of lines that begin with a bullet. Gopher: 0.9.
    pub bullets: Option<f64>,
    /// `ellipses`: the share of lines that end in an ellipsis. Gopher: 0.3.
    pub ellipses: Option<f64>,
    /// `word_length`: the mean length of words in characters, of documents in scripts with spaces. Gopher: 3 to
    /// 10; here to 15, for languages that join words.
    pub word_length: Option<(f64, f64)>,
    /// `placeholder`: has “lorem ipsum” in it, as C4 drops.
    pub placeholder: bool,
}

impl Default for QualitySettings {
    fn default() -> Self {
        Self {
            fewest_words: Some(50),
            most_words: Some(100_000),
            repeated_lines: Some(0.2),
            repeated_phrases: Some(0.1),
            symbols: Some(0.1),
            fewest_letters: Some(0.6),
            bullets: Some(0.9),
            ellipses: Some(0.3),
            word_length: Some((3.0, 15.0)),
            placeholder: true,
        }
    }
}

impl QualitySettings {
    /// Every rule switched off.
    pub fn off() -> Self {
        Self {
            fewest_words: None,
            most_words: None,
            repeated_lines: None,
            repeated_phrases: None,
            symbols: None,
            fewest_letters: None,
            bullets: None,
            ellipses: None,
            word_length: None,
            placeholder: false,
        }
    }

    /// The first rule a document breaks, by name. `units` are those of `text`; mathematics is not held to
    /// `symbols`, `few_letters` and `word_length`, code to the lengths alone.
    pub fn broken(&self, text: &str, units: &Units, domain: &str) -> Option<&'static str> {
        let words = units.hashes.len();
        if self.fewest_words.is_some_and(|fewest| words < fewest) {
            return Some("too_short");
        }
        if self.most_words.is_some_and(|most| words > most) {
            return Some("too_long");
        }
        if domain == "code" {
            return None;
        }
        let over = |share: f64, most: Option<f64>| most.is_some_and(|most| share > most);
        let lines = Lines::of(text);
        if over(lines.repeated, self.repeated_lines) {
            return Some("repeated_lines");
        }
        if over(lines.bullets, self.bullets) {
            return Some("bullets");
        }
        if over(lines.ellipses, self.ellipses) {
            return Some("ellipses");
        }
        if self.repeated_phrases.is_some() && over(repeated(units), self.repeated_phrases) {
            return Some("repeated_phrases");
        }
        if self.placeholder && has_placeholder(text) {
            return Some("placeholder");
        }
        if domain == "mathematics" {
            return None;
        }
        let signs = Signs::of(text);
        if over(signs.symbols as f64 / words.max(1) as f64, self.symbols) {
            return Some("symbols");
        }
        let letters = signs.letters as f64 / signs.visible.max(1) as f64;
        if self.fewest_letters.is_some_and(|fewest| letters < fewest) {
            return Some("few_letters");
        }
        let length = signs.letters as f64 / words.max(1) as f64;
        let unusual = |(least, most)| length < least || length > most;
        if !units.is_by_character() && self.word_length.is_some_and(unusual) {
            return Some("word_length");
        }
        None
    }
}

/// Shares among the lines that are not empty.
struct Lines {
    repeated: f64,
    bullets: f64,
    ellipses: f64,
}

impl Lines {
    fn of(text: &str) -> Self {
        let mut seen = HashMap::new();
        let (mut lines, mut bytes, mut repeated, mut bullets, mut ellipses) = (0, 0, 0, 0, 0);
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            lines += 1;
            bytes += line.len();
            if seen.insert(line, ()).is_some() {
                repeated += line.len();
            }
            bullets += usize::from(line.starts_with(['•', '‣', '*', '-', '●', '▪']));
            ellipses += usize::from(line.ends_with("...") || line.ends_with('…'));
        }
        let share = |count: usize, of: usize| count as f64 / of.max(1) as f64;
        Self {
            repeated: share(repeated, bytes),
            bullets: share(bullets, lines),
            ellipses: share(ellipses, lines),
        }
    }
}

/// The share of runs of ten words, or of as much text in characters, that came before in the text.
fn repeated(units: &Units) -> f64 {
    let run = if units.is_by_character() { 30 } else { 10 };
    if units.hashes.len() < run {
        return 0.0;
    }
    let mut runs: Vec<u64> = units
        .hashes
        .windows(run)
        .map(|run| {
            run.iter().fold(0, |hash: u64, unit| {
                hash.rotate_left(5).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ unit
            })
        })
        .collect();
    let all = runs.len();
    runs.sort_unstable();
    runs.dedup();
    (all - runs.len()) as f64 / all as f64
}

fn has_placeholder(text: &str) -> bool {
    text.as_bytes()
        .windows(11)
        .any(|it| it[0] | 0x20 == b'l' && it.eq_ignore_ascii_case(b"lorem ipsum"))
}

/// Characters of a text by what they are.
struct Signs {
    visible: usize,
    letters: usize,
    symbols: usize,
}

impl Signs {
    fn of(text: &str) -> Self {
        let (mut visible, mut letters, mut symbols) = (0, 0, 0);
        let mut before = ['\0'; 2];
        for c in text.chars().filter(|c| !c.is_whitespace()) {
            visible += 1;
            // Marks above and below letters are not alphabetic; none of them is ASCII.
            let mark = c >= '\u{300}' && !c.is_alphanumeric() && is_mark(c);
            letters += usize::from(c.is_alphabetic() || mark);
            symbols += usize::from(matches!(c, '#' | '…') || (c == '.' && before == ['.', '.']));
            before = [before[1], c];
        }
        Self {
            visible,
            letters,
            symbols,
        }
    }
}

/// Signs that stand with letters: combining marks, viramas, tone marks.
fn is_mark(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5c7}' | '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}'
        | '\u{900}'..='\u{963}' | '\u{980}'..='\u{dff}' | '\u{e31}'..='\u{e4e}' | '\u{eb1}'..='\u{ece}'
        | '\u{f18}'..='\u{fbc}' | '\u{102b}'..='\u{108f}' | '\u{1732}'..='\u{17dd}' | '\u{1b00}'..='\u{1bff}'
        | '\u{a8e0}'..='\u{aaff}' | '\u{abe3}'..='\u{abed}')
}

#[cfg(test)]
mod tests {
    use data::ngrams::units;

    use super::*;

    /// Sixty different words of five letters, ten to a line.
    fn good() -> String {
        let words: Vec<String> = (0..60u32)
            .map(|i| {
                [i / 26, i % 26, 7, 4, 3]
                    .map(|at| char::from(b'a' + at as u8))
                    .iter()
                    .collect()
            })
            .collect();
        words
            .chunks(10)
            .map(|line| line.join(" ") + ".\n")
            .collect()
    }

    fn broken(text: &str) -> Option<&'static str> {
        broken_in(text, "prose")
    }

    fn broken_in(text: &str, domain: &str) -> Option<&'static str> {
        QualitySettings::default().broken(text, &units(text), domain)
    }

    #[test]
    fn each_rule_has_its_reason() {
        assert_eq!(broken(&good()), None);
        assert_eq!(broken("One two three."), Some("too_short"));
        let good = good();
        assert_eq!(broken(&good.repeat(1700)), Some("too_long"));
        assert_eq!(broken(&format!("{good}{good}")), Some("repeated_lines"));
        // The same words in other lines.
        let lines = good.replace('\n', " ").replacen(". ", " ", 3);
        assert_eq!(broken(&format!("{good}{lines}")), Some("repeated_phrases"));
        assert_eq!(broken(&good.replace(' ', " # ")), Some("symbols"));
        assert_eq!(broken(&good.replace(' ', " $$$$$$ ")), Some("few_letters"));
        let bullets: String = good.lines().map(|line| format!("- {line}\n")).collect();
        assert_eq!(broken(&bullets), Some("bullets"));
        assert_eq!(broken(&good.replace(".\n", "...\n")), Some("ellipses"));
        assert_eq!(
            broken(&format!("{good}Lorem Ipsum dolor.")),
            Some("placeholder")
        );
        let letters: String = (0..100)
            .map(|i| format!("{} ", char::from(b'a' + i % 26)))
            .collect();
        assert_eq!(
            broken(
                &letters
                    .replace("z a b", "z aa bb")
                    .replace("z aa", "zz ab ")
            ),
            Some("repeated_phrases")
        );
        let long = good.replace(' ', "").replace(".\n", "\n");
        let settings = QualitySettings {
            fewest_words: None,
            ..QualitySettings::default()
        };
        assert_eq!(
            settings.broken(&long, &units(&long), "prose"),
            Some("word_length")
        );
    }

    #[test]
    fn rules_can_be_switched_off_and_code_is_held_to_lengths() {
        let text = "One two three. #####";
        assert_eq!(
            QualitySettings::off().broken(text, &units(text), "prose"),
            None
        );
        let code = good().replace(' ', " #$ ").repeat(2);
        assert_eq!(broken_in(&code, "code"), None);
        assert_eq!(broken_in("x = 1;", "code"), Some("too_short"));
        assert_eq!(broken_in(&good().replace(' ', " # "), "mathematics"), None);
    }

    #[test]
    fn shares_are_counted_by_hand() {
        // One line of two came before: four bytes of eight.
        assert_eq!(Lines::of("abcd\n\nabcd\n").repeated, 0.5);
        // Twelve runs of ten, of which the eleventh came before.
        let mut units = Units {
            hashes: (0..10).chain(0..10).chain([10]).collect(),
            characters: 0,
        };
        assert_eq!(repeated(&units), 1.0 / 12.0);
        // Of as many characters there is no run of thirty.
        units.characters = 21;
        assert_eq!(repeated(&units), 0.0);
        let signs = Signs::of("a b#… ...");
        assert_eq!((signs.visible, signs.letters, signs.symbols), (7, 2, 3));
    }
}
