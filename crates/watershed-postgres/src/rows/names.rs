//! Names that PostgreSQL cuts short, and what stands for keys that its indexes do not take.

use uuid::Uuid;
use watershed_core::ports::RowKey;

use crate::connection::quoted;

/// PostgreSQL cuts names at this many bytes, without a word.
const LONGEST: usize = 63;

/// A name of somebody else's choosing, as SQL has it: a long one is cut, with a hash of it at its end.
pub(crate) fn name(name: &str) -> String {
    quoted(&cut(name))
}

/// The same, without its quotes.
pub(crate) fn cut(name: &str) -> String {
    if name.len() <= LONGEST {
        return name.to_owned();
    }
    let hash = hash("watershed postgres 2026 long name", &[name]).simple().to_string();
    format!("{}~{}", head(name, LONGEST - 17), &hash[..16])
}

/// The name of a table that a load makes. Loads have numbers that are never given again.
pub(crate) fn table(group: &str, view: &str, edition: u32, load: i64) -> String {
    let of = if group == view { view.to_owned() } else { format!("{group}.{view}") };
    let tail = format!(".{edition}.{load}");
    if of.len() + tail.len() <= LONGEST {
        return format!("{of}{tail}");
    }
    // Two tables of one group may begin alike.
    let hash = hash("watershed postgres 2026 long name", &[&of]).simple().to_string();
    format!("{}~{}{tail}", head(&of, LONGEST - tail.len() - 9), &hash[..8])
}

/// What stands for a row's tenant and key: they may be longer than an index takes.
pub(crate) fn row_id(key: &RowKey) -> Uuid {
    hash("watershed postgres 2026 row", &[key.tenant.as_str(), key.key.as_str()])
}

/// A number for a lock of the database's that is about these texts.
pub(crate) fn lock(context: &'static str, texts: &[&str]) -> i64 {
    let (number, _) = hash(context, texts).as_u64_pair();
    number.cast_signed()
}

/// At most so many bytes of a text.
fn head(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

pub(crate) fn hash(context: &'static str, texts: &[&str]) -> Uuid {
    let mut hasher = blake3::Hasher::new_derive_key(context);
    for text in texts {
        hasher.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    Uuid::from_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_that_begin_alike_do_not_collide() {
        let long = "n".repeat(70);
        let (one, other) = (name(&format!("{long}1")), name(&format!("{long}2")));
        assert_ne!(one, other);
        assert!(one.len() <= LONGEST + 2 && one != quoted(&long), "{one}");
        assert_eq!(name("risk_score"), "\"risk_score\"");
        // Cut between letters, not in one.
        let wide = name(&"日".repeat(30));
        assert!(wide.len() <= LONGEST + 2, "{wide}");
    }

    #[test]
    fn tables_of_two_loads_bear_two_names_however_long_their_views_are() {
        let view = "v".repeat(200);
        let (one, other) = (table("g", &view, 1, 7), table("g", &view, 1, 8));
        assert!(one != other && one.len() <= LONGEST, "{one}");
        assert_ne!(one, table("g", &format!("{view}w"), 1, 7), "two views of one load");
        assert_eq!(table("families", "families", 2, 31), "families.2.31");
        assert_eq!(table("g", "families", 2, 31), "g.families.2.31");
    }
}
