//! Parquet files.

use super::content;
use super::error::FileError;
use super::format::Compression;
use super::record::Record;
use crate::panics::caught;
use bytes::Bytes;
use parquet::basic::{Compression as Codec, ConvertedType, Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::{ChunkReader, FileReader, SerializedFileReader};
use parquet::record::{Field, Row};
use parquet::schema::types::{ColumnDescriptor, Type as SchemaType};
use serde_json::{Map, Number, Value};
use std::fmt::Display;
use std::fs::File;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

/// Reads all rows; nested values become lists and objects, and dates and times strings.
pub(super) fn read(file: &Arc<Path>, content: Vec<u8>) -> Result<Vec<Record>, FileError> {
    if content.is_empty() {
        return Ok(Vec::new());
    }
    // The library panics on some damaged files.
    caught(|| rows(file, content.into())).unwrap_or_else(|panic| Err(unreadable(file, 1, panic)))
}

fn rows(file: &Arc<Path>, content: Bytes) -> Result<Vec<Record>, FileError> {
    let reader = open(file, content)?;
    let rows = reader.get_row_iter(None).map_err(|error| unreadable(file, 1, error))?;
    (1..).zip(rows).map(|(line, row)| record(file, line, row)).collect()
}

/// As [`read`], one row after the other, until `next` breaks; rows have only the column that
/// `column` chooses from the first row.
pub(super) fn each(
    file: &Arc<Path>,
    column: &mut dyn FnMut(&Record) -> Result<String, FileError>,
    next: &mut dyn FnMut(Record) -> Result<ControlFlow<()>, FileError>,
) -> Result<(), FileError> {
    let source = File::open(file)
        .map_err(|source| FileError::Unreadable { path: file.to_path_buf(), source })?;
    let all = || match Compression::of(file) {
        // A row group is found by its position.
        Some(_) => each_row(file, Bytes::from(content::bytes(file)?), column, next),
        None => each_row(file, source, column, next),
    };
    caught(all).unwrap_or_else(|panic| Err(unreadable(file, 1, panic)))
}

fn each_row(
    file: &Arc<Path>,
    source: impl ChunkReader + 'static,
    column: &mut dyn FnMut(&Record) -> Result<String, FileError>,
    next: &mut dyn FnMut(Record) -> Result<ControlFlow<()>, FileError>,
) -> Result<(), FileError> {
    let reader = open(file, source)?;
    let failed = |error: ParquetError| unreadable(file, 1, error);
    let Some(first) = reader.get_row_iter(None).map_err(failed)?.next() else { return Ok(()) };
    let name = column(&record(file, 1, first)?)?;
    let schema = reader.metadata().file_metadata().schema();
    let chosen = schema.get_fields().iter().filter(|field| field.name() == name).cloned().collect();
    let projection = SchemaType::group_type_builder(schema.name()).with_fields(chosen).build();
    let rows = reader.get_row_iter(Some(projection.map_err(failed)?)).map_err(failed)?;
    for (line, row) in (1..).zip(rows) {
        if next(record(file, line, row)?)?.is_break() {
            break;
        }
    }
    Ok(())
}

fn open<R: ChunkReader + 'static>(
    file: &Path,
    source: R,
) -> Result<SerializedFileReader<R>, FileError> {
    let reader = SerializedFileReader::new(source).map_err(|error| unreadable(file, 1, error))?;
    match unsupported(reader.metadata()) {
        Some(reason) => Err(FileError::malformed(file, 1, reason)),
        None => Ok(reader),
    }
}

fn record(
    file: &Arc<Path>,
    line: u64,
    row: Result<Row, ParquetError>,
) -> Result<Record, FileError> {
    Ok(Record::new(file, line, fields(row.map_err(|error| unreadable(file, line, error))?)))
}

fn unreadable(file: &Path, line: u64, error: impl Display) -> FileError {
    let reason = format!("not readable as Parquet: {error}; write or download the file again");
    FileError::malformed(file, line, reason)
}

/// Why a file cannot be read: its compression, or a column's type.
fn unsupported(metadata: &ParquetMetaData) -> Option<String> {
    use Codec::{GZIP, SNAPPY, UNCOMPRESSED};
    let chunks = metadata.row_groups().iter().flat_map(|group| group.columns());
    let is_unsupported = |it: &Codec| !matches!(it, UNCOMPRESSED | SNAPPY | GZIP(_));
    if let Some(other) = chunks.map(|chunk| chunk.compression()).find(is_unsupported) {
        return Some(format!(
            "compressed with {other}; only snappy, gzip and no compression are supported, so write \
             the file again, for example with compression=\"snappy\" in pandas or Polars"
        ));
    }
    let columns = metadata.file_metadata().schema_descr().columns();
    columns.iter().find(|column| !has_value(column)).map(|column| {
        format!(
            "the column {} has the type {} of {}, which is not supported; remove it",
            column.path(),
            column.converted_type(),
            column.physical_type()
        )
    })
}

/// Whether the reader of rows converts values of this column's type; it panics for others.
fn has_value(column: &ColumnDescriptor) -> bool {
    use ConvertedType::*;
    match column.physical_type() {
        Type::INT32 => matches!(
            column.converted_type(),
            NONE | INT_8
                | INT_16
                | INT_32
                | UINT_8
                | UINT_16
                | UINT_32
                | DATE
                | TIME_MILLIS
                | DECIMAL
        ),
        Type::INT64 => matches!(
            column.converted_type(),
            NONE | INT_64 | UINT_64 | TIME_MICROS | TIMESTAMP_MILLIS | TIMESTAMP_MICROS | DECIMAL
        ),
        Type::BYTE_ARRAY => {
            matches!(column.converted_type(), NONE | UTF8 | ENUM | JSON | BSON | DECIMAL)
        }
        Type::FIXED_LEN_BYTE_ARRAY => matches!(column.converted_type(), NONE | DECIMAL),
        Type::BOOLEAN | Type::INT96 | Type::FLOAT | Type::DOUBLE => true,
    }
}

fn fields(row: Row) -> Map<String, Value> {
    row.into_columns().into_iter().map(|(name, field)| (name, value(&field))).collect()
}

fn value(field: &Field) -> Value {
    match field {
        Field::Null => Value::Null,
        Field::Bool(value) => (*value).into(),
        Field::Byte(value) => (*value).into(),
        Field::Short(value) => (*value).into(),
        Field::Int(value) => (*value).into(),
        Field::Long(value) => (*value).into(),
        Field::UByte(value) => (*value).into(),
        Field::UShort(value) => (*value).into(),
        Field::UInt(value) => (*value).into(),
        Field::ULong(value) => (*value).into(),
        Field::Float16(value) => number(&value.to_string()),
        Field::Float(value) => number(&value.to_string()),
        Field::Double(value) => number(&value.to_string()),
        Field::Str(text) => text.as_str().into(),
        // Some programs do not mark their strings as such; other bytes are no values of texts.
        Field::Bytes(bytes) => str::from_utf8(bytes.data()).map_or(Value::Null, Value::from),
        Field::Group(row) => {
            row.get_column_iter().map(|(name, field)| (name.clone(), value(field))).collect()
        }
        Field::ListInternal(list) => list.elements().iter().map(value).collect(),
        Field::MapInternal(map) => {
            map.entries().iter().map(|(key, field)| (text(key), value(field))).collect()
        }
        Field::Decimal(_)
        | Field::Date(_)
        | Field::TimeMillis(_)
        | Field::TimeMicros(_)
        | Field::TimestampMillis(_)
        | Field::TimestampMicros(_) => field.to_string().into(),
    }
}

/// The shortest decimal form: `0.1` of 32 bits is `0.1`. NaN and infinities become null.
fn number(text: &str) -> Value {
    text.parse().ok().and_then(Number::from_f64).map_or(Value::Null, Value::Number)
}

fn text(key: &Field) -> String {
    match value(key) {
        Value::String(text) => text,
        other => other.to_string(),
    }
}
