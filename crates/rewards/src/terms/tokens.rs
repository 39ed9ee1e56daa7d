//! How long a response is, in tokens.

use std::sync::Arc;

use crate::reward::Verdict;

/// Counts the tokens of a text: a tokenizer, or any closure that does.
///
/// ```
/// use rewards::CountTokens;
///
/// let words = |text: &str| text.split_whitespace().count();
/// assert_eq!(words.count("seven and five"), 3);
/// ```
pub trait CountTokens: Send + Sync {
    /// The tokens `text` has.
    fn count(&self, text: &str) -> usize;
}

impl<F: Fn(&str) -> usize + Send + Sync> CountTokens for F {
    fn count(&self, text: &str) -> usize {
        self(text)
    }
}

/// A counter that leaves out what the prompt wrote of a response.
#[derive(Clone, Default)]
pub(crate) struct Tokens {
    pub(crate) counter: Option<Arc<dyn CountTokens>>,
    pub(crate) prefill: String,
}

impl Tokens {
    /// The tokens of `response`, the prefill not among them.
    ///
    /// # Errors
    /// Where nothing counts tokens, as the verdict that says so.
    pub(crate) fn of(&self, response: &str) -> Result<usize, Verdict> {
        let counter = self.counter.as_ref().ok_or_else(|| {
            Verdict::unjudged("nothing counts tokens: make the rubric with `Rubric::counting`")
        })?;
        let written = response.strip_prefix(&self.prefill).unwrap_or(response);
        Ok(counter.count(written))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Every word is a token.
    pub(crate) fn words(prefill: &str) -> Tokens {
        Tokens {
            counter: Some(Arc::new(|text: &str| text.split_whitespace().count())),
            prefill: prefill.into(),
        }
    }

    #[test]
    fn what_the_prompt_wrote_is_not_counted() {
        assert_eq!(words("<think> ").of("<think> a b"), Ok(2));
        assert_eq!(words("").of("<think> a b"), Ok(3));
        let none = Tokens::default().of("a b").unwrap_err();
        assert!(none.score().is_none() && none.reason().contains("counting"));
    }
}
