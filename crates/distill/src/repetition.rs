//! Loops of a reasoning: of lines, of phrases, of characters, and what has hardly anything new.
//!
//! Left out: paraphrases of one thought, which are not the same words.

use std::collections::BTreeMap;

use rewards::Repetition;

use crate::rules::RuleConfig;
use crate::words::words;

/// Words of a phrase.
const PHRASE: usize = 4;

/// Below so many phrases a share says little.
const FEWEST: usize = 40;

/// The longest piece that is looked for in loops of characters.
const PIECE: usize = 32;

/// What comes up too often.
pub(crate) fn repetition(reasoning: &str, config: &RuleConfig) -> Option<String> {
    lines(reasoning, config.max_line_repeats)
        .or_else(|| phrases(reasoning, config))
        .or_else(|| characters(reasoning, config.max_character_loop))
        .or_else(|| share(reasoning, config.max_repeated))
}

fn lines(reasoning: &str, most: usize) -> Option<String> {
    let mut lines: BTreeMap<&str, usize> = BTreeMap::new();
    let all = reasoning.lines().map(str::trim);
    for line in all.filter(|line| !line.is_empty()) {
        *lines.entry(line).or_default() += 1;
    }
    let (line, count) = lines.into_iter().find(|(_, count)| *count > most)?;
    Some(format!("`{}` {count} times", start(line)))
}

fn phrases(reasoning: &str, config: &RuleConfig) -> Option<String> {
    let words = words(reasoning);
    let mut phrases: BTreeMap<&[String], usize> = BTreeMap::new();
    for phrase in words.windows(PHRASE) {
        *phrases.entry(phrase).or_default() += 1;
    }
    let (phrase, count) = phrases.into_iter().find(|(_, count)| {
        // Overlapping phrases cover less than four words each, so this share is an upper bound.
        *count > config.max_phrase_repeats
            && (PHRASE * count) as f64 >= config.phrase_share * words.len() as f64
    })?;
    Some(format!("`{}` {count} times", start(&phrase.join(" "))))
}

/// A piece that follows on itself over more than `most` characters, three times at least.
fn characters(reasoning: &str, most: usize) -> Option<String> {
    let text: Vec<char> = reasoning.chars().collect();
    for period in 1..=PIECE {
        let mut same = 0;
        for at in period..text.len() {
            same = match text[at] == text[at - period] {
                true => same + 1,
                false => 0,
            };
            let length = same + period;
            if same >= 2 * period && length > most {
                let piece = &text[at + 1 - period..=at];
                if piece.iter().any(|c| c.is_alphanumeric()) {
                    let piece: String = piece.iter().collect();
                    return Some(format!("`{}` over {length} characters", piece.trim()));
                }
            }
        }
    }
    None
}

/// The share of phrases that came before, of a reasoning with enough of them.
fn share(reasoning: &str, most: f32) -> Option<String> {
    let repeated = Repetition { ngram: PHRASE }.repeated(reasoning);
    (repeated.of >= FEWEST && repeated.share() > most)
        .then(|| format!("{} of {} phrases came before", repeated.again, repeated.of))
}

/// The start of a text, short enough for a report.
fn start(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<String> {
        repetition(text, &RuleConfig::default())
    }

    #[test]
    fn characters_loop_by_hand() {
        let most = |text: &str| characters(text, 12);
        // Twelve characters may, thirteen may not.
        assert_eq!(most(&"a".repeat(12)), None);
        assert_eq!(most(&"a".repeat(13)).unwrap(), "`a` over 13 characters");
        assert_eq!(
            most("say haha haha haha!").unwrap(),
            "`haha` over 15 characters"
        );
        // Twice is not a loop, however long.
        assert_eq!(most(&"0123456789".repeat(2)), None);
        assert!(most(&"0123456789".repeat(3)).is_some());
        // A ruler is no loop.
        assert_eq!(most(&"-".repeat(80)), None);
        assert_eq!(most(&"| --- ".repeat(20)), None);
        assert!(most(&"哈".repeat(13)).is_some());
    }

    #[test]
    fn what_is_hardly_new_is_a_loop_of_any_length() {
        // 20 words and a number a line: 17 phrases of four without the number, said again each time.
        let line = |at: usize| -> String {
            let words = (0..20).map(|i| format!("w{i} "));
            words.chain([at.to_string()]).collect()
        };
        let text = |times: usize| (0..times).map(line).collect::<Vec<_>>().join("\n");
        // 17 phrases a line come again: 2 × 17 of 60, 8 × 17 of 186.
        assert_eq!(share(&text(3), 0.7), None);
        assert_eq!(
            share(&text(9), 0.7).unwrap(),
            "136 of 186 phrases came before"
        );
        assert_eq!(share(&text(2), 0.1), None, "39 phrases are too few");
    }

    #[test]
    fn a_loop_of_several_lines_is_one_of_lines() {
        let text = "Try 3 now.\nThat is not it.\n".repeat(3);
        assert!(found(&text).unwrap().ends_with("3 times"));
        assert_eq!(found("Seven and five make twelve,\nso twelve it is."), None);
    }
}
