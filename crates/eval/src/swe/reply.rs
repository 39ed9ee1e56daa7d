//! The diff in a model's reply.
//!
//! Read is what follows the last `</think>`. Fenced blocks with a diff in them are taken together; where
//! two speak of the same file, the later replaces the earlier. Without such a block, the diff is all from
//! its first header to where it ends, with `> ` taken off lines that are all quoted.

use super::diff::{parse, touched};

/// The diff of a reply, `None` where there is none. Whether it is well formed is another matter.
pub fn diff(reply: &str) -> Option<String> {
    let scope = reply
        .rsplit_once("</think>")
        .map_or(reply, |(_, after)| after);
    let fenced: Vec<String> = fenced(scope).filter(|block| is_diff(block)).collect();
    if !fenced.is_empty() {
        return Some(latest(fenced).concat());
    }
    bare(scope).or_else(|| bare(&unquoted(scope)?))
}

fn is_header(line: &str) -> bool {
    line.starts_with("diff --git ") || line.starts_with("--- ")
}

fn is_diff(text: &str) -> bool {
    text.lines()
        .any(|line| line.starts_with("diff --git ") || line.starts_with("@@ -"))
}

/// The blocks between fences; a block whose fence is indented loses as much at each line. A fence that is
/// a line of the diff begins with its mark, so it closes nothing.
fn fenced(text: &str) -> impl Iterator<Item = String> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, String, String)> = None;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_start_matches([' ', '\t']);
        let indent = &line[..line.len() - bare.len()];
        match &mut open {
            None => {
                let ticks = bare.chars().take_while(|c| matches!(c, '`' | '~')).count();
                if ticks >= 3 && !bare[ticks..].contains('`') {
                    open = Some((indent.to_owned(), bare[..ticks].to_owned(), String::new()));
                }
            }
            Some((outer, fence, block)) => {
                if indent == outer && bare.trim_end() == fence {
                    blocks.extend(open.take().map(|(.., block)| block));
                } else {
                    *block += line.strip_prefix(outer.as_str()).unwrap_or(line);
                }
            }
        }
    }
    // A reply that was cut off, or that forgot the last fence.
    blocks.extend(open.map(|(.., block)| block));
    blocks.into_iter()
}

/// The blocks without those whose every file a later one speaks of as well.
fn latest(blocks: Vec<String>) -> Vec<String> {
    let parsed: Vec<_> = blocks.iter().map(|block| parse(block).ok()).collect();
    let paths = |at: usize| parsed[at].as_ref().map(touched).unwrap_or_default();
    let is_replaced = |at: &usize| {
        let own = paths(*at);
        let later: Vec<&str> = (at + 1..blocks.len()).flat_map(paths).collect();
        !own.is_empty() && own.iter().all(|path| later.contains(path))
    };
    let replaced: Vec<bool> = (0..blocks.len()).map(|at| is_replaced(&at)).collect();
    let kept = blocks
        .into_iter()
        .zip(replaced)
        .filter(|(_, replaced)| !replaced);
    kept.map(|(block, _)| block).collect()
}

/// All from the first header on that a hunk or another header follows.
fn bare(text: &str) -> Option<String> {
    let mut at = 0;
    let starts = text.split_inclusive('\n').map(|line| {
        let start = at;
        at += line.len();
        (start, line)
    });
    let lines: Vec<(usize, &str)> = starts.collect();
    let (last, _) = lines.iter().rfind(|(_, line)| is_diff(line))?;
    let (first, _) = lines.iter().find(|(_, line)| is_header(line))?;
    (first <= last).then(|| text[*first..].to_owned())
}

/// The quoted lines without what quotes them; `None` where there is no line so.
fn unquoted(text: &str) -> Option<String> {
    let lines = text.split_inclusive('\n').filter_map(|line| {
        let inner = line.strip_prefix('>')?;
        Some(inner.strip_prefix(' ').unwrap_or(inner))
    });
    let text: String = lines.collect();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n";

    #[test]
    fn a_diff_is_found_in_fences_quotes_and_prose() {
        let replies = [
            ONE.to_owned(),
            format!(
                "<think>--- a/y\n+++ b/y\n@@ -1 +1 @@\n-a\n+c\n</think>\nSo:\n\n```diff\n{ONE}```\nDone."
            ),
            format!("Run `x`:\n```sh\ngit apply\n```\n```patch\n{ONE}```\n"),
            format!("~~~\n{ONE}~~~"),
            format!("The fix:\n{ONE}\nIt works now."),
            format!(
                "- So:\n  ```diff\n  {}\n  ```\n",
                ONE.trim_end().replace('\n', "\n  ")
            ),
            format!("I say:\n> {}\n", ONE.trim_end().replace('\n', "\n> ")),
            format!("```diff\n{ONE}"),
        ];
        for reply in replies {
            let found = diff(&reply).unwrap_or_else(|| panic!("{reply}"));
            assert_eq!(parse(&found), parse(ONE), "{reply}");
        }
        for none in [
            "",
            "Change line 3.",
            "```python\nprint(1)\n```",
            "---\ntitle\n--- x\n",
        ] {
            assert_eq!(diff(none), None, "{none}");
        }
    }

    #[test]
    fn later_blocks_replace_earlier_ones_of_the_same_file() {
        let other = ONE.replace("/x", "/y");
        let better = ONE.replace("+b", "+c");
        let reply = format!("```diff\n{ONE}```\n```diff\n{other}```\nNo:\n```diff\n{better}```\n");
        assert_eq!(diff(&reply), Some(format!("{other}{better}")));
    }

    #[test]
    fn many_headers_and_no_hunk_are_read_in_bounded_time() {
        assert_eq!(diff(&"--- \n".repeat(200_000)), None);
    }

    #[test]
    fn a_fence_within_the_diff_closes_nothing() {
        let patch = "--- a/R.md\n+++ b/R.md\n@@ -1,3 +1,3 @@\n ```\n-a\n+b\n ```\n";
        assert_eq!(
            diff(&format!("```diff\n{patch}```\n")).as_deref(),
            Some(patch)
        );
    }
}
