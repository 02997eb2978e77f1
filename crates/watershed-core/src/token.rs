//! Consistency tokens.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{LogIdentity, Position};

/// Proof of a position: whoever asks with it sees at least what stood in the log up to there.
///
/// Names the log and its epoch, so that a position of another log, or from before a restore, is not mistaken for one of
/// this. Its text form is opaque to callers.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Token {
    /// The log that it is about.
    pub log: LogIdentity,
    /// The position.
    pub position: Position,
}

/// A text that is no token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "this is not a consistency token: pass the text of `token` or of the Watershed-Token header unchanged"
)]
pub struct TokenError;

/// Format 1: format, log id, epoch, position, and four bytes of hash against typing errors.
const FORMAT: u8 = 1;
const LEN: usize = 1 + 16 + 4 + 8 + 4;

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [0; LEN];
        bytes[0] = FORMAT;
        bytes[1..17].copy_from_slice(self.log.id.as_bytes());
        bytes[17..21].copy_from_slice(&self.log.epoch.to_be_bytes());
        bytes[21..29].copy_from_slice(&self.position.to_be_bytes());
        let check = blake3::hash(&bytes[..29]);
        bytes[29..].copy_from_slice(&check.as_bytes()[..4]);
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({} epoch {} at {})", self.log.id, self.log.epoch, self.position)
    }
}

impl FromStr for Token {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        let mut bytes = [0; LEN];
        let len = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).map_err(|_| TokenError)?;
        let check = blake3::hash(&bytes[..29]);
        if len != LEN || bytes[0] != FORMAT || bytes[29..] != check.as_bytes()[..4] {
            return Err(TokenError);
        }
        let mut id = [0; 16];
        id.copy_from_slice(&bytes[1..17]);
        let mut epoch = [0; 4];
        epoch.copy_from_slice(&bytes[17..21]);
        let mut position = [0; 8];
        position.copy_from_slice(&bytes[21..29]);
        Ok(Self {
            log: LogIdentity { id: Uuid::from_bytes(id), epoch: u32::from_be_bytes(epoch) },
            position: Position::from_be_bytes(position),
        })
    }
}

impl Serialize for Token {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Token {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for Token {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Token".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "watershed-token" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_with_one_letter_changed_is_no_token() {
        let token =
            Token { log: LogIdentity { id: Uuid::from_u128(7), epoch: 2 }, position: 123_456_789_012 };
        let text = token.to_string();
        assert_eq!(text.parse::<Token>(), Ok(token));
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert!(String::from_utf8(changed).unwrap().parse::<Token>().is_err(), "letter {at}");
        }
        assert!(format!("{text}AAAA").parse::<Token>().is_err());
        assert!("".parse::<Token>().is_err());
    }
}
