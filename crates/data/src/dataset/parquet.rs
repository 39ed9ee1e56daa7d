//! Parquet: the rows of a file as JSON objects, a few hundred at a time.
//!
//! Numbers, texts, lists, structures and maps are what they are in JSON. Left out, and absent from
//! the objects: dates and times, bytes that are not text, and numbers that are not finite.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrowPrimitiveType, RecordBatch, types};
use arrow_schema::DataType;
use parquet::arrow::arrow_reader::{
    ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use serde_json::{Map, Value};

use super::ReadError;
use super::format::{Broken, Object};

/// Rows decoded at once.
const BATCH: usize = 256;

/// The rows of a file.
pub(super) struct Rows {
    path: PathBuf,
    reader: ParquetRecordBatchReader,
    batch: Option<RecordBatch>,
    /// Rows given, of the batch and in all.
    given: usize,
    passed: usize,
}

impl Rows {
    /// Opens a file and reads what its end says of it.
    pub(super) fn open(path: &Path) -> Result<Self, ReadError> {
        let io = |source| ReadError::Io {
            path: path.into(),
            source,
        };
        let file = File::open(path).map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        // By the file's own types alone: what it was made from does not matter here.
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let reader = guarded(path, || {
            let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options)?;
            check(builder.metadata(), length)?;
            builder.with_batch_size(BATCH).build()
        })?;
        Ok(Self {
            path: path.into(),
            reader,
            batch: None,
            given: 0,
            passed: 0,
        })
    }

    pub(super) fn next(&mut self) -> Option<Result<Object, Broken>> {
        loop {
            let batch = self.batch.as_ref();
            if let Some(batch) = batch.filter(|batch| self.given < batch.num_rows()) {
                let object = object(batch, self.given);
                self.given += 1;
                self.passed += 1;
                return Some(Ok((self.passed, object)));
            }
            let reader = &mut self.reader;
            match guarded(&self.path, || reader.next().transpose()) {
                Ok(None) => return None,
                Ok(batch) => {
                    self.batch = batch;
                    self.given = 0;
                }
                Err(error) => return Some(Err(error.into())),
            }
        }
    }
}

/// Refuses columns that begin or end outside the file, which the decoder takes for granted.
fn check(metadata: &ParquetMetaData, length: u64) -> Result<(), ParquetError> {
    let columns = metadata
        .row_groups()
        .iter()
        .flat_map(|group| group.columns());
    for column in columns {
        let start = column
            .dictionary_page_offset()
            .unwrap_or(column.data_page_offset());
        let end = start.checked_add(column.compressed_size());
        let inside = start >= 0 && end.is_some_and(|end| end >= start && end as u64 <= length);
        if !inside || column.data_page_offset() < 0 || column.num_values() < 0 {
            let name = column.column_path().string();
            return Err(ParquetError::General(format!(
                "column {name} lies outside the file"
            )));
        }
    }
    Ok(())
}

/// Decodes; where the decoder panics, as it does on some damaged files, the file is what is wrong.
fn guarded<T, E: ToString>(
    path: &Path,
    decode: impl FnOnce() -> Result<T, E>,
) -> Result<T, ReadError> {
    let reason = match catch_unwind(AssertUnwindSafe(decode)) {
        Ok(Ok(value)) => return Ok(value),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "the decoder gave up".to_owned(),
    };
    Err(ReadError::Damaged {
        path: path.into(),
        format: "Parquet",
        reason,
    })
}

fn object(batch: &RecordBatch, row: usize) -> Map<String, Value> {
    let schema = batch.schema_ref();
    let columns = schema.fields().iter().zip(batch.columns());
    columns
        .map(|(field, column)| (field.name().clone(), cell(column, row)))
        .collect()
}

/// One cell as JSON; null for what has no place there.
fn cell(array: &dyn Array, row: usize) -> Value {
    if array.is_null(row) {
        return Value::Null;
    }
    let list = |items: &dyn Array| (0..items.len()).map(|at| cell(items, at)).collect();
    match array.data_type() {
        DataType::Boolean => array.as_boolean().value(row).into(),
        DataType::Int8 => number::<types::Int8Type>(array, row).into(),
        DataType::Int16 => number::<types::Int16Type>(array, row).into(),
        DataType::Int32 => number::<types::Int32Type>(array, row).into(),
        DataType::Int64 => number::<types::Int64Type>(array, row).into(),
        DataType::UInt8 => number::<types::UInt8Type>(array, row).into(),
        DataType::UInt16 => number::<types::UInt16Type>(array, row).into(),
        DataType::UInt32 => number::<types::UInt32Type>(array, row).into(),
        DataType::UInt64 => number::<types::UInt64Type>(array, row).into(),
        DataType::Float16 => number::<types::Float16Type>(array, row).to_f32().into(),
        DataType::Float32 => number::<types::Float32Type>(array, row).into(),
        DataType::Float64 => number::<types::Float64Type>(array, row).into(),
        DataType::Decimal32(..) => array
            .as_primitive::<types::Decimal32Type>()
            .value_as_string(row)
            .into(),
        DataType::Decimal64(..) => array
            .as_primitive::<types::Decimal64Type>()
            .value_as_string(row)
            .into(),
        DataType::Decimal128(..) => array
            .as_primitive::<types::Decimal128Type>()
            .value_as_string(row)
            .into(),
        DataType::Utf8 => array.as_string::<i32>().value(row).into(),
        DataType::Binary => {
            let text = str::from_utf8(array.as_binary::<i32>().value(row));
            text.map_or(Value::Null, Value::from)
        }
        DataType::List(_) => list(&array.as_list::<i32>().value(row)),
        DataType::FixedSizeList(..) => list(&array.as_fixed_size_list().value(row)),
        DataType::Struct(fields) => {
            let values = fields.iter().zip(array.as_struct().columns());
            values
                .map(|(field, column)| (field.name().clone(), cell(column, row)))
                .collect()
        }
        DataType::Map(..) => {
            let entries = array.as_map().value(row);
            let [keys, values] = entries.columns() else {
                return Value::Null;
            };
            let entry = |at| match cell(keys, at) {
                Value::String(key) => (key, cell(values, at)),
                key => (key.to_string(), cell(values, at)),
            };
            (0..entries.len()).map(entry).collect()
        }
        _ => Value::Null,
    }
}

fn number<T: ArrowPrimitiveType>(array: &dyn Array, row: usize) -> T::Native {
    array.as_primitive::<T>().value(row)
}
