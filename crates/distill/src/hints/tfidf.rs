//! Texts as weighed words: an embedding that needs no model.

use data::ngrams::units;

use crate::steps::Embed;

/// Places of a vector.
const PLACES: usize = 1024;

/// Words and pairs of neighbouring words, hashed into 1,024 places with a sign (Weinberger et al., arXiv
/// 0902.2206), weighed by how rare they are: count × (ln((1 + n) / (1 + d)) + 1) for a place that d of
/// the n texts have. All numbers are one word, since problems alike differ in their numbers. Left out:
/// meaning; "twice" and "double" have nothing in common.
#[derive(Debug, Clone, PartialEq)]
pub struct TfIdf {
    weights: Vec<f32>,
}

impl TfIdf {
    /// Weighs words by their rarity in `texts`.
    pub fn fit<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut having = vec![0usize; PLACES];
        let mut count = 0usize;
        for text in texts {
            count += 1;
            let mut places: Vec<usize> = features(text).map(|(place, _)| place).collect();
            places.sort_unstable();
            places.dedup();
            places.into_iter().for_each(|place| having[place] += 1);
        }
        let weight = |having| ((1 + count) as f32 / (1 + having) as f32).ln() + 1.0;
        Self {
            weights: having.into_iter().map(weight).collect(),
        }
    }
}

impl Embed for TfIdf {
    fn embed(&self, texts: &[&str]) -> Vec<Vec<f32>> {
        let one = |text: &&str| {
            let mut vector = vec![0.0; PLACES];
            for (place, sign) in features(text) {
                vector[place] += sign * self.weights[place];
            }
            vector
        };
        texts.iter().map(one).collect()
    }
}

/// The place and sign of each word and each pair.
fn features(text: &str) -> impl Iterator<Item = (usize, f32)> {
    let words = units(&without_numbers(text)).hashes;
    let pair = |pair: &[u64]| pair[0].rotate_left(21) ^ pair[1].wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let pairs: Vec<u64> = words.windows(2).map(pair).collect();
    words.into_iter().chain(pairs).map(|hash| {
        let sign = if hash >> 63 == 0 { 1.0 } else { -1.0 };
        ((hash >> 20) as usize % PLACES, sign)
    })
}

/// Every number, with its decimals and separators, as `0`.
fn without_numbers(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let digit = |at: usize| chars.get(at).is_some_and(char::is_ascii_digit);
    let mut out = String::with_capacity(text.len());
    let mut open = false;
    for (at, &c) in chars.iter().enumerate() {
        let inside = open && matches!(c, '.' | ',') && digit(at + 1);
        if c.is_ascii_digit() && !open {
            out.push('0');
        } else if !c.is_ascii_digit() && !inside {
            out.push(c);
        }
        open = c.is_ascii_digit() || inside;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steps::cosine;

    #[test]
    fn numbers_are_one_word() {
        assert_eq!(without_numbers("1,234.5 of 7, and x2."), "0 of 0, and x0.");
        let tfidf = TfIdf::fit([]);
        let v = tfidf.embed(&["What is 3 + 4?", "What is 1,000 + 22.5?", "What is 3 - 4?"]);
        assert!((cosine(&v[0], &v[1]) - 1.0).abs() < 1e-6);
        assert!(cosine(&v[0], &v[2]) < 0.9);
    }

    #[test]
    fn rare_words_weigh_more() {
        let texts = [
            "the red apple",
            "the blue whale",
            "the green pear",
            "the red apple pie",
        ];
        let tfidf = TfIdf::fit(texts);
        let v = tfidf.embed(&["the apple", "the whale", "an apple", ""]);
        assert!(cosine(&v[0], &v[2]) > cosine(&v[0], &v[1]));
        assert_eq!(cosine(&v[0], &v[3]), 0.0);
        // "the" is in all four texts: ln(5 / 5) + 1; a word of none: ln 5 + 1.
        let least = tfidf.weights.iter().copied().fold(f32::INFINITY, f32::min);
        let most = tfidf.weights.iter().copied().fold(0.0, f32::max);
        assert_eq!(least, 1.0);
        assert!((most - (5f32.ln() + 1.0)).abs() < 1e-6);
    }
}
