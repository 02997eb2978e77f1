use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use watershed_core::{
    Applied, Column, ColumnError, ColumnKind, ColumnSpec, ColumnType, Contract, Handler, Key, Keys, On,
    ReadModel, Recorded, Row, Slot, Timestamp, UnknownEvents, Value, json_from_value, json_to_value,
};

use super::{JarEvent, KindEvent};

pub(super) const fn column(name: &'static str, kind: ColumnKind) -> ColumnSpec {
    spec(name, kind, false)
}

pub(super) const fn key(name: &'static str) -> ColumnSpec {
    spec(name, ColumnKind::Text, true)
}

const fn spec(name: &'static str, kind: ColumnKind, key: bool) -> ColumnSpec {
    let name = std::borrow::Cow::Borrowed(name);
    ColumnSpec { name, kind, optional: false, key, indexed: true, searched: false, internal: false }
}

/// Reads a column of a row.
pub(super) fn content<T: ColumnType>(values: &[Value], place: usize) -> Result<T, ColumnError> {
    T::from_value(values[place].clone()).map_err(|problem| ColumnError { column: "a column", problem })
}

/// A jar: shown while there is something in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct JarRow {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) grams: i64,
    pub(crate) filled_at: Timestamp,
    pub(crate) tastings: Vec<i64>,
    /// Computed when answering.
    pub(crate) days_old: i64,
}

impl JarRow {
    const KIND: Column<Self, String> = Column::named("kind");
}

impl Row for JarRow {
    const NAME: &'static str = "jars";
    const COLUMNS: &'static [ColumnSpec] = &[
        key("id"),
        column("kind", ColumnKind::Text),
        column("grams", ColumnKind::Int),
        column("filled_at", ColumnKind::Timestamp),
        column("tastings", ColumnKind::Json),
    ];

    fn to_values(&self) -> Result<Vec<Value>, ColumnError> {
        let problem = |problem| ColumnError { column: "tastings", problem };
        Ok(vec![
            self.id.to_value(),
            self.kind.to_value(),
            self.grams.to_value(),
            self.filled_at.to_value(),
            json_to_value(&self.tastings).map_err(problem)?,
        ])
    }

    fn from_values(values: Vec<Value>) -> Result<Self, ColumnError> {
        let problem = |problem| ColumnError { column: "tastings", problem };
        Ok(Self {
            id: content(&values, 0)?,
            kind: content(&values, 1)?,
            grams: content(&values, 2)?,
            filled_at: content(&values, 3)?,
            tastings: json_from_value(&values[4]).map_err(problem)?,
            days_old: 0,
        })
    }

    fn key(&self) -> Key {
        Key::from(&self.id)
    }

    fn at_read(&mut self, now: Timestamp) {
        self.days_old = now.date().days_since(self.filled_at.date());
    }
}

impl ReadModel for JarRow {
    const VERSION: u32 = 1;
    const CONTRACT: Contract = Contract::DEFAULT;

    fn handlers() -> Vec<Handler<Self>> {
        vec![Handler::of::<JarEvent>(), Handler::of::<KindEvent>()]
    }

    fn is_shown(&self) -> bool {
        self.grams > 0
    }
}

impl On<JarEvent> for JarRow {
    fn apply(row: &mut Slot<'_, Self>, event: &Recorded<JarEvent>) -> Applied {
        match &event.data {
            JarEvent::Filled { grams: 13, .. } => return Err("thirteen grams bring bad luck".into()),
            JarEvent::Filled { grams: 14, .. } => {
                let id = "another".to_owned();
                row.put(Self {
                    id,
                    kind: String::new(),
                    grams: 0,
                    filled_at: event.recorded_at,
                    tastings: vec![],
                    days_old: 9,
                });
            }
            JarEvent::Filled { kind, grams, .. } => {
                let id = row.key().to_string();
                let made = row.get_or_put_with(|| Self {
                    id,
                    kind: kind.clone(),
                    grams: 0,
                    filled_at: event.recorded_at,
                    tastings: vec![],
                    days_old: 9,
                });
                made.grams += grams;
            }
            JarEvent::Tasted { grams, .. } => {
                let row = row.get()?;
                row.grams -= grams;
                row.tastings.push(*grams);
            }
            JarEvent::Emptied => row.delete(),
        }
        Ok(())
    }
}

impl On<KindEvent> for JarRow {
    fn keys(event: &Recorded<KindEvent>) -> Keys<Self> {
        match &event.data {
            KindEvent::Claimed { .. } => Keys::None,
            KindEvent::Renamed { from, .. } => Keys::Matching(Self::KIND.eq(from.as_str())),
        }
    }

    fn apply(row: &mut Slot<'_, Self>, event: &Recorded<KindEvent>) -> Applied {
        if let KindEvent::Renamed { to, .. } = &event.data {
            row.get()?.kind.clone_from(to);
        }
        Ok(())
    }
}

/// A kind of preserve. Ignores events that this program does not know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct KindRow {
    pub(crate) name: String,
    pub(crate) filled: i64,
}

impl Row for KindRow {
    const NAME: &'static str = "kinds";
    const COLUMNS: &'static [ColumnSpec] = &[key("name"), column("filled", ColumnKind::Int)];

    fn to_values(&self) -> Result<Vec<Value>, ColumnError> {
        Ok(vec![self.name.to_value(), self.filled.to_value()])
    }

    fn from_values(values: Vec<Value>) -> Result<Self, ColumnError> {
        Ok(Self { name: content(&values, 0)?, filled: content(&values, 1)? })
    }

    fn key(&self) -> Key {
        Key::from(&self.name)
    }
}

impl ReadModel for KindRow {
    const VERSION: u32 = 1;
    const CONTRACT: Contract = Contract { unknown: UnknownEvents::Ignore, ..Contract::DEFAULT };

    fn handlers() -> Vec<Handler<Self>> {
        vec![Handler::of::<JarEvent>()]
    }
}

impl On<JarEvent> for KindRow {
    fn keys(event: &Recorded<JarEvent>) -> Keys<Self> {
        match &event.data {
            // Named twice, counted once.
            JarEvent::Filled { kind, .. } => {
                Keys::Many(vec![kind.as_str().into(), "all".into(), kind.as_str().into()])
            }
            JarEvent::Tasted { .. } | JarEvent::Emptied => Keys::None,
        }
    }

    fn apply(row: &mut Slot<'_, Self>, _: &Recorded<JarEvent>) -> Applied {
        let name = row.key().to_string();
        row.get_or_put_with(|| Self { name, filled: 0 }).filled += 1;
        Ok(())
    }
}

/// The last tasting of a jar, and what was in the jar after it: read from [`JarRow`], which must stand before. Stops at
/// events that this program does not know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Tasting {
    pub(crate) jar: String,
    pub(crate) left: i64,
}

impl Row for Tasting {
    const NAME: &'static str = "tastings";
    const COLUMNS: &'static [ColumnSpec] = &[key("jar"), column("left", ColumnKind::Int)];

    fn to_values(&self) -> Result<Vec<Value>, ColumnError> {
        Ok(vec![self.jar.to_value(), self.left.to_value()])
    }

    fn from_values(values: Vec<Value>) -> Result<Self, ColumnError> {
        Ok(Self { jar: content(&values, 0)?, left: content(&values, 1)? })
    }

    fn key(&self) -> Key {
        Key::from(&self.jar)
    }
}

impl ReadModel for Tasting {
    const VERSION: u32 = 1;
    const CONTRACT: Contract = Contract { unknown: UnknownEvents::Stop, ..Contract::DEFAULT };

    fn handlers() -> Vec<Handler<Self>> {
        vec![Handler::of::<JarEvent>()]
    }
}

impl On<JarEvent> for Tasting {
    fn apply(row: &mut Slot<'_, Self>, event: &Recorded<JarEvent>) -> Applied {
        if let JarEvent::Tasted { .. } = &event.data {
            let jar = row.key().to_string();
            let left = row.of::<JarRow>(&jar)?.map_or(-1, |jar| jar.grams);
            row.put(Self { jar, left });
        }
        Ok(())
    }
}
