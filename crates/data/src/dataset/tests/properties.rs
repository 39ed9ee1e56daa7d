//! What holds for any bytes, any JSON and any record.

use proptest::prelude::*;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::*;
use crate::chat::Message;
use crate::{Case, Check, CodeTests, Domain, Sample};

/// Reads a file as everything; each must end.
fn read_all(content: &[u8]) {
    let (_folder, path) = file("any.jsonl", content);
    let _ = gather::<Problem>(&path);
    let _ = gather::<Conversation>(&path);
    let _ = gather::<Text>(&path);
    let _ = gather::<Record>(&path);
    let _ = gather::<Sample>(&path);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,6}".prop_map(Value::from),
        Just(json!("user")),
        Just(json!("assistant")),
        Just(json!("#### ")),
        Just(json!("\\boxed{")),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::vec((any_name(), inner), 0..6)
                .prop_map(|entries| Value::Object(entries.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// A column that something is made of, or another.
fn any_name() -> impl Strategy<Value = String> {
    let known = "messages conversations role from content value prompt completion response instruction \
                 input output question problem answer solution text system id language domain level \
                 source test entry_point test_list tests functional check kind task_id";
    let known: Vec<String> = known.split_whitespace().map(str::to_owned).collect();
    prop_oneof![4 => proptest::sample::select(known), 1 => ".{0,3}"]
}

fn any_problem() -> impl Strategy<Value = Problem> {
    let checks = prop_oneof![
        Just(Check::Answer),
        (".*", ".*").prop_map(|(input, output)| Check::Code {
            tests: CodeTests::StdinStdout {
                shown: vec![],
                hidden: vec![Case { input, output }],
            },
        }),
    ];
    let domain = proptest::sample::select(Domain::ALL.to_vec());
    let words = (".{1,9}", ".*", ".*", proptest::option::of(".*"), ".*");
    (words, domain, any::<u32>(), checks).prop_map(
        |((id, question, answer, solution, family), domain, level, check)| Problem {
            id,
            question,
            answer,
            solution,
            family,
            domain,
            level,
            language: "en".to_owned(),
            check,
        },
    )
}

/// Text with something in it, and a name without white space around it.
const SAID: &str = ".{0,9}[a-z求].{0,9}";
const NAME: &str = "[a-z0-9求-]{1,9}";

fn any_conversation() -> impl Strategy<Value = Conversation> {
    let turns = proptest::collection::vec((SAID, SAID), 1..4);
    let domain = proptest::sample::select(Domain::ALL.to_vec());
    (NAME, proptest::option::of(SAID), turns, domain, NAME).prop_map(
        |(id, system, turns, domain, source)| Conversation {
            id,
            messages: (system.into_iter().map(Message::system))
                .chain(
                    turns
                        .into_iter()
                        .flat_map(|(asked, said)| [Message::user(asked), Message::assistant(said)]),
                )
                .collect(),
            domain,
            language: "en".to_owned(),
            source,
        },
    )
}

/// What is read of records that were written as lines, and as an array.
fn round<T: FromRow + Serialize>(records: &[T]) -> [Vec<T>; 2] {
    let lines: Vec<String> = records
        .iter()
        .map(|r| serde_json::to_string(r).unwrap())
        .collect();
    let array = serde_json::to_string_pretty(records).unwrap();
    [gzip(lines.join("\n").as_bytes()), array.into_bytes()].map(|content| {
        let (_folder, path) = file("any", content);
        gather(&path).unwrap().records
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_bytes_are_too_much(content: Vec<u8>) {
        read_all(&content);
    }

    #[test]
    fn no_bytes_behind_a_good_start_are_too_much(content: Vec<u8>, start in 0..6_usize) {
        let starts: [&[u8]; 6] = [b"[{", b"\x1f\x8b\x08\0", b"\x28\xb5\x2f\xfd", b"PAR1", b"{\"text\":", b"[[\""];
        read_all(&[starts[start], &content].concat());
    }

    #[test]
    fn a_changed_byte_in_a_packed_file_is_no_accident(at: usize, byte: u8, zip: bool) {
        let mut content = if zip { gzip(TWO.as_bytes()) } else { TWO.as_bytes().to_vec() };
        let at = at % content.len();
        content[at] = byte;
        read_all(&content);
    }

    #[test]
    fn no_json_is_too_much(records in proptest::collection::vec(any_json(), 1..4)) {
        let lines: Vec<String> = records.iter().map(Value::to_string).collect();
        read_all(lines.join("\n").as_bytes());
        read_all(Value::from(records).to_string().as_bytes());
    }

    #[test]
    fn problems_come_back(problems in proptest::collection::vec(any_problem(), 1..4)) {
        for read in round(&problems) {
            prop_assert_eq!(&read, &problems);
        }
    }

    #[test]
    fn conversations_come_back(records in proptest::collection::vec(any_conversation(), 1..4)) {
        for read in round(&records) {
            prop_assert_eq!(&read, &records);
        }
    }

    #[test]
    fn texts_come_back(id in NAME, text in SAID, source in NAME, labels in any::<(bool, bool)>()) {
        let language = labels.0.then(|| "la".to_owned());
        let domain = labels.1.then(|| "verse".to_owned());
        let texts = [Text { id, text, source, language, domain }];
        for read in round(&texts) {
            prop_assert_eq!(&read[..], &texts);
        }
    }
}
