//! The events of a group as one value: an array of `event_row`.
//!
//! The binary formats of PostgreSQL's arrays and records: how many there are, and each with its type and its length in front, numbers
//! in network order.

use std::error::Error;

use bytes::{BufMut, Bytes, BytesMut};
use tokio_postgres::types::{IsNull, Kind, ToSql, Type, to_sql_checked};
use watershed_store::to_sql;

use super::group::{Group, Placed, Seal};

/// The fields of `event_row`.
const FIELDS: i32 = 22;
/// About what an event takes.
const EVENT: usize = 768;

#[derive(Debug)]
pub(super) struct Packed {
    events: i32,
    bytes: Bytes,
}

impl Packed {
    pub(super) fn of(group: &Group<'_>, seal: &Seal) -> Self {
        let mut out = Out(BytesMut::with_capacity(group.placed.len() * EVENT));
        let mut events = 0;
        for (event, sum) in group.placed.iter().zip(&seal.sums) {
            events += 1;
            let is_last = event.position == group.last();
            out.with_length(|out| out.event(event, *sum, is_last.then_some(&seal.link[..])));
        }
        Self { events, bytes: out.0.freeze() }
    }
}

impl ToSql for Packed {
    fn to_sql(&self, array: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        let Kind::Array(row) = array.kind() else { return Err("no array is asked for".into()) };
        // One dimension, no nulls, counted from one.
        out.put_i32(1);
        out.put_i32(0);
        out.put_u32(row.oid());
        out.put_i32(self.events);
        out.put_i32(1);
        out.put_slice(&self.bytes);
        Ok(IsNull::No)
    }

    fn accepts(array: &Type) -> bool {
        matches!(array.kind(), Kind::Array(row) if matches!(row.kind(), Kind::Composite(_)))
    }

    to_sql_checked!();
}

struct Out(BytesMut);

impl Out {
    /// In the order of the fields of `event_row`.
    fn event(&mut self, event: &Placed<'_>, sum: i64, link: Option<&[u8]>) {
        let row = event.row();
        self.0.put_i32(FIELDS);
        self.number(to_sql(row.position));
        self.bytes(&Type::UUID, row.id);
        self.text(row.tenant);
        self.text(row.category);
        self.text(row.stream);
        self.number(to_sql(row.version));
        self.text(row.name);
        self.number(row.schema.into());
        self.bytes(&Type::TEXT, row.payload);
        self.number(row.recorded_at);
        for text in [row.actor, row.correlation, row.causation, row.traceparent, row.tags, row.idem_key] {
            self.perhaps(&Type::TEXT, text.map(str::as_bytes));
        }
        self.perhaps(&Type::BYTEA, row.fingerprint);
        match row.follows {
            Some(follows) => self.number(follows.into()),
            None => self.perhaps(&Type::INT8, None),
        }
        self.number(sum);
        self.perhaps(&Type::BYTEA, link);
        self.bytes(&Type::UUID, event.append.stream.as_bytes());
        self.perhaps(&Type::UUID, event.key().as_ref().map(|key| &key.as_bytes()[..]));
    }

    fn number(&mut self, number: i64) {
        self.bytes(&Type::INT8, &number.to_be_bytes());
    }

    fn text(&mut self, text: &str) {
        self.bytes(&Type::TEXT, text.as_bytes());
    }

    fn bytes(&mut self, of: &Type, bytes: &[u8]) {
        self.perhaps(of, Some(bytes));
    }

    fn perhaps(&mut self, of: &Type, bytes: Option<&[u8]>) {
        self.0.put_u32(of.oid());
        match bytes {
            Some(bytes) => self.with_length(|out| out.0.put_slice(bytes)),
            None => self.0.put_i32(-1),
        }
    }

    /// Puts in front of it how long it is.
    fn with_length(&mut self, put: impl FnOnce(&mut Self)) {
        let start = self.0.len();
        self.0.put_i32(0);
        put(self);
        // No field is longer than the message that it came in, which is far below what 31 bits count.
        let length = i32::try_from(self.0.len() - start - 4).unwrap_or(i32::MAX);
        self.0[start..start + 4].copy_from_slice(&length.to_be_bytes());
    }
}
