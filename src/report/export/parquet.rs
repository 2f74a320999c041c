//! `particles.parquet`: the rows of `particles.csv` with the types of their columns, for pandas, R, DuckDB and Spark.
//!
//! Text is UTF-8, numbers are doubles with all their digits, counts 64-bit integers; what is blank there is null here. The
//! metadata of the file have `NAME.unit`, `NAME.meaning`, `NAME.estimator` and `NAME.source` for each column and
//! `cupule_version`.

use crate::atomic::{WholeFile, output_error};
use crate::error::Result;
use crate::report::columns::{Kind, PARTICLES, ParticleColumn, Value};
use crate::report::{Sink, rows};
use crate::results::ImageResult;
use ::parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use ::parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use ::parquet::errors::{ParquetError, Result as Written};
use ::parquet::file::metadata::KeyValue;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use ::parquet::schema::types::Type;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rows that are held in memory and written together: some 5 megabytes, and enough to compress well.
const GROUP_ROWS: usize = 4096;

/// The file while it grows.
pub struct Parquet {
    path: PathBuf,
    writer: SerializedFileWriter<WholeFile>,
    /// Cells that wait, column by column.
    waiting: Vec<Vec<Value>>,
}

impl Parquet {
    /// Starts the file.
    ///
    /// # Errors
    /// [`crate::error::Error::Output`].
    pub fn create(path: &Path) -> Result<Self> {
        let failed = |error| output_error(path, &io_error(error));
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_key_value_metadata(Some(metadata()))
            .build();
        let schema = schema().map_err(failed)?;
        let writer = SerializedFileWriter::new(WholeFile::create(path)?, Arc::new(schema), Arc::new(properties));
        let waiting = vec![Vec::new(); PARTICLES.len()];
        Ok(Self { path: path.into(), writer: writer.map_err(failed)?, waiting })
    }

    /// Writes what waits as a row group.
    fn flush(&mut self) -> Written<()> {
        let mut group = self.writer.next_row_group()?;
        for (column, cells) in PARTICLES.iter().zip(&mut self.waiting) {
            if let Some(mut writer) = group.next_column()? {
                write_cells(column, cells, &mut writer)?;
                writer.close()?;
            }
            cells.clear();
        }
        group.close()?;
        Ok(())
    }

    fn waiting_rows(&self) -> usize {
        self.waiting.first().map_or(0, Vec::len)
    }
}

impl Sink for Parquet {
    fn image(&mut self, image: &ImageResult) -> Result<()> {
        for row in rows(image) {
            for (column, cells) in PARTICLES.iter().zip(&mut self.waiting) {
                cells.push((column.get)(&row));
            }
            if self.waiting_rows() == GROUP_ROWS {
                self.flush().map_err(|error| output_error(&self.path, &io_error(error)))?;
            }
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        let rest = if self.waiting_rows() > 0 { self.flush() } else { Ok(()) };
        let Self { path, writer, .. } = *self;
        let file = rest.and_then(|()| writer.into_inner()).map_err(|error| output_error(&path, &io_error(error)))?;
        file.commit()
    }
}

fn schema() -> Written<Type> {
    let field = |column: &ParticleColumn| {
        let (physical, logical) = match column.kind {
            Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            Kind::Number => (Physical::DOUBLE, None),
            Kind::Integer => (Physical::INT64, None),
        };
        let field = Type::primitive_type_builder(column.name, physical).with_repetition(Repetition::OPTIONAL);
        field.with_logical_type(logical).build().map(Arc::new)
    };
    Type::group_type_builder("particles").with_fields(PARTICLES.iter().map(field).collect::<Written<_>>()?).build()
}

fn metadata() -> Vec<KeyValue> {
    let version = KeyValue::new("cupule_version".into(), env!("CARGO_PKG_VERSION").to_string());
    let of_column = |column: &'static ParticleColumn| {
        let parts = [
            ("unit", column.unit),
            ("meaning", column.meaning),
            ("estimator", column.estimator),
            ("source", column.source),
        ];
        let told = parts.into_iter().filter(|(_, text)| !text.is_empty());
        told.map(|(part, text)| KeyValue::new(format!("{}.{part}", column.name), text.to_string()))
    };
    std::iter::once(version).chain(PARTICLES.iter().flat_map(of_column)).collect()
}

/// Cells of another kind than the column's, and numbers that are none, are null.
fn write_cells(column: &ParticleColumn, cells: &[Value], writer: &mut SerializedColumnWriter<'_>) -> Written<()> {
    match column.kind {
        Kind::Text => {
            let (values, levels) = present(cells, |cell| match cell {
                Value::Text(text) => Some(ByteArray::from(text.as_str())),
                _ => None,
            });
            writer.typed::<ByteArrayType>().write_batch(&values, Some(&levels), None)?;
        }
        Kind::Number => {
            let (values, levels) = present(cells, |cell| match cell {
                Value::Number(number) => Some(*number).filter(|number| number.is_finite()),
                _ => None,
            });
            writer.typed::<DoubleType>().write_batch(&values, Some(&levels), None)?;
        }
        Kind::Integer => {
            let (values, levels) = present(cells, |cell| match cell {
                Value::Integer(integer) => i64::try_from(*integer).ok(),
                _ => None,
            });
            writer.typed::<Int64Type>().write_batch(&values, Some(&levels), None)?;
        }
    }
    Ok(())
}

/// The values that there are, and for each cell 1 when it has one and 0 when not.
fn present<T>(cells: &[Value], get: impl Fn(&Value) -> Option<T>) -> (Vec<T>, Vec<i16>) {
    let found: Vec<Option<T>> = cells.iter().map(get).collect();
    let levels = found.iter().map(|value| i16::from(value.is_some())).collect();
    (found.into_iter().flatten().collect(), levels)
}

/// Keeps the disk's own error, which says what to do about it.
fn io_error(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(source) => match source.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    }
}
