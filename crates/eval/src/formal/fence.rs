//! The formal statement in a model's reply.

use super::statement::System;

/// The last fenced block of `reply`, after its reasoning, that is in the system's language or in none that is
/// named; without fences, the whole of an answer block. `None` where there is none, or the reasoning
/// does not end.
pub fn extract(reply: &str, system: System) -> Option<&str> {
    let spoken = match reply.rfind("</think>") {
        Some(end) => &reply[end + "</think>".len()..],
        None if reply.contains("<think>") => return None,
        None => reply,
    };
    let answer = spoken.rfind("<answer>").map(|start| {
        let inner = &spoken[start + "<answer>".len()..];
        inner.split("</answer>").next().unwrap_or(inner)
    });
    let scope = answer.unwrap_or(spoken);
    let found = fenced(scope, system);
    let bare = answer.filter(|text| !text.contains("```"));
    found
        .or(bare)
        .map(str::trim)
        .filter(|text| !text.is_empty())
}

fn fenced(text: &str, system: System) -> Option<&str> {
    let names: &[&str] = match system {
        System::Coq => &["", "coq", "rocq", "v", "gallina"],
        System::Lean => &["", "lean", "lean4"],
    };
    let mut last = None;
    let mut open: Option<(bool, usize)> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        match (open, line.trim().strip_prefix("```")) {
            (None, Some(name)) => {
                let name = name.trim().to_ascii_lowercase();
                open = Some((names.contains(&name.as_str()), at));
            }
            (Some((ours, from)), Some("")) => {
                if ours {
                    last = Some(&text[from..start]);
                }
                open = None;
            }
            _ => {}
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_block_after_the_reasoning_counts() {
        let reply = "<think>```coq\nno\n```</think>First\n```coq\na\n```\nor\n```coq\nb\n```\nas in\n```lean\nc\n```";
        assert_eq!(extract(reply, System::Coq), Some("b"));
        assert_eq!(extract(reply, System::Lean), Some("c"));
        assert_eq!(extract("```\nTheorem\n```", System::Coq), Some("Theorem"));
    }

    #[test]
    fn an_answer_block_may_be_bare_and_words_are_nothing() {
        assert_eq!(
            extract("x <answer> Goal 1=1. </answer>", System::Coq),
            Some("Goal 1=1.")
        );
        assert_eq!(
            extract("<answer>\n```coq\na\n```\n</answer>", System::Coq),
            Some("a")
        );
        assert_eq!(extract("Theorem a : True.", System::Coq), None);
        assert_eq!(extract("<think>```coq\na\n```", System::Coq), None);
        assert_eq!(extract("```python\na\n```", System::Coq), None);
        assert_eq!(extract("```coq\nnot closed", System::Coq), None);
    }
}
