//! Parquet, written here in the forms that data sets have.

use std::sync::Arc;

use ::parquet::arrow::ArrowWriter;
use ::parquet::basic::{BrotliLevel, Compression, GzipLevel, ZstdLevel};
use ::parquet::file::properties::WriterProperties;
use arrow_array::builder::{ListBuilder, StringBuilder, StructBuilder};
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Float64Array, Int32Array, LargeStringArray, ListArray,
    RecordBatch, StringArray, StructArray, TimestampMillisecondArray, UInt8Array,
};
use arrow_schema::{DataType, Field, Fields};
use proptest::prelude::*;

use super::*;
use crate::chat::Role;

fn table(columns: Vec<(&str, ArrayRef)>, compression: Compression) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let properties = WriterProperties::builder()
        .set_compression(compression)
        .set_max_row_group_row_count(Some(3));
    let mut bytes = Vec::new();
    let mut writer =
        ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties.build())).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

fn words(texts: &[Option<&str>]) -> ArrayRef {
    Arc::new(StringArray::from(texts.to_vec()))
}

/// Five hundred questions, the third without an answer.
fn questions(compression: Compression) -> Vec<u8> {
    let numbers: Vec<String> = (1..=500).map(|n| n.to_string()).collect();
    let question: Vec<Option<&str>> = numbers.iter().map(|n| Some(n.as_str())).collect();
    let mut answer = question.clone();
    answer[2] = None;
    table(
        vec![("question", words(&question)), ("answer", words(&answer))],
        compression,
    )
}

#[test]
fn rows_of_every_compression_are_read_in_order() {
    for compression in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::ZSTD(ZstdLevel::default()),
        Compression::GZIP(GzipLevel::default()),
        Compression::BROTLI(BrotliLevel::default()),
    ] {
        let (_folder, path) = file("set.parquet", questions(compression));
        let gathered = gather::<Problem>(&path).unwrap();
        let answers = gathered
            .records
            .iter()
            .map(|p| p.answer.parse::<i32>().unwrap());
        let expected = (1..=500).filter(|n| *n != 3);
        assert!(answers.eq(expected), "{compression}");
        assert_eq!(gathered.records[3].id, "set-5");
        let [skipped] = &gathered.skipped[..] else {
            panic!("{:?}", gathered.skipped)
        };
        assert!(
            skipped
                .to_string()
                .contains("set.parquet, row 3: no `answer`"),
            "{skipped}"
        );
    }
}

#[test]
fn lists_of_messages_are_conversations() {
    let fields = ["role", "content"].map(|name| Field::new(name, DataType::Utf8, true));
    let mut list = ListBuilder::new(StructBuilder::from_fields(Fields::from(fields.to_vec()), 4));
    for turns in [&[("user", "a"), ("assistant", "b")][..], &[("user", "c")]] {
        for turn in turns {
            for (at, text) in [turn.0, turn.1].into_iter().enumerate() {
                list.values()
                    .field_builder::<StringBuilder>(at)
                    .unwrap()
                    .append_value(text);
            }
            list.values().append(true);
        }
        list.append(true);
    }
    let content = table(
        vec![("messages", Arc::new(list.finish()))],
        Compression::SNAPPY,
    );
    let (_folder, path) = file("set.parquet", content);
    let gathered = gather::<Conversation>(&path).unwrap();
    let turns = &gathered.records[0].messages;
    assert_eq!(
        (turns[1].role, turns[1].content.as_str()),
        (Role::Assistant, "b")
    );
    assert!(gathered.skipped[0].reason.contains("does not end"));
}

#[test]
fn cells_are_what_they_are_in_json() {
    let number: ArrayRef = Arc::new(Int32Array::from(vec![7]));
    let inner: StructArray =
        vec![(Arc::new(Field::new("truth", DataType::Int32, true)), number)].into();
    let list = ListArray::from_iter_primitive::<arrow_array::types::Int64Type, _, _>([Some(vec![
        Some(1),
        None,
    ])]);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("text", Arc::new(LargeStringArray::from(vec!["t"]))),
        ("flag", Arc::new(BooleanArray::from(vec![true]))),
        ("half", Arc::new(Float64Array::from(vec![0.5]))),
        ("nan", Arc::new(Float64Array::from(vec![f64::NAN]))),
        ("small", Arc::new(UInt8Array::from(vec![200]))),
        ("inner", Arc::new(inner)),
        ("list", Arc::new(list)),
        ("bytes", Arc::new(BinaryArray::from(vec![&b"ok"[..]]))),
        ("image", Arc::new(BinaryArray::from(vec![&b"\xff"[..]]))),
        ("when", Arc::new(TimestampMillisecondArray::from(vec![0]))),
    ];
    struct Columns(serde_json::Value);
    impl FromRow for Columns {
        const NEEDS: &'static str = "nothing";
        fn from_row(row: &Row) -> Result<Self, String> {
            Ok(Self(row.columns().clone().into()))
        }
        fn show(&self) -> String {
            self.0.to_string()
        }
    }
    let (_folder, path) = file("set.parquet", table(columns, Compression::SNAPPY));
    let shown = Dataset::open(&path).unwrap().sample::<Columns>().unwrap();
    let expected =
        r#"{"text":"t","flag":true,"half":0.5,"nan":null,"small":200,"inner":{"truth":7},"#;
    let rest = r#""list":[1,null],"bytes":"ok","image":null,"when":null}"#;
    assert_eq!(shown, format!("{expected}{rest}"));
}

#[test]
fn damage_is_told_apart_from_bad_rows() {
    let whole = questions(Compression::SNAPPY);
    let (_folder, path) = file("set.parquet", &whole[..whole.len() - 9]);
    let said = gather::<Problem>(&path).unwrap_err().to_string();
    assert!(
        said.contains("set.parquet: the Parquet data is cut off or damaged"),
        "{said}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_changed_byte_is_too_much(changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..4)) {
        let mut content = questions(Compression::SNAPPY);
        for (at, byte) in changes {
            let at = at % content.len();
            content[at] = byte;
        }
        let (_folder, path) = file("set.parquet", content);
        let _ = gather::<Problem>(&path);
    }
}
