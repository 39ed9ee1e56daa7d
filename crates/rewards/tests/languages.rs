//! The language reward on real text in fifteen languages, where the files with it are at hand.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use rewards::{COMMON, consistency};
use serde_json::Value;

/// ISO 639-3 of the files to ISO 639-1.
const CODES: [(&str, &str); 15] = [
    ("ara", "ar"),
    ("cmn", "zh"),
    ("deu", "de"),
    ("eng", "en"),
    ("fra", "fr"),
    ("hin", "hi"),
    ("ita", "it"),
    ("jpn", "ja"),
    ("kor", "ko"),
    ("nld", "nl"),
    ("por", "pt"),
    ("rus", "ru"),
    ("spa", "es"),
    ("tur", "tr"),
    ("vie", "vi"),
];

fn texts(name: &str) -> Option<BTreeMap<&'static str, Vec<String>>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/lang");
    let mut texts: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for line in fs::read_to_string(file.join(name)).ok()?.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let (_, code) = CODES.iter().find(|(long, _)| row["lang"] == *long).unwrap();
        let text = row["text"].as_str().unwrap().to_owned();
        texts.entry(code).or_default().push(text);
    }
    Some(texts)
}

/// The language with the largest share.
fn guess(text: &str) -> Option<&'static str> {
    COMMON
        .into_iter()
        .filter_map(|code| Some((consistency(text, code)?, code)))
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, code)| code)
}

#[test]
fn four_words_are_enough_to_tell_the_language() {
    let Some(texts) = texts("lid15_short.jsonl") else {
        return;
    };
    for (code, texts) in texts {
        let guessed = texts.iter().filter(|text| guess(text) == Some(code));
        let own = |text: &&String| consistency(text, code).is_some_and(|share| share > 0.5);
        let (right, own) = (guessed.count(), texts.iter().filter(own).count());
        assert!(right * 100 >= texts.len() * 97, "{code}: {right}");
        assert!(own * 100 >= texts.len() * 97, "{code}: {own}");
    }
}

/// Words, or characters where words are not parted.
fn length(text: &str) -> usize {
    let by_character = |c: char| matches!(c, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}');
    let characters = text.chars().filter(|&c| by_character(c)).count();
    let mark = |c: char| matches!(c, '\u{300}'..='\u{36f}' | '\u{93a}'..='\u{94d}' | '\'' | '’');
    let words = text.split(|c: char| !(c.is_alphabetic() || mark(c)));
    let words = words.filter(|word| word.chars().count() > 1 && !word.chars().any(by_character));
    characters + words.count()
}

/// Whole lines of two languages in turn, `lines` in all.
fn mixture(a: &[String], b: &[String], mut state: u64, lines: usize) -> (String, f32) {
    let mut next = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as usize % below
    };
    let mut text = String::new();
    let mut lengths = [0, 0];
    for line in 0..lines {
        let (which, pool) = if line % 2 == 0 || next(2) == 0 {
            (0, a)
        } else {
            (1, b)
        };
        let line = &pool[next(pool.len())];
        lengths[which] += length(line);
        text.push_str(line);
        text.push(' ');
    }
    let share = lengths[0] as f32 / (lengths[0] + lengths[1]).max(1) as f32;
    (text, share)
}

#[test]
fn a_mixture_scores_its_share() {
    let Some(texts) = texts("lid15_lines.jsonl") else {
        return;
    };
    let mut errors: Vec<(f32, String)> = Vec::new();
    for (i, (a, of_a)) in texts.iter().enumerate() {
        for (j, (b, of_b)) in texts.iter().enumerate().filter(|(_, (b, _))| *b != a) {
            for lines in [4, 8, 16] {
                let (text, share) = mixture(of_a, of_b, (i * 15 + j * 331 + lines) as u64, lines);
                let error = consistency(&text, a).unwrap() - share;
                errors.push((error, format!("{a} {b} {lines}: {error:+.3} of {share:.2}")));
            }
        }
    }
    errors.sort_by(|(a, _), (b, _)| a.abs().total_cmp(&b.abs()));
    let mean: f32 = errors.iter().map(|(e, _)| e.abs()).sum::<f32>() / errors.len() as f32;
    let within = errors.iter().filter(|(e, _)| e.abs() <= 0.05).count();
    let worst: Vec<&str> = errors
        .iter()
        .rev()
        .map(|(_, line)| line.as_str())
        .take(10)
        .collect();
    assert!(
        within * 100 >= errors.len() * 99 && mean < 0.01,
        "{within} of {} within 5 points, mean {mean:.4}; the worst: {worst:#?}",
        errors.len()
    );
}
