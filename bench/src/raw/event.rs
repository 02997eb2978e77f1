use std::fmt::Write;

use crate::mix::mix;

/// One row of the product's log, with what it would hold.
pub(crate) struct RawEvent {
    /// The stream's id.
    pub(crate) stream: String,
    /// The fields, about 250 bytes of JSON.
    pub(crate) payload: String,
    /// The command's idempotency key.
    pub(crate) key: String,
    /// Stands for an id, a checksum, a version: any number that differs from row to row.
    pub(crate) number: u64,
}

impl RawEvent {
    /// The event with that number, in one of `streams` streams.
    pub(crate) fn numbered(number: u64, streams: u64) -> Self {
        let mixed = mix(number);
        let score = mixed % 101;
        let mut payload = String::with_capacity(288);
        // Writing to a String cannot fail.
        let _ = write!(
            payload,
            r#"{{"old_score":{},"new_score":{score},"risk_tier":"high","risk_factors":{{"payments":"{} months late","engagement":"no login for {} days"}},"recommended_intervention":"call the parents this week","intervention_priority":3,"predicted_withdrawal_date":"2025-03-{:02}","assigned_coordinator":"sarah"}}"#,
            mixed / 101 % 101,
            mixed % 7,
            mixed % 61,
            mixed % 28 + 1,
        );
        Self {
            stream: format!("family-{:06}", mixed % streams),
            payload,
            key: format!("bench-{number:016x}"),
            number: mixed,
        }
    }

    /// Sixteen bytes that differ from row to row, as an id or a fingerprint does.
    pub(crate) fn sixteen_bytes(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.number.to_be_bytes());
        bytes[8..].copy_from_slice(&mix(self.number).to_be_bytes());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::RawEvent;

    #[test]
    fn a_payload_is_about_as_wide_as_the_coops() {
        for number in 0..1_000 {
            let event = RawEvent::numbered(number, 2_000);
            assert!(
                (230..=300).contains(&event.payload.len()),
                "{} bytes: {}",
                event.payload.len(),
                event.payload
            );
            serde_json::from_str::<serde_json::Value>(&event.payload).unwrap();
        }
    }
}
