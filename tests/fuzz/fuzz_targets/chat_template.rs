//! A chat template, and after a line of `=====` what is said in turn, a line each.

#![no_main]

use std::path::Path;

use data::chat::{ChatError, ChatTemplate, Message};
use data::template::{CHAT_TEMPLATE, document, prompt};
use libfuzzer_sys::fuzz_target;

/// Bytes that the fuel of a rendering pays for: 64 for each of five million.
const MOST: usize = 320_000_000;

fuzz_target!(|text: &str| {
    let (source, said) = fuzz::halves(text);
    let messages: Vec<Message> = said.split('\n').zip(0..8).map(turn).collect();
    ours(said);
    let path = Path::new("chat_template.jinja");
    let template = match ChatTemplate::new(source, "<s>", "</s>", path) {
        Ok(template) => template,
        Err(error) => {
            assert!(
                error.to_string().starts_with("chat_template.jinja"),
                "{error}"
            );
            return;
        }
    };
    assert_eq!(template.source(), source);
    assert_eq!(template.render(&[], true), Err(ChatError::Empty));
    let rendered = template.render(&messages, true);
    assert_eq!(template.render(&messages, true), rendered, "the same twice");
    if let Ok(text) = &rendered {
        assert!(text.len() <= MOST, "{} bytes", text.len());
    }
    let _ = template.render(&messages[..1], false);
    // What is no template's mark is text.
    if !source.contains('{') && !source.ends_with(['\n', '\r']) {
        assert_eq!(template.render(&messages, true).as_deref(), Ok(source));
    }
});

fn turn((said, at): (&str, u32)) -> Message {
    match (at, at % 2) {
        (0, _) => Message::system(said),
        (_, 1) => Message::user(said),
        _ => Message::assistant(said),
    }
}

/// Our own template lays anything out as the functions do.
fn ours(said: &str) {
    let template = ChatTemplate::new(CHAT_TEMPLATE, "", "", Path::new("ours"));
    let template = template.expect("our template is one");
    let (asked, answered) = said.split_once('\n').unwrap_or((said, ""));
    let question = [Message::user(asked)];
    assert_eq!(template.render(&question, true), Ok(prompt(asked)));
    let both = [Message::user(asked), Message::assistant(answered)];
    assert_eq!(
        template.render(&both, false),
        Ok(document(Some(asked), answered))
    );
}
