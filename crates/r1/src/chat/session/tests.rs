use std::io::Write;

use lm::Sampling;

use super::super::screen::Style;
use super::*;
use crate::generate::testing::Small;

/// What a conversation wrote and where it stands.
struct Talk {
    out: String,
    notes: String,
    conversation: Conversation,
    failed: bool,
}

fn settings() -> Settings {
    Settings::new(Sampling::PLAIN, Some(12), Vec::new(), 0)
}

fn talk(small: &Small, settings: Settings, style: Style, lines: &[&str]) -> Talk {
    let (mut out, mut notes) = (Vec::new(), Vec::new());
    let screen = Screen::new(&mut out, &mut notes, style, false);
    let mut session = Session::new(&small.speaker, &small.model, settings, screen);
    for line in lines {
        assert_eq!(session.line(line).unwrap(), Next::Line, "{line}");
    }
    let (conversation, failed) = (session.conversation.clone(), session.failed());
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Talk {
        out: text(out),
        notes: text(notes),
        conversation,
        failed,
    }
}

fn plain(small: &Small, lines: &[&str]) -> Talk {
    talk(small, settings(), Style::Plain, lines)
}

fn answers(talk: &Talk) -> Vec<String> {
    let replies = talk
        .conversation
        .turns
        .iter()
        .map(|turn| turn.reply.as_ref());
    replies.map(|reply| reply.unwrap().answer.clone()).collect()
}

#[test]
fn the_same_lines_get_the_same_replies_and_others_others() {
    let small = Small::new();
    let first = plain(&small, &["3 + 4?", "and 5?"]);
    assert_eq!(answers(&first).len(), 2);
    assert_eq!(first.out, plain(&small, &["3 + 4?", "and 5?"]).out);
    let replies: String = answers(&first).iter().map(|it| it.clone() + "\n").collect();
    assert_eq!(first.out, replies, "nothing but the replies");
    let seeded = plain(&small, &["/seed 1", "3 + 4?"]);
    assert_ne!(answers(&seeded)[0], answers(&first)[0]);
    let retried = plain(&small, &["3 + 4?", "/retry"]);
    assert_eq!(retried.conversation.turns.len(), 1);
    assert_ne!(answers(&retried)[0], answers(&first)[0]);
    let undone = plain(&small, &["3 + 4?", "and 6?", "/undo", "and 5?"]);
    assert_eq!(undone.conversation, first.conversation);
    let cleared = plain(&small, &["and 6?", "/clear", "3 + 4?"]);
    assert_eq!(answers(&cleared)[0], answers(&first)[0]);
}

#[test]
fn a_conversation_is_saved_and_gone_on_with() {
    let small = Small::new();
    let path = small.dir.path().join("talk.jsonl");
    let [save, load] = ["save", "load"].map(|name| format!("/{name} {}", path.display()));
    let whole = plain(&small, &["3 + 4?", &save, "and 5?", &save]);
    assert!(!whole.failed, "{}", whole.notes);
    let again = plain(&small, &[&load]);
    assert_eq!(again.conversation, whole.conversation);
    let gone_on = plain(&small, &["x", &load, "/undo", "and 5?"]);
    assert_eq!(answers(&gone_on), answers(&whole));
    // Another conversation's file is not written over.
    let refused = plain(&small, &["3 + 4?", &save]);
    assert!(refused.failed && refused.notes.contains("exists; give another name"));
    std::fs::write(&path, "{}").unwrap();
    let bad = plain(&small, &[&load]);
    let place = format!("error: {}:1: ", path.display());
    assert!(bad.notes.starts_with(&place), "{}", bad.notes);
}

#[test]
fn what_goes_wrong_is_told_and_the_conversation_goes_on() {
    let small = Small::new();
    let long = "1".repeat(200);
    let lines = [
        "/temprature 1",
        "/top-p 3",
        "/retry",
        "/undo",
        "/think",
        &long,
        "3 + 4?",
    ];
    let talk = plain(&small, &lines);
    let notes: Vec<&str> = talk
        .notes
        .lines()
        .filter(|it| it.starts_with("error: "))
        .collect();
    let expected = [
        "did you mean `/temperature`?",
        "top_p is 3",
        "no question to ask again",
        "no turn to take back",
        "nothing has been reasoned",
        "the model has 128 positions",
    ];
    assert_eq!(notes.len(), expected.len(), "{notes:?}");
    for (note, part) in notes.iter().zip(expected) {
        assert!(note.contains(part), "{note}");
    }
    assert!(talk.failed);
    assert_eq!(talk.conversation.turns.len(), 1, "{:?}", talk.conversation);
}

#[test]
fn old_turns_leave_a_full_context_with_a_note() {
    let small = Small::new();
    let question = "1".repeat(50);
    let talk = plain(&small, &[&question, &question, &question]);
    assert!(!talk.failed, "{}", talk.notes);
    assert_eq!(
        talk.conversation.turns.len(),
        3,
        "they stay for whoever saves"
    );
    let note = "no longer sees the first 1 of the turns: it has 128 positions";
    assert!(talk.notes.contains(note), "{}", talk.notes);
}

#[test]
fn a_system_message_the_template_leaves_out_is_told() {
    let small = Small::new();
    let talk = plain(
        &small,
        &["/system", "/system be brief", "/system", "/system -"],
    );
    assert_eq!(
        talk.notes,
        "the system says nothing\nthe model's chat template leaves the system's message out\n\
         the system says: be brief\nthe system says nothing\n"
    );
    assert_eq!(talk.conversation.system, None);
}

#[test]
fn a_stop_string_ends_a_reply() {
    let small = Small::new();
    let said = answers(&plain(&small, &["3 + 4?"])).remove(0);
    let stop: String = said.chars().skip(2).take(2).collect();
    let settings = Settings {
        stop: vec![stop.clone()],
        ..settings()
    };
    let stopped = talk(&small, settings, Style::Plain, &["3 + 4?"]);
    let (before, _) = said.split_once(&stop).unwrap();
    assert_eq!(answers(&stopped), [before.trim_end()]);
    let reply = stopped.conversation.turns[0].reply.as_ref().unwrap();
    assert_eq!(reply.end, End::Stop);
}

/// Sets the flag at the first text.
struct Impatient<'a>(&'a AtomicBool);

impl Write for Impatient<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.store(true, Ordering::Relaxed);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_reply_that_is_broken_off_stays_marked() {
    let small = Small::new();
    let flag = Arc::new(AtomicBool::new(false));
    let (mut out, mut notes) = (Impatient(&flag), Vec::new());
    let style = Style::Terminal { colour: false };
    let screen = Screen::new(&mut out, &mut notes, style, false);
    let mut session = Session::new(&small.speaker, &small.model, settings(), screen);
    session.interrupted = Arc::clone(&flag);
    session.line("3 + 4?").unwrap();
    let reply = session.conversation.turns[0].reply.clone().unwrap();
    assert_eq!(reply.end, End::Interrupted);
    // The flag is for one reply only.
    session.settings.max_new_tokens = 1;
    session.line("and 5?").unwrap();
    assert_eq!(session.conversation.turns.len(), 2);
    let notes = String::from_utf8(notes).unwrap();
    assert!(
        notes.lines().next().unwrap().ends_with("tokens/s, stopped"),
        "{notes}"
    );
}
