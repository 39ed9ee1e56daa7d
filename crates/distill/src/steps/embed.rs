//! What a language model can add: vectors of sentences, and how surprising a step is.

use super::text::content;

/// Vectors of texts, in which those about the same lie close together.
pub trait Embed {
    /// One vector per text, all of one length. They need not be normalised.
    fn embed(&self, texts: &[&str]) -> Vec<Vec<f32>>;
}

/// How a language model takes to a response.
pub trait Surprise {
    /// How surprising each of `parts` is, which make up a response to `question` one after the other:
    /// each after the question and all parts before it.
    fn surprise(&self, question: &str, parts: &[&str]) -> Vec<Likelihood>;
}

/// What a language model makes of a text.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Likelihood {
    /// Negative log-likelihood of its tokens, summed, in nats.
    pub nats: f64,
    /// Its tokens.
    pub tokens: usize,
}

impl Likelihood {
    /// Nats a token; 0 of a text without tokens.
    pub fn mean(self) -> f64 {
        self.nats / self.tokens.max(1) as f64
    }

    /// The exponential of [`Self::mean`], from 1.
    pub fn perplexity(self) -> f64 {
        self.mean().exp()
    }
}

impl std::iter::Sum for Likelihood {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self::default(), |sum, part| Self {
            nats: sum.nats + part.nats,
            tokens: sum.tokens + part.tokens,
        })
    }
}

/// Counts of words hashed into a fixed number of places: no model, no meaning, but words in common.
#[derive(Debug, Clone, Copy)]
pub struct BagOfWords {
    /// Places of a vector. Default 512.
    pub places: usize,
}

impl Default for BagOfWords {
    fn default() -> Self {
        Self { places: 512 }
    }
}

impl Embed for BagOfWords {
    fn embed(&self, texts: &[&str]) -> Vec<Vec<f32>> {
        let one = |text: &&str| {
            let mut vector = vec![0.0; self.places.max(1)];
            for word in content(text) {
                let place = fnv(word.as_bytes()) as usize % vector.len();
                vector[place] += 1.0;
            }
            vector
        };
        texts.iter().map(one).collect()
    }
}

/// FNV-1a of 64 bits.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The cosine of two vectors; 0 where one has no length.
pub(crate) fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot: f32 = a.iter().zip(b).map(|(x, y)| x * y).sum();
    let norm = |v: &[f32]| v.iter().map(|x| x * x).sum::<f32>().sqrt();
    let length = norm(a) * norm(b);
    if length > 0.0 { dot / length } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_common_make_vectors_alike() {
        let v = BagOfWords::default().embed(&["red apples", "red apple", "blue whales", ""]);
        assert!((cosine(&v[0], &v[1]) - 1.0).abs() < 1e-6);
        assert_eq!(cosine(&v[0], &v[2]), 0.0);
        assert_eq!(cosine(&v[0], &v[3]), 0.0);
    }
}
