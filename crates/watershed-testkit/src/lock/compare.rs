use super::entry::Entry;
use super::widen::widens;
use crate::diff;

/// Something in which the events differ from the lock file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Difference {
    /// What it is, and what to do.
    pub(super) problem: String,
    /// Whether old events can live with it, so that the file may take it in.
    pub(super) may_be_taken: bool,
}

const TAKE_IN: &str = "Take it into the lock file with WATERSHED_UPDATE_LOCK=1 cargo test, and commit that";

/// Everything in which `now` differs from `locked`.
pub(super) fn compare(locked: &[Entry], now: &[Entry]) -> Vec<Difference> {
    let mut differences = Vec::new();
    for entry in locked {
        match now.iter().find(|other| other.name == entry.name) {
            None => differences.push(refused(gone(entry, locked, now))),
            Some(other) => differences.extend(changed(entry, other)),
        }
    }
    for entry in now {
        if !locked.iter().any(|other| other.name == entry.name) {
            differences.push(taken(format!("`{}` is new. {TAKE_IN}.", entry.name)));
        }
    }
    differences
}

fn refused(problem: String) -> Difference {
    Difference { problem, may_be_taken: false }
}

fn taken(problem: String) -> Difference {
    Difference { problem, may_be_taken: true }
}

fn gone(entry: &Entry, locked: &[Entry], now: &[Entry]) -> String {
    let is_new = |other: &&Entry| !locked.iter().any(|known| known.name == other.name);
    let twin = now
        .iter()
        .filter(is_new)
        .find(|other| other.shape == entry.shape && other.category == entry.category);
    let name = &entry.name;
    let keep = own_name(entry, locked);
    match twin {
        Some(twin) => format!(
            "`{name}` is gone; `{}` has come and looks the same. If the variant was renamed, keep its name in the log: \
             #[event(name = \"{keep}\")] on the variant. Recorded events bear the old one for ever.",
            twin.name
        ),
        None => format!(
            "`{name}` is gone, but the log may hold such events for ever. Bring the variant back; if it was renamed, keep \
             its name in the log with #[event(name = \"{keep}\")]."
        ),
    }
}

/// What a variant says to keep its name: what follows the prefix of its enum. Only the macro saw that prefix; it is taken
/// to be what all names of the category begin with.
fn own_name<'a>(entry: &'a Entry, locked: &[Entry]) -> &'a str {
    let mut shared = entry.name.rfind('.').map_or(0, |dot| dot + 1);
    for other in locked.iter().filter(|other| other.category == entry.category) {
        while !other.name.starts_with(&entry.name[..shared]) {
            shared = entry.name[..shared - 1].rfind('.').map_or(0, |dot| dot + 1);
        }
    }
    &entry.name[shared..]
}

fn changed(locked: &Entry, now: &Entry) -> Option<Difference> {
    let name = &locked.name;
    if locked.category != now.category {
        return Some(refused(format!(
            "the category of `{name}` was `{}` and is `{}`: its streams would not be found again. Put the old one back: \
             #[event(category = \"{}\")].",
            locked.category, now.category, locked.category
        )));
    }
    let (was, is) = (locked.schema, now.schema);
    if is < was {
        return Some(refused(format!(
            "the schema of `{name}` was {was} and is {is}: events of schema {was} could not be read. A schema is only ever raised."
        )));
    }
    if is > was {
        return Some(taken(format!("the schema of `{name}` was raised from {was} to {is}. {TAKE_IN}.")));
    }
    if locked.shape == now.shape {
        return None;
    }
    let lines = diff::lines(&locked.shape.join("\n"), &now.shape.join("\n"));
    if widens(&locked.shape, &now.shape) {
        return Some(taken(format!(
            "`{name}` was widened; old events can still be read. {TAKE_IN}.\n{lines}"
        )));
    }
    let next = was + 1;
    Some(refused(format!(
        "`{name}` has changed its shape, but not its schema, which is {was}. Recorded events have the old shape: undo the \
         change, or raise the schema and write an upcast that makes the new JSON of the old: \
         #[event(schema = {next}, upcast(.., v{was}_to_v{next}))].\n{lines}"
    )))
}
