//! Conversations as files: JSON lines of messages, a reply with its reasoning and its end.
//!
//! `{"role": "system"|"user"|"assistant", "content", "reasoning"?, "finish"?}`. The system's message,
//! if any, comes first; then questions and replies take turns.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use data::chat::Role;
use serde::{Deserialize, Serialize};

use super::conversation::{Conversation, End, Reply, Turn};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    role: Role,
    content: String,
    #[serde(
        default,
        alias = "reasoning_content",
        skip_serializing_if = "Option::is_none"
    )]
    reasoning: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    finish: Option<End>,
}

/// The conversation as lines.
pub(super) fn write(conversation: &Conversation) -> String {
    let line = |role, content: &str| Line {
        role,
        content: content.to_owned(),
        reasoning: None,
        finish: None,
    };
    let system = conversation.system.iter();
    let mut lines: Vec<Line> = system.map(|text| line(Role::System, text)).collect();
    for turn in &conversation.turns {
        lines.push(line(Role::User, &turn.question));
        lines.extend(turn.reply.iter().map(|reply| Line {
            reasoning: reply.reasoning.clone(),
            finish: Some(reply.end),
            ..line(Role::Assistant, &reply.answer)
        }));
    }
    let lines = lines.iter().map(serde_json::to_string);
    lines.map(|line| line.expect("text") + "\n").collect()
}

/// The conversation of a file's text; `path` is for messages.
///
/// # Errors
/// A line that is no message, or not the next one's turn, by file and line.
pub(super) fn read(text: &str, path: &Path) -> Result<Conversation> {
    let mut conversation = Conversation::default();
    let lines = text.lines().zip(1..);
    for (line, number) in lines.filter(|(line, _)| !line.trim().is_empty()) {
        let line = serde_json::from_str(line)
            .context("write one JSON object on the line, {\"role\": \"user\", \"content\": \"…\"}");
        let added = line.and_then(|line| add(&mut conversation, line));
        added.with_context(|| format!("{}:{number}", path.display()))?;
    }
    Ok(conversation)
}

fn add(conversation: &mut Conversation, line: Line) -> Result<()> {
    let first = conversation.turns.is_empty() && conversation.system.is_none();
    let turns = &mut conversation.turns;
    let open = turns.last_mut().filter(|turn| turn.reply.is_none());
    let said = line.reasoning.is_some() || line.finish.is_some();
    ensure!(
        !said || line.role == Role::Assistant,
        "only a reply has `reasoning` and `finish`"
    );
    match (line.role, open) {
        (Role::System, _) if first => {
            conversation.system = Some(line.content);
        }
        (Role::System, _) => bail!("the system's message must come first, and once"),
        (Role::User, None) => turns.push(Turn {
            question: line.content,
            reply: None,
            retried: 0,
        }),
        (Role::User, Some(_)) => bail!("a question follows a question; put its reply between"),
        (Role::Assistant, Some(turn)) => {
            turn.reply = Some(Reply {
                reasoning: line.reasoning,
                answer: line.content,
                end: line.finish.unwrap_or(End::Stop),
            });
        }
        (Role::Assistant, None) => bail!("a reply must follow its question"),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::conversation::tests::turn;
    use super::*;

    fn read_text(text: &str) -> Result<Conversation> {
        read(text, Path::new("F"))
    }

    #[test]
    fn what_is_written_is_read() {
        let mut turns = vec![
            turn("1 + 1?", Some("One\nand one."), "2"),
            turn("七?", None, ""),
        ];
        turns[1].reply.as_mut().unwrap().end = End::Interrupted;
        let talk = Conversation::new(Some("be brief".into()), turns);
        let text = write(&talk);
        assert_eq!(
            text.lines().nth(2),
            Some(
                r#"{"role":"assistant","content":"2","reasoning":"One\nand one.","finish":"stop"}"#
            )
        );
        assert_eq!(read_text(&text).unwrap(), talk);
        let plain = "{\"role\":\"user\",\"content\":\"a\"}\n\
            {\"role\":\"assistant\",\"content\":\"b\",\"reasoning_content\":\"c\"}\n";
        assert_eq!(read_text(plain).unwrap().turns, [turn("a", Some("c"), "b")]);
    }

    #[test]
    fn a_message_out_of_turn_is_named() {
        let line = |role: &str| format!("{{\"role\":\"{role}\",\"content\":\"a\"}}\n");
        for (roles, expected) in [
            (&["user", "user"][..], "F:2: a question follows a question"),
            (
                &["user", "assistant", "assistant"],
                "F:3: a reply must follow",
            ),
            (
                &["user", "system"],
                "F:2: the system's message must come first",
            ),
            (&["tool"], "F:1: write one JSON object"),
        ] {
            let text: String = roles.iter().map(|role| line(role)).collect();
            let error = format!("{:#}", read_text(&text).unwrap_err());
            assert!(error.starts_with(expected), "{error}");
        }
        let odd = "{\"role\":\"user\",\"content\":\"a\",\"reasoning\":\"b\"}";
        assert!(read_text(odd).is_err());
    }
}
