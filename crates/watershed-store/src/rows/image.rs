//! What readers saw of a row, as far as they may filter by it or search it: a JSON array with a place for each column.

use serde_json::Value as Json;
use watershed_core::{ColumnKind, ColumnSpec, Decimal, TableSpec, Timestamp, Value};

/// The text that such an image is kept as.
#[must_use]
pub fn written_image(spec: &TableSpec, values: &[Value]) -> String {
    let places = spec.columns.iter().zip(values);
    let image = places.map(|(column, value)| if is_asked_for(column) { json(value) } else { Json::Null });
    Json::Array(image.collect()).to_string()
}

/// The image that was written for a table of that spec; none where it is of another.
#[must_use]
pub fn read_image(spec: &TableSpec, text: &str) -> Option<Vec<Value>> {
    let image: Vec<Json> = serde_json::from_str(text).ok()?;
    if image.len() != spec.columns.len() {
        return None;
    }
    spec.columns.iter().zip(image).map(|(column, json)| value(column, &json)).collect()
}

/// Whether readers may filter by it or search it.
fn is_asked_for(column: &ColumnSpec) -> bool {
    column.is_declared() || (column.searched && !column.internal)
}

fn json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => (*value).into(),
        Value::Int(value) => (*value).into(),
        // As bits: JSON has no word for what is no number, and not every reader gives the same one back.
        Value::Real(value) => value.to_bits().into(),
        Value::Decimal(value) => value.to_string().into(),
        Value::Text(text) | Value::Json(text) => (&**text).into(),
        Value::Timestamp(instant) => instant.as_micros().into(),
    }
}

fn value(column: &ColumnSpec, json: &Json) -> Option<Value> {
    if json.is_null() {
        return Some(Value::Null);
    }
    Some(match column.kind {
        ColumnKind::Bool => Value::Bool(json.as_bool()?),
        ColumnKind::Int => Value::Int(json.as_i64()?),
        ColumnKind::Real => Value::Real(f64::from_bits(json.as_u64()?)),
        ColumnKind::Decimal => Value::Decimal(json.as_str()?.parse::<Decimal>().ok()?),
        ColumnKind::Text => Value::Text(json.as_str()?.into()),
        ColumnKind::Json => Value::Json(json.as_str()?.into()),
        ColumnKind::Timestamp => Value::Timestamp(Timestamp::from_micros(json.as_i64()?)),
    })
}
