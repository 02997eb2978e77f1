/// One event as a lock file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its name in the log.
    pub(super) name: String,
    /// The category of its streams.
    pub(super) category: String,
    /// The number of its shape.
    pub(super) schema: u32,
    /// Its shape, a line for each field.
    pub(super) shape: Vec<String>,
}

const HEAD: &str = "\
# The events of this crate as the log holds them, for ever. A test compares them with the code.
# `?` marks fields that may be left out. To take in what was added: WATERSHED_UPDATE_LOCK=1 cargo test
";

/// The lock file of these entries.
pub(super) fn write(entries: &[Entry]) -> String {
    let mut text = HEAD.to_owned();
    for entry in entries {
        text.push_str(&format!("\n{} category {} schema {}\n", entry.name, entry.category, entry.schema));
        for line in &entry.shape {
            text.push_str(&format!("  {line}\n"));
        }
    }
    text
}

/// The entries of a lock file.
pub(super) fn parse(text: &str) -> Result<Vec<Entry>, String> {
    let mut entries: Vec<Entry> = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        let wrong = || format!("line {number} is not of a lock file: {line:?}");
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(field) = line.strip_prefix("  ") {
            entries.last_mut().ok_or_else(wrong)?.shape.push(field.to_owned());
        } else {
            entries.push(head(line).ok_or_else(wrong)?);
        }
    }
    Ok(entries)
}

fn head(line: &str) -> Option<Entry> {
    let (name, rest) = line.split_once(" category ")?;
    let (category, schema) = rest.rsplit_once(" schema ")?;
    Some(Entry {
        name: name.to_owned(),
        category: category.to_owned(),
        schema: schema.parse().ok()?,
        shape: Vec::new(),
    })
}
