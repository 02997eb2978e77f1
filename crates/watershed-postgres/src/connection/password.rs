//! Finds a password that does not stand in the settings, where libpq would: so that none has to be on a command line.

use std::path::{Path, PathBuf};

use tokio_postgres::Config;
use tokio_postgres::config::Host;

use crate::error::OpenError;

/// The password from the environment, or from the file that was named, or from the one that is usual.
pub(super) fn find(config: &Config, named: Option<&str>) -> Result<Option<String>, OpenError> {
    if let Some(password) = variable("PGPASSWORD") {
        return Ok(Some(password));
    }
    let named = named.map(PathBuf::from).or_else(|| variable("PGPASSFILE").map(PathBuf::from));
    let usual = || variable("HOME").map(|home| Path::new(&home).join(".pgpass"));
    let Some(file) = named.clone().or_else(usual) else { return Ok(None) };
    let failed =
        |problem: String| OpenError::Settings(format!("the password file {}: {problem}", file.display()));
    if !file.exists() && named.is_none() {
        return Ok(None);
    }
    if let Some(problem) = open_to_others(&file) {
        if named.is_some() {
            return Err(failed(problem));
        }
        tracing::warn!(file = %file.display(), problem, "the password file is passed over");
        return Ok(None);
    }
    let lines = std::fs::read_to_string(&file).map_err(|error| failed(error.to_string()))?;
    Ok(in_lines(&lines, &wanted(config)))
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(unix)]
fn open_to_others(file: &Path) -> Option<String> {
    use std::os::unix::fs::PermissionsExt;
    let mode = file.metadata().ok()?.permissions().mode();
    (mode & 0o077 != 0).then(|| "others may read it: `chmod 600` it".to_owned())
}

#[cfg(not(unix))]
fn open_to_others(_: &Path) -> Option<String> {
    None
}

/// Host, port, database and user, as they stand in the file.
fn wanted(config: &Config) -> [String; 4] {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(name)) => name.clone(),
        // As libpq has it for a socket of this machine.
        _ => "localhost".to_owned(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432).to_string();
    let user = config.get_user().map(str::to_owned).or_else(|| variable("USER")).unwrap_or_default();
    let database = config.get_dbname().unwrap_or(&user).to_owned();
    [host, port, database, user]
}

/// The password in the first line that fits.
fn in_lines(lines: &str, wanted: &[String; 4]) -> Option<String> {
    lines.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let mut fields = fields_of(line).into_iter();
        let fits =
            wanted.iter().all(|wanted| fields.next().is_some_and(|field| field == "*" || field == *wanted));
        if fits { fields.next() } else { None }
    })
}

/// The fields between colons; `\` stands before one that belongs to a field.
fn fields_of(line: &str) -> Vec<String> {
    let (mut fields, mut letters) = (vec![String::new()], line.chars());
    while let Some(letter) = letters.next() {
        // invariant: there is one from the beginning.
        let Some(field) = fields.last_mut() else { break };
        match letter {
            '\\' => field.extend(letters.next()),
            ':' => fields.push(String::new()),
            other => field.push(other),
        }
    }
    fields
}

/// A host as people know it.
pub(super) fn name_of(host: &Host) -> String {
    match host {
        Host::Tcp(name) => name.clone(),
        Host::Unix(folder) => folder.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_fits_gives_the_password_and_no_other_does() {
        let file = "# mine\nother:*:*:*:wrong\ndb:5432:app:me:a\\:b\\\\c\n*:*:*:*:any\n";
        let of = |server: &str| in_lines(file, &wanted(&server.parse().unwrap()));
        assert_eq!(of("host=db user=me dbname=app").as_deref(), Some("a:b\\c"));
        assert_eq!(of("host=db user=you dbname=app").as_deref(), Some("any"));
        assert_eq!(in_lines("db:5432:app:me", &wanted(&"host=db user=me dbname=app".parse().unwrap())), None);
    }
}
