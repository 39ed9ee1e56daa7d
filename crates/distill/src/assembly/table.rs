//! Entries as Parquet: `messages` a list of structures, everything else a column of its own.

use std::io::{Error, Write};
use std::sync::Arc;

use arrow_array::builder::{
    ArrayBuilder, ListBuilder, StringBuilder, StructBuilder, UInt32Builder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Fields, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::entry::Entry;
use super::output::{Batch, Failed};

/// Entries of a row group: what the writer holds in memory.
const ROW_GROUP: usize = 8192;

/// Writes batches of lines, each an [`Entry`].
pub(super) fn write(
    to: &mut (impl Write + Send),
    level: i32,
    batches: impl Iterator<Item = Batch>,
) -> Result<(), Failed> {
    let failed = |error: parquet::errors::ParquetError| Error::other(error);
    let level = ZstdLevel::try_new(level).map_err(failed)?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .set_created_by("distill".to_owned())
        .build();
    let schema = Arc::new(schema());
    let mut writer = ArrowWriter::try_new(to, schema.clone(), Some(properties)).map_err(failed)?;
    for batch in batches {
        let batch = table(&schema, &batch.map_err(Failed::Lines)?)?;
        writer.write(&batch).map_err(failed)?;
    }
    writer.close().map_err(failed)?;
    Ok(())
}

fn schema() -> Schema {
    let messages = DataType::List(item());
    Schema::new(vec![
        Field::new("messages", messages, false),
        text("source"),
        text("domain"),
        text("language"),
        text("id"),
        Field::new("level", DataType::UInt32, true),
    ])
}

fn text(name: &str) -> Field {
    Field::new(name, DataType::Utf8, false)
}

fn turn() -> Fields {
    Fields::from(vec![text("role"), text("content")])
}

fn item() -> Arc<Field> {
    Arc::new(Field::new("element", DataType::Struct(turn()), false))
}

fn table(schema: &Arc<Schema>, lines: &[Vec<u8>]) -> Result<RecordBatch, Error> {
    let string = || -> Box<dyn ArrayBuilder> { Box::new(StringBuilder::new()) };
    let turns = StructBuilder::new(turn(), vec![string(), string()]);
    let mut messages = ListBuilder::new(turns).with_field(item());
    let mut texts: [StringBuilder; 4] = Default::default();
    let mut levels = UInt32Builder::new();
    for line in lines {
        let entry: Entry = serde_json::from_slice(line)?;
        for message in &entry.messages {
            let turns = messages.values();
            for (at, value) in [message.role.name(), &message.content]
                .into_iter()
                .enumerate()
            {
                let column = turns.field_builder::<StringBuilder>(at);
                column.expect("two columns of texts").append_value(value);
            }
            turns.append(true);
        }
        messages.append(true);
        let domain = entry.domain.name();
        let values = [&*entry.source, domain, &*entry.language, &*entry.id];
        for (column, value) in texts.iter_mut().zip(values) {
            column.append_value(value);
        }
        levels.append_option(entry.level);
    }
    let mut columns: Vec<ArrayRef> = vec![Arc::new(messages.finish())];
    columns.extend(texts.map(|mut column| -> ArrayRef { Arc::new(column.finish()) }));
    columns.push(Arc::new(levels.finish()));
    RecordBatch::try_new(schema.clone(), columns).map_err(Error::other)
}
