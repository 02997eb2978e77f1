//! The events of a group as `COPY` takes them: its fastest way in, from some dozen rows on.
//!
//! The binary format of PostgreSQL's COPY: a header, the rows, each with its number of fields and every field with its length in
//! front, numbers in network order; and an end. <https://www.postgresql.org/docs/current/sql-copy.html>

use bytes::{BufMut, Bytes, BytesMut};
use watershed_store::to_sql;

use super::group::{Group, Seal};

const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const END: i16 = -1;
const FIELDS: i16 = 22;
/// About what a row takes.
const ROW: usize = 640;

/// The rows, in the order of the columns that `copy_events.sql` names.
pub(super) fn rows(group: &Group<'_>, seal: &Seal) -> Bytes {
    let mut out = Out(BytesMut::with_capacity(HEADER.len() + group.placed.len() * ROW));
    out.0.put_slice(HEADER);
    for (place, (event, sum)) in group.placed.iter().zip(&seal.sums).enumerate() {
        let row = event.row();
        out.0.put_i16(FIELDS);
        out.number(to_sql(row.position));
        out.bytes(row.id);
        out.bytes(row.tenant.as_bytes());
        out.bytes(row.category.as_bytes());
        out.bytes(row.stream.as_bytes());
        out.number(to_sql(row.version));
        out.bytes(row.name.as_bytes());
        out.number(row.schema.into());
        out.bytes(row.payload);
        out.number(row.recorded_at);
        for text in [row.actor, row.correlation, row.causation, row.traceparent, row.tags, row.idem_key] {
            out.perhaps(text.map(str::as_bytes));
        }
        out.perhaps(row.fingerprint);
        match row.follows {
            Some(follows) => out.number(follows.into()),
            None => out.perhaps(None),
        }
        out.number(*sum);
        out.perhaps((place + 1 == group.placed.len()).then_some(&seal.link[..]));
        out.bytes(event.append.stream.as_bytes());
        out.perhaps(event.key().as_ref().map(|key| &key.as_bytes()[..]));
    }
    out.0.put_i16(END);
    out.0.freeze()
}

struct Out(BytesMut);

impl Out {
    fn number(&mut self, number: i64) {
        self.0.put_i32(8);
        self.0.put_i64(number);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        // No field is longer than the message that it came in, which is far below what 31 bits count.
        self.0.put_i32(i32::try_from(bytes.len()).unwrap_or(i32::MAX));
        self.0.put_slice(bytes);
    }

    fn perhaps(&mut self, bytes: Option<&[u8]>) {
        match bytes {
            Some(bytes) => self.bytes(bytes),
            None => self.0.put_i32(-1),
        }
    }
}
