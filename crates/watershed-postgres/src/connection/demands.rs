//! What a server must be: durable, writable, and new enough. Asked on every connection, since a name may lead to another server
//! after a failover.

use std::collections::HashMap;

use tokio_postgres::SimpleQueryMessage;

use crate::error::OpenError;
use crate::options::Options;

/// The oldest version that is still looked after and has everything that is used.
const OLDEST: u32 = 14;

/// Asks for what is demanded. Commits are to be on disk when they are acknowledged; a server that waits for its standbys to apply
/// them as well goes on doing so.
pub(super) const FACTS: &str = include_str!("facts.sql");

/// Refuses a server by the version that it gives when it is connected to: an older one may not even understand the question.
pub(super) fn check_version(version: &str) -> Result<(), OpenError> {
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    match digits.parse::<u32>() {
        Ok(major) if major >= OLDEST => Ok(()),
        _ => Err(OpenError::Refused(format!(
            "it is PostgreSQL {version}, and {OLDEST} or newer is needed. Upgrade it, or use another server"
        ))),
    }
}

/// What a server is to be for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// It takes commits.
    Primary,
    /// It follows the one that does. Of what it would do with commits nothing is demanded.
    Standby,
}

/// Who serves a connection at the server's side.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Backend {
    pub(crate) process: i32,
    /// When it began: numbers of processes come again.
    pub(crate) begun: String,
}

/// Refuses a server that does not fit, by what it has answered; otherwise says who serves.
pub(super) fn check(
    answered: &[SimpleQueryMessage],
    options: &Options,
    role: Role,
) -> Result<Backend, OpenError> {
    let rows = answered.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    let row = rows.last();
    let facts = row.into_iter().flat_map(|row| {
        let names = row.columns().iter().enumerate();
        names.map(move |(place, column)| (column.name(), row.get(place).unwrap_or_default()))
    });
    let facts: HashMap<&str, &str> = facts.collect();
    let problem = match role {
        Role::Primary => problem(&facts, options),
        Role::Standby if facts.get("in_recovery").copied() == Some("t") => None,
        Role::Standby => Some("it is no standby".to_owned()),
    };
    if let Some(problem) = problem {
        return Err(OpenError::Refused(problem));
    }
    let text = |name: &str| facts.get(name).copied().unwrap_or_default();
    Ok(Backend { process: text("process").parse().unwrap_or_default(), begun: text("begun").to_owned() })
}

fn problem(facts: &HashMap<&str, &str>, options: &Options) -> Option<String> {
    let is = |name: &str, value: &str| facts.get(name).copied() == Some(value);
    let shown = |name: &str| facts.get(name).copied().unwrap_or_default().to_owned();
    let said = |problem: &str| Some(problem.to_owned());
    if !is("encoding", "UTF8") {
        return Some(format!(
            "the database's encoding is {}, and texts must come back as they were written. Make a database with \
             `CREATE DATABASE .. ENCODING 'UTF8' TEMPLATE template0`",
            shown("encoding")
        ));
    }
    if !is("fsync", "on") {
        return said(
            "`fsync` is off: what it acknowledges is lost where the machine fails. Set `fsync = on` in postgresql.conf \
             and reload it",
        );
    }
    if !is("full_page_writes", "on") && !options.whole_pages {
        return said(
            "`full_page_writes` is off: a page that is half written when the machine fails stays so. Set \
             `full_page_writes = on` in postgresql.conf and reload it; where its storage never tears a page (ZFS, Aurora), \
             say so with `whole_pages`",
        );
    }
    if is("data_sync_retry", "on") {
        return said(
            "`data_sync_retry` is on: after a failed flush it may call lost what it acknowledges as kept. Set \
             `data_sync_retry = off` and start it again",
        );
    }
    if !is("synchronous_commit", "on") && !is("synchronous_commit", "remote_apply") {
        return Some(format!(
            "`synchronous_commit` stays {}, and commits must be on disk when they are acknowledged. See what sets it for \
             this user or database",
            shown("synchronous_commit")
        ));
    }
    if is("in_recovery", "t") {
        return said(
            "it is a standby, which takes no commits. Name the primary, or both with `target_session_attrs=read-write`",
        );
    }
    if is("read_only", "on") {
        return said(
            "`default_transaction_read_only` is on, for this user, this database or the server: it takes no commits. Reset it",
        );
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_too_old_is_told_from_one_that_is_not() {
        for fine in ["14.0", "15.18 (Debian 15.18-0+deb12u1)", "18beta1", "20"] {
            assert!(check_version(fine).is_ok(), "{fine}");
        }
        for old in ["13.14", "9.6.24", "", "EDB 15"] {
            assert!(check_version(old).is_err(), "{old}");
        }
    }

    #[test]
    fn every_weakness_of_a_server_is_refused_by_name() {
        let sound = HashMap::from([
            ("encoding", "UTF8"),
            ("fsync", "on"),
            ("full_page_writes", "on"),
            ("data_sync_retry", "off"),
            ("synchronous_commit", "on"),
            ("in_recovery", "f"),
            ("read_only", "off"),
        ]);
        let options = Options::new("host=db");
        assert_eq!(problem(&sound, &options), None);
        let weaknesses = [
            ("encoding", "SQL_ASCII", "SQL_ASCII"),
            ("fsync", "off", "fsync"),
            ("full_page_writes", "off", "full_page_writes"),
            ("data_sync_retry", "on", "data_sync_retry"),
            ("synchronous_commit", "local", "synchronous_commit"),
            ("in_recovery", "t", "standby"),
            ("read_only", "on", "default_transaction_read_only"),
        ];
        for (name, value, word) in weaknesses {
            let mut weak = sound.clone();
            weak.insert(name, value);
            let said = problem(&weak, &options).unwrap_or_default();
            assert!(said.contains(word), "{name}: {said}");
        }
    }
}
