//! The words of a step that carry its subject.

/// Words of English that carry none.
#[rustfmt::skip]
const FUNCTION: &[&str] = &[
    "the", "and", "for", "are", "was", "were", "has", "have", "had", "she", "her", "his", "him",
    "they", "them", "their", "that", "this", "these", "those", "there", "then", "than", "with",
    "will", "would", "from", "into", "each", "every", "all", "any", "one", "two", "three",
    "four", "five", "six", "seven", "eight", "nine", "ten", "total", "therefore", "thus",
    "hence", "because", "since", "after", "before", "which", "who", "what", "when", "how",
    "many", "much", "more", "less", "left", "per", "also", "can", "could", "does", "did",
    "need", "needs", "make", "makes", "get", "gets", "means", "must", "out", "our", "you",
    "your", "its", "not", "but", "only", "times", "time", "plus", "minus", "equal", "equals",
    "altogether", "combined", "overall", "now", "first", "number", "amount", "add", "adding",
    "subtract", "multiply", "multiplying", "divide", "dividing", "find", "know", "let", "sum",
    "difference", "calculate", "percent", "half", "twice", "double", "being", "been", "about",
    "other", "same", "so", "of", "in", "is", "it", "to", "on", "at", "as", "by", "be", "an",
    "he", "if", "up", "do", "we", "or", "no",
];

/// Words with which a reasoning speaks of itself: "let me check this", "the final answer is".
#[rustfmt::skip]
const TALK: &[&str] = &[
    "think", "step", "steps", "okay", "well", "wait", "hmm", "alright", "let's", "lets",
    "check", "checking", "verify", "verifying", "right", "correct", "indeed", "answer",
    "answers", "question", "problem", "solution", "solve", "solving", "result", "follows",
    "following", "given", "start", "starting", "begin", "next", "finally", "second", "third",
    "lastly", "conclude", "conclusion", "final", "boxed", "see", "seems", "look", "looking",
    "consider", "determine", "determining", "compute", "computing", "calculating", "calculated",
    "consistent", "confirm", "again", "note", "recall", "try", "carefully",
];

/// Its words in lower case without endings, function words, words of reasoning about reasoning, and single letters left out. A Chinese
/// character is a word.
pub(super) fn content(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for word in text.split(|c: char| !c.is_alphabetic()) {
        if word.chars().any(data::is_han) {
            found.extend(word.chars().filter(|c| data::is_han(*c)).map(String::from));
            continue;
        }
        let word = word.to_lowercase();
        let empty = FUNCTION.contains(&word.as_str()) || TALK.contains(&word.as_str());
        if word.chars().count() > 2 && !empty {
            found.push(stem(&word).to_owned());
        }
    }
    found
}

/// Words with a capital that do not begin the text or a sentence: names, mostly.
pub(super) fn names(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut begins = true;
    for word in text.split_whitespace() {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        let bare = bare
            .strip_suffix("'s")
            .or(bare.strip_suffix("’s"))
            .unwrap_or(bare);
        let capital = bare.chars().next().is_some_and(char::is_uppercase);
        if capital
            && !begins
            && bare.chars().count() > 2
            && bare.chars().skip(1).all(char::is_lowercase)
        {
            found.push(stem(&bare.to_lowercase()).to_owned());
        }
        begins = word.ends_with(['.', '?', '!', ':']);
    }
    found
}

fn stem(word: &str) -> &str {
    for ending in ["ing", "ies", "ed", "es", "s", "y", "e"] {
        if let Some(rest) = word
            .strip_suffix(ending)
            .filter(|rest| rest.len() > 2 && rest.is_ascii())
        {
            return rest;
        }
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_are_left() {
        assert_eq!(
            content("The boys drink 72 cartons"),
            ["boy", "drink", "carton"]
        );
        assert!(content("Okay, let me check the final answer step by step.").is_empty());
        assert_eq!(content("每 4 个"), ["每", "个"]);
        assert_eq!(names("Then Kim and Bob's dog. She ran."), ["kim", "bob"]);
    }
}
