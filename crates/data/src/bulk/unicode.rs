//! Characters the two engines class differently, their Unicode versions not being the same.

/// Digits that only the newest Unicode has. The test compares every character.
const UNSETTLED: [(char, char); 2] = [('\u{11de0}', '\u{11de9}'), ('\u{16ff4}', '\u{16ff6}')];

/// Whether the engines class a character differently.
pub(super) fn is_unsettled(c: char) -> bool {
    c >= '\u{11de0}' && UNSETTLED.iter().any(|&(from, to)| (from..=to).contains(&c))
}

#[cfg(test)]
mod tests {
    use regex_automata::meta::Regex;
    use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
    use tokenizers::{OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer};

    use super::super::pattern::CATEGORIES;
    use super::*;

    /// Which characters of a text `tokenizers` takes for one of the pattern's.
    fn isolated(pattern: &str, text: &str) -> Vec<(usize, usize)> {
        let split = Split::new(
            SplitPattern::Regex(pattern.to_owned()),
            tokenizers::SplitDelimiterBehavior::Removed,
            true,
        )
        .unwrap();
        let mut text = PreTokenizedString::from(text);
        split.pre_tokenize(&mut text).unwrap();
        let pieces = text.get_splits(OffsetReferential::Original, OffsetType::Byte);
        pieces.into_iter().map(|(_, offsets, _)| offsets).collect()
    }

    #[test]
    fn every_other_character_is_classed_alike() {
        let all: Vec<char> = ('\0'..=char::MAX).collect();
        let mut differing = std::collections::BTreeSet::new();
        let categories = CATEGORIES.map(|name| format!(r"\p{{{name}}}"));
        let classes = categories.iter().map(String::as_str).chain([r"\s"]);
        for class in classes {
            let regex = Regex::new(class).unwrap();
            for some in all.chunks(1 << 14) {
                let text: String = some.iter().collect();
                let ours: Vec<(usize, usize)> = regex
                    .find_iter(&text)
                    .map(|found| (found.start(), found.end()))
                    .collect();
                let theirs = isolated(class, &text);
                if ours != theirs {
                    let ours: std::collections::BTreeSet<_> = ours.into_iter().collect();
                    let theirs: std::collections::BTreeSet<_> = theirs.into_iter().collect();
                    for (at, _) in ours.symmetric_difference(&theirs) {
                        differing.extend(text[*at..].chars().next());
                    }
                }
            }
        }
        let numbers = Regex::new(r"\p{N}").unwrap();
        differing.extend(all.iter().filter(|&&c| {
            c.is_numeric() != numbers.is_match(c.encode_utf8(&mut [0; 4]).as_bytes())
        }));
        let listed: std::collections::BTreeSet<char> =
            all.into_iter().filter(|&c| is_unsettled(c)).collect();
        let missing: Vec<&char> = differing.difference(&listed).collect();
        assert!(missing.is_empty(), "{}", ranges(&missing));
    }

    /// As the table has them.
    fn ranges(chars: &[&char]) -> String {
        chars
            .chunk_by(|a, b| **a as u32 + 1 == **b as u32)
            .map(|run| {
                let (from, to) = (*run[0] as u32, *run[run.len() - 1] as u32);
                format!("('\\u{{{from:x}}}', '\\u{{{to:x}}}'), ")
            })
            .collect()
    }
}
