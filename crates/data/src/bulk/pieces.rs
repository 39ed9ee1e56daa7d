//! The pieces a tokenizer cuts a text into before it merges bytes: a chain of splits, each of what the one
//! before left.
//!
//! Left out: splits that drop, merge or mark what they match, and a space put before a text.

use regex_automata::meta::Cache;
use serde_json::Value;

use super::pattern::Pattern;

/// GPT-2's pattern, which a byte-level step of its own has.
const GPT2: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

#[derive(Debug)]
pub(super) struct Pieces(Vec<Pattern>);

/// The states of the automata of one thread.
#[derive(Debug, Default)]
pub(super) struct Searches(Vec<Cache>);

impl Pieces {
    /// The splits of a `pre_tokenizer`; `None` where it does something else.
    pub(super) fn of(pre_tokenizer: &Value) -> Option<Self> {
        let steps = match pre_tokenizer["type"].as_str()? {
            "Sequence" => pre_tokenizer["pretokenizers"].as_array()?.as_slice(),
            _ => std::slice::from_ref(pre_tokenizer),
        };
        let (last, splits) = steps.split_last()?;
        let mut patterns = Vec::new();
        for step in splits {
            patterns.push(match step["type"].as_str()? {
                "Split" => {
                    let isolated = step["behavior"] == "Isolated" && step["invert"] == false;
                    isolated.then_some(())?;
                    Pattern::new(step["pattern"]["Regex"].as_str()?)?
                }
                "Digits" if step["individual_digits"] == true => Pattern::new(r"\p{N}")?,
                "Digits" => Pattern::new(r"\p{N}+")?,
                _ => return None,
            });
        }
        let bytes = last["type"] == "ByteLevel" && last["add_prefix_space"] == false;
        bytes.then_some(())?;
        if last["use_regex"] != false {
            patterns.push(Pattern::new(GPT2)?);
        }
        Some(Self(patterns))
    }

    pub(super) fn searches(&self) -> Searches {
        Searches(self.0.iter().map(Pattern::cache).collect())
    }

    /// Calls `each` with the pieces in order, none of them empty, until it says `None`.
    pub(super) fn for_each(
        &self,
        text: &str,
        searches: &mut Searches,
        each: &mut impl FnMut(&str) -> Option<()>,
    ) -> Option<()> {
        cut(&self.0, &mut searches.0, text, each)
    }
}

fn cut(
    patterns: &[Pattern],
    caches: &mut [Cache],
    text: &str,
    each: &mut impl FnMut(&str) -> Option<()>,
) -> Option<()> {
    let (Some((pattern, patterns)), Some((cache, caches))) =
        (patterns.split_first(), caches.split_first_mut())
    else {
        return if text.is_empty() {
            Some(())
        } else {
            each(text)
        };
    };
    let mut at = 0;
    while at < text.len() {
        let (start, end) = pattern
            .find(cache, text, at)
            .unwrap_or((text.len(), text.len()));
        cut(patterns, caches, &text[at..start], each)?;
        cut(patterns, caches, &text[start..end], each)?;
        at = end;
    }
    Some(())
}
