//! The language of a whole text.
//!
//! Left out: languages other than those this crate tells apart. One of them is taken for a relative that
//! has its script, Marathi for Hindi, or for none where it has no such relative.

use std::sync::LazyLock;

use super::FEWEST;
use super::identify::Identifier;
use super::known::LANGUAGES;
use crate::units::{Script, Unit, units};

/// How much of a text is read, in bytes.
const READ: usize = 2048;

/// How many words are heard.
const WORDS: usize = 64;

/// The ISO 639-1 code of the language the beginning of a text is in; `None` where it has fewer than three
/// words or is in no script of a known language. What is not language, such as code between
/// backticks and formulas, is not read.
///
/// ```
/// assert_eq!(rewards::identify("The quick brown fox is in the garden."), Some("en"));
/// assert_eq!(rewards::identify("7 + 5 = 12"), None);
/// ```
pub fn identify(text: &str) -> Option<&'static str> {
    let units = units(&text[..text.floor_char_boundary(READ)]);
    let units: Vec<&Unit> = units.iter().filter(|unit| unit.counts).collect();
    let (script, written) = most(&units)?;
    if written.len() < FEWEST {
        return None;
    }
    let mut codes = LANGUAGES.iter().filter(|(_, of, _)| *of == script);
    let (code, ..) = codes.next()?;
    if codes.next().is_none() {
        return Some(code);
    }
    static SEVERAL: LazyLock<Vec<(Script, Identifier)>> = LazyLock::new(|| {
        [Script::Latin, Script::Cyrillic, Script::Arabic]
            .map(|script| {
                let of_script = LANGUAGES.iter().filter(|(_, of, _)| *of == script);
                let langs = of_script.map(|(.., lang)| *lang).collect();
                (script, Identifier::new(langs))
            })
            .into()
    });
    let (_, identifier) = SEVERAL.iter().find(|(of, _)| *of == script)?;
    let lang = identifier.identify(&written[..written.len().min(WORDS)])?;
    let known = LANGUAGES.iter().find(|(.., other)| *other == lang)?;
    Some(known.0)
}

/// The script most words are in, and its words. Chinese characters are Japanese where at least a tenth
/// of them and the kana are kana.
fn most<'a>(units: &[&'a Unit]) -> Option<(Script, Vec<&'a Unit>)> {
    let east = |script| matches!(script, Script::Han | Script::Kana);
    let group = |script| if east(script) { Script::Han } else { script };
    let count = |script| {
        let same = |unit: &&&Unit| group(unit.script) == group(script);
        units.iter().filter(same).count()
    };
    let scripts = LANGUAGES.iter().map(|(_, script, _)| *script);
    // The first of those with the most.
    let script = scripts.rev().max_by_key(|&script| count(script))?;
    let words: Vec<&Unit> = units
        .iter()
        .filter(|unit| group(unit.script) == group(script))
        .copied()
        .collect();
    if !east(script) {
        return Some((script, words));
    }
    let kana = words.iter().filter(|unit| unit.script == Script::Kana);
    let script = if kana.count() * 10 >= words.len() {
        Script::Kana
    } else {
        Script::Han
    };
    Some((script, words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_the_language_they_are_in() {
        for (code, text) in [
            (
                "en",
                "All human beings are born free and equal in dignity and rights.",
            ),
            (
                "de",
                "Alle Menschen sind frei und gleich an Würde und Rechten geboren.",
            ),
            ("zh", "人人生而自由，在尊严和权利上一律平等。"),
            ("ja", "すべての人間は、生まれながらにして自由であり"),
            (
                "ru",
                "Все люди рождаются свободными и равными в своем достоинстве и правах.",
            ),
            ("el", "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι."),
            ("th", "มนุษย์ทั้งหลายเกิดมามีอิสระ"),
            ("ko", "모든 인간은 태어날 때부터 자유로우며 그 존엄과"),
        ] {
            assert_eq!(identify(text), Some(code), "{text}");
        }
    }

    #[test]
    fn few_words_and_other_scripts_have_none() {
        assert_eq!(identify(""), None);
        assert_eq!(identify("two words"), None);
        assert_eq!(
            identify("ყველა ადამიანი იბადება თავისუფალი და თანასწორი"),
            None
        );
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(identify(&format!("a{}", "语".repeat(1000))), None);
        let text = "人人生而自由在尊严和权利上一律平等".repeat(100);
        assert_eq!(identify(&format!("a{text}")), Some("zh"));
    }
}
