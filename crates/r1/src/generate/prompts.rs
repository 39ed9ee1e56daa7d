//! Prompts from a file, one JSON object a line, as token ids.
//!
//! A prompt is a question (`prompt`, `question` or `problem`), a conversation (`messages`), both
//! laid out by the chat template, or a `text` to go on with as it stands. `id` is a string or a
//! number; a line without one is called by its number, from 1. Other keys are passed over, so a file
//! of problems is a file of prompts.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use data::chat::Message;
use serde_json::{Map, Value};

use super::speaker::Speaker;

/// Tokens of a response at most, where nothing is said of it.
const MAX_NEW_TOKENS: usize = 1024;
/// Keys a question may have.
const QUESTION: [&str; 3] = ["prompt", "question", "problem"];
/// How many bad lines are spelled out.
const LISTED: usize = 10;

/// A prompt, ready to be answered.
#[derive(Debug)]
pub(super) struct Asked {
    /// As the file has it.
    pub(super) id: Value,
    /// The same as text: names the random streams of its samples.
    pub(super) name: String,
    /// Token ids, at least one.
    pub(super) tokens: Vec<u32>,
    /// Whether it ends within the reasoning.
    pub(super) open: bool,
    /// Tokens its responses may have, at least one.
    pub(super) max_new_tokens: usize,
}

/// Reads and checks every line.
///
/// # Errors
/// A file that cannot be read or has no prompts; lines that are no prompts, each by its number with
/// what to do.
pub(super) fn read(path: &Path, speaker: &Speaker, new: Option<usize>) -> Result<Vec<Asked>> {
    let shown = path.display();
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {shown}"))?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let (mut asked, mut problems): (Vec<Asked>, Vec<String>) = (Vec::new(), Vec::new());
    let mut lines: HashMap<String, usize> = HashMap::new();
    for (line, number) in bytes.split(|&byte| byte == b'\n').zip(1..) {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let read = parse(line, number, speaker, new).and_then(|read| {
            let before = lines.insert(read.name.clone(), number);
            match before {
                Some(first) => bail!("the id {} is that of line {first}: change one", read.id),
                None => Ok(read),
            }
        });
        match read {
            Ok(read) => asked.push(read),
            Err(error) => problems.push(format!("{shown}:{number}: {error:#}")),
        }
    }
    if problems.len() > LISTED {
        let more = problems.len() - LISTED;
        problems.truncate(LISTED);
        problems.push(format!("and {more} more"));
    }
    ensure!(problems.is_empty(), problems.join("\n"));
    ensure!(
        !asked.is_empty(),
        "{shown}: there are no prompts; write one JSON object a line, {{\"prompt\": \"…\"}}"
    );
    Ok(asked)
}

fn parse(line: &[u8], number: usize, speaker: &Speaker, new: Option<usize>) -> Result<Asked> {
    let text = std::str::from_utf8(line).context("convert the line to UTF-8")?;
    let record: Map<String, Value> = serde_json::from_str(text)
        .context("write one JSON object on the line, such as {\"prompt\": \"…\"}")?;
    let (id, name) = match record.get("id") {
        None | Some(Value::Null) => (number.into(), number.to_string()),
        Some(Value::String(id)) => (id.as_str().into(), id.clone()),
        Some(id @ Value::Number(_)) => (id.clone(), id.to_string()),
        Some(other) => bail!("`id` is {other}; write a string or a number"),
    };
    let tokens = tokens(&record, speaker)?;
    ensure!(
        !tokens.is_empty(),
        "`text` is empty; give it something to go on with"
    );
    let (length, positions) = (tokens.len(), speaker.positions);
    let left = positions.saturating_sub(length);
    let max_new_tokens = new.unwrap_or(left.clamp(1, MAX_NEW_TOKENS));
    ensure!(
        max_new_tokens <= left,
        "{length} tokens and {max_new_tokens} new ones exceed the model's {positions} positions; \
         shorten the prompt or lower --max-new-tokens"
    );
    Ok(Asked {
        id,
        name,
        open: speaker.tokenizer.opens_reasoning(&tokens),
        tokens,
        max_new_tokens,
    })
}

fn tokens(record: &Map<String, Value>, speaker: &Speaker) -> Result<Vec<u32>> {
    let question = QUESTION.into_iter().find(|key| record.contains_key(*key));
    let others = ["messages", "text"].into_iter();
    let others = others.filter(|key| record.contains_key(*key));
    let kinds: Vec<&str> = question.into_iter().chain(others).collect();
    let &[kind] = kinds.as_slice() else {
        match kinds.as_slice() {
            [] => bail!("there is no `prompt`, `messages` or `text`; give one of them"),
            _ => bail!("there are `{}`; keep one of them", kinds.join("` and `")),
        }
    };
    let value = &record[kind];
    let string = || {
        let text = value.as_str();
        text.with_context(|| format!("`{kind}` is {value}; write a string"))
    };
    let tokenizer = &speaker.tokenizer;
    match kind {
        "text" => Ok(tokenizer.encode_text(string()?)),
        "messages" => {
            let messages: Vec<Message> = serde_json::from_value(value.clone()).context(
                "`messages` must be a list of {\"role\": \"system\", \"user\" or \"assistant\", \
                 \"content\": \"…\"}",
            )?;
            Ok(tokenizer.encode_chat(&messages)?)
        }
        _ => Ok(tokenizer.encode_chat(&[Message::user(string()?)])?),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Small;
    use super::*;

    fn read_lines(text: &str, new: Option<usize>) -> Result<Vec<Asked>> {
        let small = Small::new();
        let path = small.dir.path().join("prompts.jsonl");
        std::fs::write(&path, text).unwrap();
        let read = read(&path, &small.speaker, new);
        read.map_err(|error| {
            anyhow::anyhow!(error.to_string().replace(path.to_str().unwrap(), "F"))
        })
    }

    #[test]
    fn every_kind_of_prompt_is_laid_out() {
        let asked = read_lines(
            concat!(
                "\u{feff}{\"prompt\": \"2 + 2?\"}\n\n",
                r#"{"id": "p", "problem": "2 + 2?", "answer": "4"}"#,
                "\r\n",
                r#"{"id": 7, "messages": [{"role": "user", "content": "2 + 2?"}]}"#,
                "\n",
                r#"{"text": "so <think>"}"#,
            ),
            None,
        )
        .unwrap();
        let ids: Vec<String> = asked.iter().map(|it| it.id.to_string()).collect();
        assert_eq!(ids, ["1", "\"p\"", "7", "5"]);
        let small = Small::new();
        let question = small.speaker.tokenizer.encode_prompt("2 + 2?");
        assert!(
            asked[..3]
                .iter()
                .all(|it| it.tokens == question && !it.open)
        );
        assert_eq!(
            asked[3].tokens,
            small.speaker.tokenizer.encode_text("so <think>")
        );
        assert!(asked[3].open);
        // What 128 positions leave.
        assert_eq!(asked[0].max_new_tokens, 128 - question.len());
    }

    #[test]
    fn every_bad_line_is_named_with_what_to_do() {
        let error = read_lines(
            concat!(
                "{\"prompt\": \"a\"}\n",
                "no json\n",
                "{\"id\": [1], \"prompt\": \"a\"}\n",
                "{\"id\": 1, \"prompt\": \"a\"}\n",
                "{\"prompt\": 3}\n",
                "{\"prompt\": \"a\", \"text\": \"b\"}\n",
                "{\"answer\": \"a\"}\n",
                "{\"messages\": [{\"role\": \"tool\", \"content\": \"\"}]}\n",
                "{\"text\": \"\"}\n",
            ),
            Some(3),
        )
        .unwrap_err()
        .to_string();
        let lines: Vec<&str> = error.lines().collect();
        let expected = [
            ("F:2: ", "one JSON object"),
            ("F:3: ", "a string or a number"),
            ("F:4: ", "the id 1 is that of line 1"),
            ("F:5: ", "`prompt` is 3; write a string"),
            ("F:6: ", "`prompt` and `text`; keep one"),
            ("F:7: ", "no `prompt`, `messages` or `text`"),
            ("F:8: ", "`messages` must be a list"),
            ("F:9: ", "`text` is empty"),
        ];
        assert_eq!(lines.len(), expected.len(), "{error}");
        for (line, (place, what)) in lines.iter().zip(expected) {
            assert!(line.starts_with(place) && line.contains(what), "{line}");
        }
    }

    #[test]
    fn a_prompt_must_leave_room_for_the_response() {
        let long = format!("{{\"text\": \"{}\"}}\n", "1".repeat(120));
        assert_eq!(read_lines(&long, Some(8)).unwrap()[0].max_new_tokens, 8);
        let error = read_lines(&long, Some(9)).unwrap_err().to_string();
        assert!(
            error.starts_with("F:1: 120 tokens and 9 new ones exceed"),
            "{error}"
        );
        let full = format!("{{\"text\": \"{}\"}}\n", "1".repeat(128));
        assert!(read_lines(&full, None).is_err());
        assert!(
            read_lines("\n\n", None)
                .unwrap_err()
                .to_string()
                .contains("no prompts")
        );
        let bad = "x\n".repeat(12);
        assert!(
            read_lines(&bad, None)
                .unwrap_err()
                .to_string()
                .ends_with("and 2 more")
        );
    }
}
