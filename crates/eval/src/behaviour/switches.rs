//! Changes of language within a text.

use super::sentences::sentences;

/// The fewest words, or Chinese, Japanese and Thai characters, that a language is told from.
const ENOUGH: usize = 8;

/// How often the language changes from one stretch of `text` to the next. A stretch is as many sentences
/// as give a language enough to be told from; stretches without words of a known language, such as
/// formulas, are passed over. A single foreign word is no change.
pub fn switches(text: &str) -> usize {
    let mut stretches = Vec::new();
    let mut open: Option<(usize, usize)> = None;
    for place in sentences(text) {
        let start = open.map_or(place.start, |(start, _)| start);
        let words = open.map_or(0, |(_, words)| words) + length(&text[place.clone()]);
        if words >= ENOUGH {
            stretches.push(&text[start..place.end]);
            open = None;
        } else {
            open = Some((start, words));
        }
    }
    let languages: Vec<&str> = stretches
        .into_iter()
        .filter_map(rewards::identify)
        .collect();
    languages
        .windows(2)
        .filter(|pair| pair[0] != pair[1])
        .count()
}

/// Words, and characters of scripts that part no words.
fn length(sentence: &str) -> usize {
    let unspaced = |c: &char| matches!(*c, '\u{e00}'..='\u{e7f}' | '\u{3040}'..='\u{9fff}');
    let words = sentence
        .split_whitespace()
        .filter(|word| word.chars().any(|c| c.is_alphabetic() && !unspaced(&c)));
    words.count() + sentence.chars().filter(unspaced).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENGLISH: &str = "We first add the two numbers and then divide by three. ";
    const CHINESE: &str = "我们先把两个数加起来，然后除以三。";
    const GERMAN: &str = "Wir addieren zuerst die beiden Zahlen und teilen dann durch drei. ";

    #[test]
    fn changes_are_counted_between_stretches() {
        let text = |parts: &[&str]| parts.concat();
        assert_eq!(switches(&text(&[ENGLISH, ENGLISH])), 0);
        assert_eq!(switches(&text(&[ENGLISH, CHINESE, ENGLISH])), 2);
        assert_eq!(switches(&text(&[ENGLISH, "\n", CHINESE])), 1);
        assert_eq!(switches(&text(&[ENGLISH, GERMAN, GERMAN])), 1);
        assert_eq!(switches(&text(&[CHINESE, "3 + 4 = 7。", CHINESE])), 0);
        assert_eq!(switches(""), 0);
    }
}
