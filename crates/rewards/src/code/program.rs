//! The program in a response.
//!
//! Only what follows the last `</think>` is read, and of that the `<answer>` block where there is
//! one. The program is the last fenced block in Python, in Rust, or in no named language; an answer
//! block without fences is a program as a whole.

use super::language::Language;
use crate::extract::{NoAnswer, after_thinking};
use crate::tags::{Tag, blocks, is_seen, marks};

/// A program, as a response has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Its source.
    pub source: String,
    /// What it says it is written in, where it does.
    pub language: Option<Language>,
}

/// Finds the program of `response`, in time linear in its length.
///
/// # Errors
/// When there is none, or answer blocks differ.
pub fn find(response: &str) -> Result<Program, NoAnswer> {
    let scope = after_thinking(response)?;
    let marks = marks(scope);
    let mut answers: Vec<&str> = blocks(&marks)
        .into_iter()
        .filter(|block| block.tag == Tag::Answer)
        .map(|block| scope[block.inner].trim())
        .collect();
    answers.dedup();
    match answers[..] {
        [] => fenced(scope).unwrap_or(Err(NoAnswer::Nothing)),
        [answer] => fenced(answer).unwrap_or_else(|| seen(answer, None)),
        _ => Err(NoAnswer::Conflicting),
    }
}

fn seen(source: &str, language: Option<Language>) -> Result<Program, NoAnswer> {
    if !is_seen(source) {
        return Err(NoAnswer::Empty);
    }
    Ok(Program {
        source: source.to_owned(),
        language,
    })
}

/// The last fenced block that may be a program; `None` where nothing is fenced.
fn fenced(text: &str) -> Option<Result<Program, NoAnswer>> {
    let mut last = None;
    let mut open: Option<(&str, usize)> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let line = line.trim();
        match open {
            None => {
                if let Some(info) = line.strip_prefix("```") {
                    open = Some((info.trim(), at));
                }
            }
            Some((info, from)) if line == "```" => {
                last = block(info, &text[from..start]).or(last);
                open = None;
            }
            Some(_) => {}
        }
    }
    if let Some((info, from)) = open {
        last = block(info, &text[from..]).or(last);
    }
    last
}

fn block(info: &str, source: &str) -> Option<Result<Program, NoAnswer>> {
    let name = info.split([' ', ',', '{']).next().unwrap_or_default();
    let language = match name.to_ascii_lowercase().as_str() {
        "" => None,
        "python" | "py" | "python3" => Some(Language::Python),
        "rust" | "rs" => Some(Language::Rust),
        _ => return None,
    };
    Some(seen(source, language))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(response: &str) -> Result<String, NoAnswer> {
        find(response).map(|program| program.source)
    }

    #[test]
    fn the_last_program_after_the_reasoning_counts() {
        let two = "<think>```python\nno\n```</think>\n```python\na = 1\n```\nor\n```py\nb = 2\n```\n\
                   which prints\n```text\n2\n```";
        let found = find(two).unwrap();
        assert_eq!(
            (&*found.source, found.language),
            ("b = 2\n", Some(Language::Python))
        );
        let rust = find("```rust\nfn main() {}\n```").unwrap();
        assert_eq!(rust.language, Some(Language::Rust));
        assert_eq!(find("```\nx\n```").unwrap().language, None);
    }

    #[test]
    fn an_answer_block_is_a_program_with_or_without_fences() {
        assert_eq!(source("<answer>\nx = 1\n</answer>"), Ok("x = 1".into()));
        assert_eq!(
            source("<answer>It is\n```\nx = 1\n```\n</answer>"),
            Ok("x = 1\n".into())
        );
        assert_eq!(
            source("```\ny\n```<answer>```\nx\n```</answer>"),
            Ok("x\n".into())
        );
        assert_eq!(
            source("<answer>a</answer><answer>b</answer>"),
            Err(NoAnswer::Conflicting)
        );
        assert_eq!(source("<answer> </answer>"), Err(NoAnswer::Empty));
    }

    #[test]
    fn words_alone_are_no_program() {
        assert_eq!(source("I would sort it."), Err(NoAnswer::Nothing));
        assert_eq!(source("```text\nhello\n```"), Err(NoAnswer::Nothing));
        assert_eq!(
            source("<think>```python\na\n```"),
            Err(NoAnswer::StillThinking)
        );
        assert_eq!(source("```python\ncut off"), Ok("cut off".into()));
    }

    #[test]
    fn strange_texts_are_read_in_bounded_time() {
        for piece in ["```", "```\n", "<answer>", "</answer>\n```py\n"] {
            let _ = find(&piece.repeat(50_000));
        }
    }
}
