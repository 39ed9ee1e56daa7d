//! A journal before a model that counts what it is asked.

use std::cell::RefCell;
use std::ops::ControlFlow::{self, Break, Continue};
use std::path::PathBuf;

use serde_json::json;

use super::*;
use crate::Finish;
use crate::chat::Message;

/// Says its problem's id backwards; nothing to `silent`. Draws `at_once` asks before it answers.
struct Counting {
    asked: RefCell<Vec<(String, u32)>>,
    at_once: usize,
}

impl Answers for Counting {
    fn answer(
        &self,
        asks: &mut (dyn Iterator<Item = Ask> + Send),
        each: &mut dyn FnMut(Ask, Result<Reply, Unanswered>) -> ControlFlow<()>,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        loop {
            let drawn: Vec<Ask> = asks.take(self.at_once).collect();
            if drawn.is_empty() {
                return Ok(());
            }
            for ask in drawn {
                self.asked.borrow_mut().push((ask.id.clone(), ask.sample));
                if ask.id == "fatal" {
                    return Err("no such model".into());
                }
                let reply = match &*ask.id {
                    "silent" => Err(Unanswered {
                        id: ask.id.clone(),
                        sample: ask.sample,
                        reason: "nothing came".into(),
                    }),
                    id => Ok(Reply {
                        text: id.chars().rev().collect(),
                        reasoning: Some("line\nbreak".into()),
                        finish: Finish::Length,
                        tokens: 3,
                        prompt_tokens: 5,
                    }),
                };
                if each(ask, reply).is_break() {
                    return Ok(());
                }
            }
        }
    }
}

fn ask(id: &str, sample: u32) -> Ask {
    Ask {
        id: id.into(),
        sample,
        messages: vec![Message::user(format!("say {id}"))],
    }
}

fn settings(temperature: f64) -> Map<String, Value> {
    let settings = json!({ "model": "counting", "temperature": temperature });
    settings.as_object().unwrap().clone()
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("replies.jsonl")
    }

    fn open(&self, at_once: usize) -> Journal<Counting> {
        let asked = RefCell::default();
        Journal::open(&self.path(), &settings(0.5), Counting { asked, at_once }).unwrap()
    }
}

type Given = Vec<(String, u32, Option<String>)>;

/// What `journal` gives to `asks`, up to `most` replies.
fn given(journal: &Journal<Counting>, asks: &[Ask], most: usize) -> Given {
    let mut given = Given::new();
    let asks = &mut asks.iter().cloned();
    let outcome = journal.answer(asks, &mut |ask, reply| {
        given.push((ask.id, ask.sample, reply.ok().map(|reply| reply.text)));
        match given.len() < most {
            true => Continue(()),
            false => Break(()),
        }
    });
    outcome.unwrap();
    given.sort();
    given
}

#[test]
fn nothing_answered_is_asked_twice() {
    let folder = Folder::new();
    let asks = [ask("ab", 0), ask("ab", 1), ask("silent", 0), ask("cd", 0)];
    let first = given(&folder.open(1), &asks, 99);
    let journal = folder.open(1);
    assert_eq!(given(&journal, &asks, 99), first);
    assert_eq!(first[0], ("ab".into(), 0, Some("ba".into())));
    assert_eq!(*journal.model().asked.borrow(), [("silent".into(), 0)]);
    let expected = Recorded {
        replies: 3,
        prompt_tokens: 15,
        tokens: 9,
    };
    assert_eq!(journal.recorded(), expected);
    // Other words under the same id are another question.
    let other = Ask {
        messages: vec![Message::user("say it louder")],
        ..ask("ab", 0)
    };
    given(&journal, &[other], 99);
    assert_eq!(journal.model().asked.borrow().len(), 2);
}

#[test]
fn a_reply_is_read_as_it_was_written() {
    let folder = Folder::new();
    let read = || {
        let mut replies = Vec::new();
        let journal = folder.open(1);
        let outcome = journal.answer(&mut [ask("é\"\n", 7)].into_iter(), &mut |_, reply| {
            replies.push(reply.unwrap());
            Continue(())
        });
        outcome.unwrap();
        replies
    };
    let fresh = read();
    assert_eq!(fresh[0].text, "\n\"é");
    assert_eq!(read(), fresh);
}

#[test]
fn what_is_under_way_when_the_listener_leaves_is_kept() {
    let folder = Folder::new();
    let asks: Vec<Ask> = (0..10).map(|at| ask("ab", at)).collect();
    // Four are drawn at once; the listener leaves after the second.
    let journal = folder.open(4);
    assert_eq!(given(&journal, &asks, 2).len(), 2);
    assert_eq!(journal.recorded().replies, 4);
    drop(journal);
    let journal = folder.open(4);
    assert_eq!(given(&journal, &asks, 99).len(), 10);
    assert_eq!(journal.model().asked.borrow().len(), 6);
}

#[test]
fn many_answered_ones_between_others_are_all_given() {
    let folder = Folder::new();
    let count = 3 * WAITING as u32;
    let asks: Vec<Ask> = (0..count).map(|at| ask("ab", at)).collect();
    let holes = |ask: &Ask| ask.sample == 0 || ask.sample == count - 1;
    let known: Vec<Ask> = asks.iter().filter(|ask| !holes(ask)).cloned().collect();
    given(&folder.open(1), &known, usize::MAX);
    let journal = folder.open(5);
    assert_eq!(given(&journal, &asks, usize::MAX).len(), asks.len());
    assert_eq!(journal.model().asked.borrow().len(), 2);
}

#[test]
fn a_torn_line_is_cut_off_and_asked_again() {
    let folder = Folder::new();
    let asks = [ask("ab", 0), ask("cd", 0)];
    given(&folder.open(1), &asks, 99);
    let whole = std::fs::read(folder.path()).unwrap();
    let lines = whole.iter().filter(|&&b| b == b'\n').count();
    assert_eq!(lines, 3);
    let last = whole[..whole.len() - 1]
        .iter()
        .rposition(|&b| b == b'\n')
        .unwrap()
        + 1;
    // Wherever it tears: after the first byte, in the middle, before the last.
    for end in [last + 1, (last + whole.len()) / 2, whole.len() - 1] {
        std::fs::write(folder.path(), &whole[..end]).unwrap();
        let journal = folder.open(1);
        assert_eq!(given(&journal, &asks, 99).len(), 2);
        assert_eq!(*journal.model().asked.borrow(), [("cd".to_owned(), 0)]);
        drop(journal);
        assert_eq!(std::fs::read(folder.path()).unwrap(), whole);
    }
    // A torn head is begun again.
    std::fs::write(folder.path(), &whole[..5]).unwrap();
    assert_eq!(given(&folder.open(1), &asks, 99).len(), 2);
    assert_eq!(std::fs::read(folder.path()).unwrap(), whole);
}

#[test]
fn other_settings_are_refused_by_name() {
    let folder = Folder::new();
    drop(folder.open(1));
    let refused = |settings: &Map<String, Value>| {
        let error = Journal::open(&folder.path(), settings, ()).unwrap_err();
        error.to_string()
    };
    let said = refused(&settings(1.0));
    assert!(
        said.contains("`temperature` is 0.5 there and 1.0 here"),
        "{said}"
    );
    assert!(!said.contains("model"), "{said}");
    let mut more = settings(0.5);
    more.insert("top_p".into(), json!(0.9));
    let said = refused(&more);
    assert!(
        said.contains("`top_p` is nothing there and 0.9 here"),
        "{said}"
    );
}

#[test]
fn what_is_no_journal_is_left_alone() {
    let folder = Folder::new();
    for (text, line) in [
        ("a diary", 1),
        ("{\"a\": 1}\n", 1),
        (
            "{\"journal\":1,\"settings\":{\"model\":\"counting\",\"temperature\":0.5}}\n{}\n",
            2,
        ),
    ] {
        std::fs::write(folder.path(), text).unwrap();
        let error = Journal::open(&folder.path(), &settings(0.5), ()).unwrap_err();
        assert!(
            matches!(error, JournalError::Damaged { line: at, .. } if at == line),
            "{error}"
        );
        assert_eq!(std::fs::read_to_string(folder.path()).unwrap(), text);
    }
}

#[test]
fn one_process_writes_at_a_time() {
    let folder = Folder::new();
    let _open = folder.open(1);
    let second = Journal::open(&folder.path(), &settings(0.5), ());
    assert!(matches!(second, Err(JournalError::InUse { .. })));
}

#[test]
fn the_models_error_comes_through_after_what_it_said() {
    let folder = Folder::new();
    let journal = folder.open(1);
    let mut seen = 0;
    let asks = [ask("ab", 0), ask("fatal", 0)];
    let outcome = journal.answer(&mut asks.into_iter(), &mut |_, _| {
        seen += 1;
        Continue(())
    });
    assert_eq!(outcome.unwrap_err().to_string(), "no such model");
    assert_eq!((seen, journal.recorded().replies), (1, 1));
}
