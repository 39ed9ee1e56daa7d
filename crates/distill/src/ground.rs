//! Where the numbers of a reasoning come from, and what it makes of those it was given. Signs do
//! not count.

use data::{Rational, is_han};

use crate::claims::Sentence;
use crate::words::words;

fn sizes<'a>(numbers: impl IntoIterator<Item = &'a Rational>) -> Vec<Rational> {
    let mut distinct = Vec::new();
    for size in numbers.into_iter().map(|number| number.abs()) {
        if !distinct.contains(&size) {
            distinct.push(size);
        }
    }
    distinct
}

/// The share of the question's numbers that the reasoning mentions; 1 where it has fewer than two.
pub(crate) fn relevance(question: &[Sentence], sentences: &[Sentence]) -> f64 {
    let asked = sizes(question.iter().flat_map(|sentence| &sentence.numbers));
    let said = sizes(sentences.iter().flat_map(|sentence| &sentence.numbers));
    if asked.len() < 2 {
        return 1.0;
    }
    asked.iter().filter(|number| said.contains(number)).count() as f64 / asked.len() as f64
}

/// The share of the numbers computed with or denied (`…, not 7`) that come from somewhere; `text`
/// is the question. Goes through the claims in order: such a number must be one of the question,
/// or have come up before as a number or a value, or be said in words. Signs do not count.
pub(crate) fn grounded(text: &str, question: &[Sentence], sentences: &[Sentence]) -> f64 {
    let mut known = sizes(question.iter().flat_map(|sentence| &sentence.numbers));
    known.extend(in_words(text));
    let (mut all, mut from_somewhere) = (0_usize, 0_usize);
    for sentence in sentences {
        known.extend(sizes(&sentence.prose));
        for chain in &sentence.chains {
            let mut new = Vec::new();
            for side in chain.sides.iter().flatten() {
                let mut numbers = Vec::new();
                side.numbers(&mut numbers);
                // The other sides are justified by being equal to the first.
                if side.computes() && new.is_empty() {
                    let used: Vec<Rational> = numbers.iter().map(|n| n.abs()).collect();
                    all += used.len();
                    from_somewhere += used.iter().filter(|number| known.contains(number)).count();
                }
                new.extend(numbers);
                new.extend(side.closed());
            }
            known.extend(sizes(&new));
        }
        let denied = sentence.denied.iter().map(|denial| denial.value.abs());
        for number in denied {
            all += 1;
            from_somewhere += usize::from(known.contains(&number));
        }
    }
    if all == 0 {
        1.0
    } else {
        from_somewhere as f64 / all as f64
    }
}

/// Numbers in words, and those that words like "twice" stand for.
pub(crate) fn in_words(text: &str) -> Vec<Rational> {
    const ENGLISH: &[(&str, i128)] = &[
        ("one", 1),
        ("two", 2),
        ("three", 3),
        ("four", 4),
        ("five", 5),
        ("six", 6),
        ("seven", 7),
        ("eight", 8),
        ("nine", 9),
        ("ten", 10),
        ("eleven", 11),
        ("twelve", 12),
        ("dozen", 12),
        ("twenty", 20),
        ("hundred", 100),
        ("percent", 100),
        ("thousand", 1000),
        ("half", 2),
        ("twice", 2),
        ("double", 2),
        ("triple", 3),
        ("quarter", 4),
        ("pair", 2),
        ("average", 2),
    ];
    const CHINESE: &[(char, i128)] = &[
        ('一', 1),
        ('二', 2),
        ('两', 2),
        ('三', 3),
        ('四', 4),
        ('五', 5),
        ('六', 6),
        ('七', 7),
        ('八', 8),
        ('九', 9),
        ('十', 10),
        ('百', 100),
        ('千', 1000),
        ('半', 2),
        ('双', 2),
    ];
    let words = words(text);
    let english = words.iter().filter_map(|word| {
        ENGLISH
            .iter()
            .find(|(known, _)| word.trim_end_matches('s') == *known)
            .map(|(_, n)| *n)
    });
    let chinese = text.chars().filter(|c| is_han(*c)).filter_map(|c| {
        CHINESE
            .iter()
            .find(|(known, _)| c == *known)
            .map(|(_, number)| *number)
    });
    let percent = text.contains('%').then_some(100);
    english
        .chain(chinese)
        .chain(percent)
        .filter_map(|number| Rational::new(number, 1))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::read;

    #[test]
    fn numbers_come_from_somewhere() {
        let share = |question: &str, text: &str| grounded(question, &read(question), &read(text));
        assert_eq!(share("8 and 3?", "8 + 3 = 11, 11 - 3 = 8."), 1.0);
        assert_eq!(share("8 and 3?", "8 + 3 = 11, 11 - 2 = 9."), 0.75);
        assert_eq!(share("8 and -3?", "8 + 3 = 11 = 20 - 9."), 1.0);
        assert_eq!(share("8?", "An hour has 60 minutes. 8 * 60 = 480."), 1.0);
        assert_eq!(share("一半的 8？", "8 / 2 = 4。"), 1.0);
        assert_eq!(share("20% of 8?", "8 * 20 / 100 = 1.6."), 1.0);
        assert_eq!(share("8?", "No computation."), 1.0);
    }

    #[test]
    fn numbers_of_the_question_are_mentioned() {
        let share = |question: &str, text: &str| relevance(&read(question), &read(text));
        assert_eq!(share("8, 3, 8 and -1?", "8 + 1"), 2.0 / 3.0);
        assert_eq!(share("8?", "nothing"), 1.0);
    }
}
