//! Takes apart what says where the server is: what the driver reads by itself, and what is read here.

use std::collections::HashMap;

use percent_encoding::percent_decode_str;

use crate::error::OpenError;

/// What is read here.
const OURS: &[&str] = &["sslmode", "sslrootcert", "sslcert", "sslkey", "passfile", "application_name"];
/// What libpq knows and nobody here does, each with what to do instead.
const UNKNOWN: &[(&str, &str)] = &[
    ("service", "write out what the service file says"),
    ("sslpassword", "use a key file without a password, which only this program's user may read"),
    ("sslcrl", "revoked certificates are not looked for"),
    ("sslcrldir", "revoked certificates are not looked for"),
    ("gssencmode", "use sslmode"),
    ("krbsrvname", "use a password or a client certificate"),
    ("require_auth", "sslmode=verify-full keeps the password from strangers"),
    ("requiressl", "use sslmode=require"),
    ("ssl_min_protocol_version", "no less than TLS 1.2 is spoken"),
    ("ssl_max_protocol_version", "TLS 1.2 and 1.3 are spoken"),
];

/// The two halves.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Split {
    /// For the driver.
    pub(super) rest: String,
    /// For us; also which of the driver's words have been said.
    pub(super) said: HashMap<String, String>,
}

pub(super) fn split(server: &str) -> Result<Split, OpenError> {
    let server = server.trim();
    let is_url = server.starts_with("postgres://") || server.starts_with("postgresql://");
    if is_url { of_url(server) } else { of_words(server) }
}

fn of_url(server: &str) -> Result<Split, OpenError> {
    let (place, query) = server.split_once('?').unwrap_or((server, ""));
    let mut split = Split { rest: place.to_owned(), said: HashMap::new() };
    let mut parted_by = '?';
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = percent_decode_str(value).decode_utf8();
        let value = value.map_err(|_| OpenError::Settings(format!("`{name}` is not UTF-8")))?;
        if !split.take(name, &value)? {
            split.rest.push(parted_by);
            split.rest.push_str(pair);
            parted_by = '&';
        }
    }
    Ok(split)
}

fn of_words(server: &str) -> Result<Split, OpenError> {
    let mut split = Split::default();
    let mut left = server.trim_start();
    while !left.is_empty() {
        let Some((name, behind)) = left.split_once('=') else {
            return Err(OpenError::Settings("expected name=value, or a postgres:// address".to_owned()));
        };
        let (name, behind) = (name.trim(), behind.trim_start());
        let (value, behind) = value_of(behind)
            .ok_or_else(|| OpenError::Settings(format!("the quote of `{name}` is not closed")))?;
        if !split.take(name, &value)? {
            let value = value.replace('\\', "\\\\").replace('\'', "\\'");
            split.rest.push_str(&format!("{name}='{value}' "));
        }
        left = behind.trim_start();
    }
    Ok(split)
}

/// A value, in quotes or up to the next space, with `\` before what stands for itself; and what comes after it.
fn value_of(text: &str) -> Option<(String, &str)> {
    let is_quoted = text.starts_with('\'');
    let mut value = String::new();
    let mut letters = text.char_indices().skip(usize::from(is_quoted));
    while let Some((place, letter)) = letters.next() {
        match letter {
            '\\' => value.extend(letters.next().map(|(_, letter)| letter)),
            '\'' if is_quoted => return Some((value, &text[place + 1..])),
            space if !is_quoted && space.is_whitespace() => return Some((value, &text[place..])),
            other => value.push(other),
        }
    }
    (!is_quoted).then_some((value, ""))
}

impl Split {
    /// Whether that is one of ours; what is the driver's is only remembered.
    fn take(&mut self, name: &str, value: &str) -> Result<bool, OpenError> {
        if let Some((_, instead)) = UNKNOWN.iter().find(|(unknown, _)| *unknown == name) {
            return Err(OpenError::Settings(format!("`{name}` is not supported: {instead}")));
        }
        if (name, value) == ("channel_binding", "require") {
            return Err(OpenError::Settings(
                "`channel_binding=require` is not supported: use sslmode=verify-full".to_owned(),
            ));
        }
        let is_ours = OURS.contains(&name);
        // A password is nothing to remember in a second place.
        let value = if is_ours { value } else { "" };
        self.said.insert(name.to_owned(), value.to_owned());
        Ok(is_ours)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.said.contains_key(name)
    }

    /// The value, where one is said.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.said.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ours_is_taken_out_and_the_driver_reads_the_rest() {
        let words =
            split(r"host=db  sslmode = verify-full password='a b\'c\\' sslrootcert='/my ca.pem' port=5")
                .unwrap();
        assert_eq!(words.rest, r"host='db' password='a b\'c\\' port='5' ");
        assert_eq!(
            (words.get("sslmode"), words.get("sslrootcert")),
            (Some("verify-full"), Some("/my ca.pem"))
        );
        let url =
            split("postgres://me:p%40ss@db:7/app?sslmode=require&connect_timeout=3&sslrootcert=%2Fca.pem")
                .unwrap();
        assert_eq!(url.rest, "postgres://me:p%40ss@db:7/app?connect_timeout=3");
        assert_eq!((url.get("sslmode"), url.get("sslrootcert")), (Some("require"), Some("/ca.pem")));
        assert!(url.has("connect_timeout"));
        for rest in [words.rest, url.rest] {
            rest.parse::<tokio_postgres::Config>().unwrap();
        }
    }

    #[test]
    fn what_nobody_here_does_is_refused_rather_than_passed_over() {
        for wrong in [
            "service=x",
            "host=db sslcrl=x",
            "postgres://db/?channel_binding=require",
            "host",
            "host='db",
            "postgres://db?sslmode=%ff",
        ] {
            assert!(matches!(split(wrong), Err(OpenError::Settings(_))), "{wrong}");
        }
    }
}
