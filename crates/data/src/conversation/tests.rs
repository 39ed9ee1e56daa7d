//! The forms of conversations, one by one.

use serde_json::{Value, json};

use super::*;
use crate::dataset::{ColumnMap, Dataset, Fault};

fn read_as<T: FromRow>(record: &Value, map: &str) -> Result<T, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("set.jsonl");
    std::fs::write(&path, record.to_string()).unwrap();
    let map: ColumnMap = map.parse().unwrap();
    let dataset = Dataset::open(&path).unwrap().with_columns(map);
    match dataset.records::<T>().next().unwrap() {
        Ok(record) => Ok(record),
        Err(Fault::Skipped(skipped)) => Err(skipped.reason),
        Err(Fault::Failed(error)) => panic!("{error}"),
    }
}

fn turns(record: Value) -> Vec<(&'static str, String)> {
    let conversation: Conversation = read_as(&record, "").unwrap();
    let turns = conversation.messages.into_iter();
    turns.map(|turn| (turn.role.name(), turn.content)).collect()
}

fn refused(record: Value) -> String {
    read_as::<Conversation>(&record, "").unwrap_err()
}

/// A question and what is said to it.
fn pair(asked: &str, said: &str) -> Vec<(&'static str, String)> {
    vec![("user", asked.to_owned()), ("assistant", said.to_owned())]
}

#[test]
fn messages_are_read_in_either_spelling() {
    let openai = json!({"messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "1 + "}, {"type": "text", "text": "1?"}]},
        {"role": "assistant", "content": "2\n", "reasoning_content": "one more than 1"}]});
    let expected = "<think>\none more than 1\n</think>\n\n2\n";
    let mut all = vec![("system", "Be brief.".to_owned())];
    all.extend(pair("1 + 1?", expected));
    assert_eq!(turns(openai), all);
    let sharegpt = json!({"system": "", "conversations": [
        {"from": "system", "value": " "}, {"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]});
    assert_eq!(turns(sharegpt), pair("a", "b"));
    let beside = json!({"system": "s", "messages": [
        {"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]});
    assert_eq!(turns(beside)[0], ("system", "s".to_owned()));
}

#[test]
fn pairs_are_read_by_their_columns() {
    assert_eq!(
        turns(json!({"prompt": "a ", "completion": " b"})),
        pair("a ", " b")
    );
    let lists = json!({"prompt": [{"role": "user", "content": "a"}],
        "completion": [{"role": "assistant", "content": "b"}]});
    assert_eq!(turns(lists), pair("a", "b"));
    let alpaca = json!({"instruction": "Add.", "input": "1 1", "output": "2"});
    assert_eq!(turns(alpaca), pair("Add.\n\n1 1", "2"));
    let bare = json!({"instruction": "Sing.", "input": "", "output": "la"});
    assert_eq!(turns(bare), pair("Sing.", "la"));
    let math = json!({"problem": "1 + 1?", "solution": "It is 2.", "answer": "2"});
    assert_eq!(turns(math), pair("1 + 1?", "It is 2."));
    let unsolved = json!({"question": "1 + 1?", "solution": null, "answer": 2});
    assert_eq!(turns(unsolved), pair("1 + 1?", "2"));
}

#[test]
fn the_column_map_says_which_pair_is_meant() {
    let record = json!({"prompt": "p", "completion": "c", "task": "t", "final": "f",
        "chat": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}],
        "messages": [{"role": "user", "content": "m"}, {"role": "assistant", "content": "n"}]});
    let asked = |map: &str| {
        let conversation: Conversation = read_as(&record, map).unwrap();
        conversation.messages[0].content.clone()
    };
    assert_eq!(asked(""), "m");
    assert_eq!(asked("question=task,answer=final"), "t");
    assert_eq!(asked("completion=final"), "p");
    assert_eq!(asked("messages=chat"), "x");
}

#[test]
fn what_cannot_be_learned_from_says_why() {
    let user = json!({"role": "user", "content": "a"});
    let assistant = json!({"role": "assistant", "content": "b"});
    for (record, reason) in [
        (json!({"messages": "a"}), "no list of messages"),
        (json!({"messages": []}), "no question comes first"),
        (
            json!({"messages": [assistant.clone()]}),
            "no question comes first",
        ),
        (json!({"messages": [user.clone()]}), "does not end"),
        (
            json!({"messages": [user.clone(), {"role": "tool", "content": "b"}]}),
            "turn 2: the role `tool`",
        ),
        (
            json!({"messages": [user.clone(), {"role": "assistant"}]}),
            "no `content`",
        ),
        (
            json!({"messages": [{"role": "user", "content": [{"type": "image"}]}]}),
            "no text",
        ),
        (json!({"messages": [{"content": "a"}]}), "no `role`"),
        (
            json!({"messages": [user, {"role": "assistant", "content": " "}]}),
            "turn 2 is blank",
        ),
        (
            json!({"prompt": "a", "chosen": "b"}),
            "no `completion` or `response`",
        ),
        (
            json!({"prompt": "a", "completion": {}}),
            "neither text nor messages",
        ),
        (json!({"words": "a"}), "no column holds a conversation"),
    ] {
        let said = refused(record.clone());
        assert!(said.contains(reason), "{record}: {said}");
    }
}

#[test]
fn samples_are_conversations_of_two_turns() {
    let record =
        json!({"id": 7, "question": "求 x", "answer": "5", "source": "book", "domain": "Logic"});
    let sample: Sample = read_as(&record, "").unwrap();
    assert_eq!((sample.id.as_str(), sample.language.as_str()), ("7", "zh"));
    assert_eq!(
        (sample.source.as_str(), sample.domain),
        ("book", Domain::Logic)
    );
    let conversation = Conversation::from(sample.clone());
    assert_eq!(conversation.show(), "[user]\n求 x\n\n[assistant]\n5");
    assert_eq!(Sample::try_from(conversation), Ok(sample));
    let long = json!({"system": "s", "question": "a", "answer": "b"});
    assert!(
        read_as::<Sample>(&long, "")
            .unwrap_err()
            .contains("3 turns")
    );
}
