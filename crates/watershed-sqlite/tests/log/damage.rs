//! Bits flip in the file: whoever reads is told, and never shown something else.

use std::fs;
use std::sync::Arc;

use watershed_core::StoredEvent;
use watershed_core::ports::{LogReader, ReadFrom, Scope};
use watershed_sqlite::Sqlite;

use super::support::{all, facts, fill, hasty, open, quiet};

const FLIPS: &str = "WATERSHED_FLIPS";

#[tokio::test]
async fn a_flipped_bit_in_the_log_is_found() {
    let flips: u64 = std::env::var(FLIPS).map_or(400, |flips| flips.parse().unwrap());
    let dir = tempfile::tempdir().unwrap();
    fill(&open(dir.path(), hasty()), 0..400).await;
    let wanted = all(&open(dir.path(), quiet())).await;
    let sound = fs::read(dir.path().join("log.db")).unwrap();

    let hurt = tempfile::tempdir().unwrap();
    let (mut verified, mut opened, mut harmless, mut state) = (0, 0, 0, 88_172_645_463_325_252_u64);
    for _ in 0..flips {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let bit = (state >> 11) as usize % (sound.len() * 8);
        let mut bytes = sound.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        fs::write(hurt.path().join("log.db"), &bytes).unwrap();
        let whole = matches!(Sqlite::verify(hurt.path(), &mut |_, _| {}), Ok(Ok(found)) if found.head == wanted.len() as u64);
        verified += u64::from(!whole);
        match read(hurt.path()).await {
            None => opened += 1,
            Some(found) => {
                // What is shown is what was written, whatever the bit was.
                for (found, wanted) in found.iter().zip(&wanted) {
                    assert_eq!(facts(found), facts(wanted), "bit {bit}");
                }
                if whole {
                    assert_eq!(found.len(), wanted.len(), "bit {bit}: verified, and not all there");
                    harmless += 1;
                }
            }
        }
        fs::remove_dir_all(hurt.path()).unwrap();
        fs::create_dir(hurt.path()).unwrap();
    }
    assert!(verified > flips / 2, "of {flips} flips {verified} were found, {harmless} did no harm");
    println!(
        "{flips} flips: {verified} found by verify, {opened} by opening or reading, {harmless} did no harm"
    );
}

/// Everything that can be read; nothing where the log cannot be opened, or says that it is damaged before the end.
async fn read(dir: &std::path::Path) -> Option<Vec<Arc<StoredEvent>>> {
    let log = Sqlite::open(dir, quiet()).ok()?.log();
    let mut events: Vec<Arc<StoredEvent>> = Vec::new();
    while (events.len() as u64) < log.head() {
        let from = ReadFrom { scope: Scope::Log, after: events.len() as u64, limit: 50 };
        events.extend(log.read(from).await.ok()?.events);
    }
    Some(events)
}
