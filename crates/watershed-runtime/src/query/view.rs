use std::any::Any;
use std::borrow::Cow;

use serde_json::value::RawValue;
use watershed_core::read::parse_value;
use watershed_core::{ColumnSpec, Contract, Predicate, Replaces, Row, TableSpec, Timestamp, Value};

use super::AskError;

/// A view, for whoever has put its row type aside.
pub(crate) trait ErasedView: Send + Sync {
    /// The columns that readers see and may filter and sort by, as declared.
    fn table(&self) -> &TableSpec;

    /// A stored row as readers see it, in JSON.
    fn to_json(&self, values: Vec<Value>, now: Timestamp) -> Result<Box<RawValue>, AskError>;

    /// A stored row as the program's type of it.
    fn to_row(&self, values: Vec<Value>, now: Timestamp) -> Result<Box<dyn Any + Send>, AskError>;
}

/// A view of rows of `R`.
pub(crate) struct View<R> {
    table: TableSpec,
    internal: Vec<Cow<'static, str>>,
    row: std::marker::PhantomData<fn() -> R>,
}

impl<R: Row> View<R> {
    pub(crate) fn new() -> Self {
        let internal =
            R::COLUMNS.iter().filter(|column| column.internal).map(|column| column.name.clone()).collect();
        Self { table: R::table(), internal, row: std::marker::PhantomData }
    }

    /// A row in JSON, without what readers do not see.
    fn json_of(&self, row: &R) -> Result<Box<RawValue>, AskError> {
        let unreadable = |error: serde_json::Error| AskError::UnreadableRow(format!("{}: {error}", R::NAME));
        if self.internal.is_empty() {
            return serde_json::value::to_raw_value(row).map_err(unreadable);
        }
        let mut json = serde_json::to_value(row).map_err(unreadable)?;
        if let Some(object) = json.as_object_mut() {
            object.retain(|name, _| !self.internal.iter().any(|internal| internal == name));
        }
        serde_json::value::to_raw_value(&json).map_err(unreadable)
    }
}

/// Reads a stored row, and computes what depends on now.
pub(crate) fn read_row<R: Row>(mut values: Vec<Value>, now: Timestamp) -> Result<R, AskError> {
    // A rollup's table has one column more than its readers know.
    values.truncate(R::COLUMNS.len());
    let mut row =
        R::from_values(values).map_err(|error| AskError::UnreadableRow(format!("{}: {error}", R::NAME)))?;
    row.at_read(now);
    Ok(row)
}

impl<R: Row> ErasedView for View<R> {
    fn table(&self) -> &TableSpec {
        &self.table
    }

    fn to_json(&self, values: Vec<Value>, now: Timestamp) -> Result<Box<RawValue>, AskError> {
        self.json_of(&read_row::<R>(values, now)?)
    }

    fn to_row(&self, values: Vec<Value>, now: Timestamp) -> Result<Box<dyn Any + Send>, AskError> {
        Ok(Box::new(read_row::<R>(values, now)?))
    }
}

/// A view whose rows are those of an earlier version, shown as the present one's.
pub(crate) struct EarlierView<Old, New> {
    view: View<New>,
    old: std::marker::PhantomData<fn() -> Old>,
}

impl<Old: Row, New: Replaces<Old>> EarlierView<Old, New> {
    pub(crate) fn new() -> Self {
        Self { view: View::new(), old: std::marker::PhantomData }
    }

    fn row(values: Vec<Value>, now: Timestamp) -> Result<New, AskError> {
        let mut row = New::from_earlier(read_row::<Old>(values, now)?);
        row.at_read(now);
        Ok(row)
    }
}

impl<Old: Row, New: Replaces<Old>> ErasedView for EarlierView<Old, New> {
    fn table(&self) -> &TableSpec {
        self.view.table()
    }

    fn to_json(&self, values: Vec<Value>, now: Timestamp) -> Result<Box<RawValue>, AskError> {
        self.view.json_of(&Self::row(values, now)?)
    }

    fn to_row(&self, values: Vec<Value>, now: Timestamp) -> Result<Box<dyn Any + Send>, AskError> {
        Ok(Box::new(Self::row(values, now)?))
    }
}

/// The condition that a caller wrote as column, operator and value.
pub(crate) fn filter_of(
    table: &TableSpec,
    column: &str,
    operator: &str,
    value: &str,
) -> Result<Predicate, AskError> {
    let malformed = |problem: String| AskError::Malformed { field: column.to_owned(), problem };
    let spec = declared(table, column)?;
    let parse = |text: &str| parse_value(spec.kind, text).map_err(|error| malformed(error.to_string()));
    let name: Cow<'static, str> = spec.name.clone();
    let compare =
        |comparison| Ok(Predicate::Compare { column: name.clone(), comparison, value: parse(value)? });
    use watershed_core::read::Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual};
    if operator != "contains" && !spec.is_declared() {
        return Err(malformed(format!("only `contains` can be asked of it: {}", declared_names(table))));
    }
    match operator {
        "eq" => compare(Equal),
        "ne" => Ok(Predicate::Not(Box::new(compare(Equal)?))),
        "lt" => compare(Less),
        "le" | "lte" => compare(LessOrEqual),
        "gt" => compare(Greater),
        "ge" | "gte" => compare(GreaterOrEqual),
        "in" => {
            let values = value.split(',').map(parse).collect::<Result<_, _>>()?;
            Ok(Predicate::AnyOf { column: name, values })
        }
        "null" => {
            let is_null = Predicate::IsNull { column: name };
            match value {
                "true" => Ok(is_null),
                "false" => Ok(Predicate::Not(Box::new(is_null))),
                _ => Err(malformed("write `true` or `false` after `null`".to_owned())),
            }
        }
        "contains" if spec.searched => Ok(Predicate::Contains { column: name, part: value.to_owned() }),
        "contains" => Err(malformed("the column is not declared for searching".to_owned())),
        _ => Err(malformed(format!(
            "there is no operator `{operator}`: use eq, ne, lt, lte, gt, gte, in, null or contains"
        ))),
    }
}

/// The declared column of that name.
pub(crate) fn declared<'a>(table: &'a TableSpec, column: &str) -> Result<&'a ColumnSpec, AskError> {
    table
        .column(column)
        .map(|(_, spec)| spec)
        .filter(|spec| (spec.is_declared() || spec.searched) && !spec.internal)
        .ok_or_else(|| AskError::Malformed {
            field: column.to_owned(),
            problem: format!("not a column that can be filtered or sorted by: {}", declared_names(table)),
        })
}

fn declared_names(table: &TableSpec) -> String {
    let names: Vec<&str> = table
        .columns
        .iter()
        .filter(|column| column.is_declared())
        .map(|column| column.name.as_ref())
        .collect();
    format!("use one of {}", names.join(", "))
}

/// What a view promises and where it comes from, beside its columns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Promise {
    pub(crate) contract: Contract,
    pub(crate) version: u32,
}
