//! Bits flip in the file: whoever reads is told, and never shown something else.

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::ops::ControlFlow;
use std::sync::Arc;

use watershed_core::StoredEvent;
use watershed_core::ports::{LogError, LogReader, RawEvent, ReadFrom, Scope};
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
        match log.read(from).await {
            Ok(read) => events.extend(read.events),
            Err(error) => {
                assert!(error.is_damage(), "who is told that trying again may help, tries for ever: {error}");
                return None;
            }
        }
    }
    Some(events)
}

/// Where a whole page is something else, as a rule no event can be named any more.
#[tokio::test]
async fn a_page_that_is_not_what_was_written_is_damage_and_no_failure_that_passes() {
    const PAGE: usize = 8_192;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("log.db");
    fill(&open(dir.path(), hasty()), 0..400).await;
    let sound = fs::read(&file).unwrap();
    let mut unreadable = 0;
    for page in 1..sound.len() / PAGE {
        fs::write(&file, &sound).unwrap();
        // Damaged when it is open: opening it would find most of this.
        let log = open(dir.path(), hasty());
        let mut damaged = fs::OpenOptions::new().write(true).open(&file).unwrap();
        damaged.seek(SeekFrom::Start((page * PAGE) as u64)).unwrap();
        damaged.write_all(&[0xA5; PAGE]).unwrap();
        let from = ReadFrom { scope: Scope::Log, after: 0, limit: 1_000 };
        let Err(error) = log.read(from).await else { continue };
        assert!(error.is_damage(), "page {page}: {error}");
        unreadable += usize::from(matches!(error, LogError::Unreadable(_)));
    }
    assert!(unreadable > sound.len() / PAGE / 2, "{unreadable} pages were found damaged by reading");
}

/// A rebuild passes over the events of categories that its read models do not follow: they are checked all the same.
#[tokio::test]
async fn a_scan_finds_a_damaged_event_whoever_wants_it() {
    let dir = tempfile::tempdir().unwrap();
    fill(&open(dir.path(), hasty()), 0..40).await;
    let file = dir.path().join("log.db");
    let mut bytes = fs::read(&file).unwrap();
    let word = br#""number":7,"event":0"#;
    let found = |place: &usize| bytes[*place..].starts_with(word);
    let places: Vec<usize> = (0..bytes.len() - word.len()).filter(found).collect();
    assert!(!places.is_empty());
    places.into_iter().for_each(|place| bytes[place + word.len() - 1] ^= 1);
    // Damaged when it is open: what the index has not come to yet is read when the log is opened.
    let log = open(dir.path(), quiet());
    fs::OpenOptions::new().write(true).open(&file).unwrap().write_all(&bytes).unwrap();
    let mut seen = 0;
    let scanned = log.scanner().unwrap().scan(0, log.head(), &mut |event: RawEvent<'_>| {
        seen = event.position;
        ControlFlow::Continue(())
    });
    assert!(
        matches!(scanned, Err(LogError::Damaged { position, .. }) if position == seen + 1),
        "{scanned:?}"
    );
    assert!(seen > 7, "those before it are shown");
}
