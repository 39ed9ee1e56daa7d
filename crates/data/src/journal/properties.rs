//! What holds of a journal of any replies, and of any file in its place.

use std::ops::ControlFlow::Continue;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::json;

use super::*;
use crate::chat::Message;
use crate::{Finish, Scripted};

fn settings() -> Map<String, Value> {
    let settings = json!({ "model": "m", "temperature": 0.6 });
    settings.as_object().expect("an object").clone()
}

fn any_reply() -> impl Strategy<Value = Reply> {
    let finish = prop_oneof![Just(Finish::Stop), Just(Finish::Length)];
    let said = (".{0,20}", proptest::option::of(".{0,20}"), finish);
    (said, 0..9_usize, 0..9_usize).prop_map(|((text, reasoning, finish), tokens, prompt)| Reply {
        text,
        reasoning,
        finish,
        tokens,
        prompt_tokens: prompt,
    })
}

/// What a journal at `path` answers to a sample for each of `replies`, and how many the model was asked.
fn answered(path: &Path, id: &str, replies: &[Reply]) -> (Vec<Reply>, usize) {
    let asked = AtomicUsize::new(0);
    let model = Scripted::new(|ask: &Ask| {
        asked.fetch_add(1, Ordering::Relaxed);
        Ok(replies[ask.sample as usize].clone())
    });
    let journal = Journal::open(path, &settings(), model).expect("a journal");
    let mut asks = (0..replies.len() as u32).map(|sample| Ask {
        id: id.to_owned(),
        sample,
        messages: vec![Message::user("2 + 2?")],
    });
    let mut heard = vec![None; replies.len()];
    let each = &mut |ask: Ask, reply: Result<Reply, Unanswered>| {
        heard[ask.sample as usize] = reply.ok();
        Continue(())
    };
    journal.answer(&mut asks, each).expect("answers");
    drop(journal);
    (heard.into_iter().flatten().collect(), asked.into_inner())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_journal_cut_anywhere_asks_what_it_lost_and_no_more(
        id in ".{0,8}",
        replies in vec(any_reply(), 0..6),
        cut in any::<Index>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("replies.jsonl");
        let (first, asked) = answered(&path, &id, &replies);
        prop_assert_eq!((&first, asked), (&replies, replies.len()));
        prop_assert_eq!(answered(&path, &id, &replies), (first, 0));

        let mut bytes = std::fs::read(&path).unwrap();
        bytes.truncate(cut.index(bytes.len() + 1));
        std::fs::write(&path, &bytes).unwrap();
        let whole = bytes.iter().filter(|byte| **byte == b'\n').count();
        let lost = replies.len() - whole.saturating_sub(1);
        prop_assert_eq!(answered(&path, &id, &replies), (replies, lost));
    }

    #[test]
    fn a_file_of_anything_else_is_refused_and_left_alone(
        bytes in vec(any::<u8>(), 1..100),
        lines in vec(".{0,20}", 1..4),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("replies.jsonl");
        let head = json!({ "journal": 1, "settings": settings() });
        let after_head = format!("{head}\n{}\n", lines.join("\n"));
        for content in [&bytes[..], after_head.as_bytes()] {
            std::fs::write(&path, content).unwrap();
            let model = Scripted::new(|_: &Ask| Ok(Reply::of("4")));
            // The beginning of a head may be cut off.
            if Journal::open(&path, &settings(), model).is_ok() {
                let begins = b"{\"journal\":";
                let torn = begins.starts_with(content) || content.starts_with(begins);
                prop_assert!(torn, "{content:?}");
                continue;
            }
            prop_assert_eq!(std::fs::read(&path).unwrap(), content);
        }
    }
}
