use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

/// Starts the name of every variable that is a setting; sections are parted by two underscores.
const PREFIX: &str = "WATERSHED__";

/// Settings that cannot be understood.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    #[error("{}: {problem}", .file.display())]
    File { file: PathBuf, problem: String },
    #[error("the settings (file and environment together) do not fit: {0}")]
    Misfit(String),
}

/// The file's settings. A file that was not asked for by name need not be there.
pub(super) fn of_file(asked: Option<&Path>) -> Result<Table, SettingsError> {
    let file = asked.unwrap_or_else(|| Path::new("watershed.toml"));
    let failed = |problem: String| SettingsError::File { file: file.to_owned(), problem };
    match std::fs::read_to_string(file) {
        Ok(text) => text.parse().map_err(|error: toml::de::Error| failed(error.to_string())),
        Err(error) if error.kind() == ErrorKind::NotFound && asked.is_none() => Ok(Table::new()),
        Err(error) => Err(failed(error.to_string())),
    }
}

/// Puts the environment's settings over those of the file: `WATERSHED__SERVER__LISTEN` is `listen` in `[server]`.
pub(super) fn put_environment(table: &mut Table, variables: impl Iterator<Item = (String, String)>) {
    for (name, text) in variables {
        let Some(path) = name.strip_prefix(PREFIX) else { continue };
        let path: Vec<String> = path.split("__").map(str::to_ascii_lowercase).collect();
        put(table, &path, value_of(&text));
    }
}

fn put(table: &mut Table, path: &[String], value: Value) {
    match path {
        [] => {}
        [name] => {
            table.insert(name.clone(), value);
        }
        [section, rest @ ..] => {
            let section = table.entry(section.clone()).or_insert_with(|| Table::new().into());
            if let Value::Table(section) = section {
                put(section, rest, value);
            }
        }
    }
}

/// Numbers and truth values are what they look like; everything else is a text, with no quotes needed.
fn value_of(text: &str) -> Value {
    text.parse()
        .map(Value::Integer)
        .or_else(|_| text.parse().map(Value::Boolean))
        .unwrap_or_else(|_| text.into())
}
