use watershed_core::ports::Scope;
use watershed_core::{Boundary, StreamId, Tag, Tenant, Timestamp};

use super::bench::{Bench, boundary_scope, read, read_all, read_in_pages, take};
use super::draft::{Draft, expected, found};
use crate::conformance::promise::{Checked, holds, same};

/// Texts that have broken stores before. None holds NUL: names of tenants and tags cannot.
pub(crate) fn odd_words() -> Vec<String> {
    let mut words: Vec<String> = [
        "",
        " ",
        "'",
        "\"",
        "`",
        "a'b\"c`d",
        "'; DROP TABLE events; --",
        "%",
        "_",
        "\\",
        "\\\\'",
        "?1",
        ":name",
        "$1",
        "{}",
        "[]",
        "null",
        "0",
        "-0",
        "1e9",
        "é",
        "e\u{301}",
        "İ",
        "ß",
        "日本語",
        "🦀",
        "👩‍👩‍👧‍👦",
        "\u{202e}abc",
        "\u{feff}abc",
        "\u{7f}",
        "\n",
        "\r\n",
        "\t",
        "a\u{1f}b",
        "\u{10ffff}",
        "../../etc/passwd",
        ":",
        "a:b",
        "::",
    ]
    .iter()
    .map(|word| (*word).to_owned())
    .collect();
    words.push("k".repeat(10_000));
    words.push("日".repeat(3_000));
    words
}

pub(super) async fn big_payloads(bench: Bench) -> Checked {
    let log = bench.open().await;
    let mut wanted = Vec::new();
    for megabytes in [1, 4, 16] {
        let text = format!("{{\"text\":\"{}\"}}", "é'\\\"x".repeat(megabytes * 1024 * 1024 / 6));
        let draft = Draft::on("s").event("big").payload(text).tagged("sku", "a");
        let appended = take(&log, draft.clone()).await?;
        wanted.extend(expected(draft.append(), appended.position, appended.version));
    }
    for scope in [Scope::Log, boundary_scope(&Boundary::tag("sku", "a"))] {
        let events = read_in_pages(&log, &scope, 10).await?;
        same("how many there are", &events.len(), &3)?;
        for (event, wanted) in events.iter().zip(&wanted) {
            // Compared before it is shown: nobody reads 16 MB.
            holds!(
                found(event) == *wanted,
                "the payload of event {} came back otherwise: {} of {} bytes",
                event.position,
                event.payload.len(),
                wanted.payload.len()
            );
        }
    }
    Ok(())
}

pub(super) async fn odd_texts(bench: Bench) -> Checked {
    let log = bench.open().await;
    let words = odd_words();
    let mut wanted = Vec::new();
    for word in &words {
        let json = serde_json::json!({ word: word }).to_string();
        let draft = Draft::on("")
            .stream(StreamId::new(format!("c{word}"), word.as_str()))
            .event("odd")
            .payload(json)
            .tagged("word", word)
            .key(word)
            .with(|append| {
                append.actor = Some(word.as_str().into());
                append.correlation = Some(word.as_str().into());
                append.causation = Some(word.as_str().into());
                append.traceparent = Some(word.as_str().into());
            });
        let appended = take(&log, draft.clone()).await?;
        wanted.extend(expected(draft.append(), appended.position, appended.version));
    }
    let there: Vec<_> = read_all(&log).await?.iter().map(|event| found(event)).collect();
    same("the log", &there, &wanted)?;
    let tenant = Tenant::default();
    for (word, position) in words.iter().zip(1..) {
        let stream = StreamId::new(format!("c{word}"), word.as_str());
        same("the version of its stream", &log.stream_version(&tenant, &stream).await?, &1)?;
        same("what bears its tag", &log.find_tag(&tenant, &Tag::new("word", word)).await?, &Some(position))?;
        let key = log.find_key(&tenant, word).await?;
        same(
            "what bears its key",
            &key.map(|record| (record.position, record.stream)),
            &Some((position, stream)),
        )?;
        let tagged = read(&log, &boundary_scope(&Boundary::tag("word", word)), 0, 10).await?;
        same("how many bear its tag", &tagged.events.len(), &1)?;
    }
    Ok(())
}

pub(super) async fn odd_times(bench: Bench) -> Checked {
    let log = bench.open().await;
    let times = [0, -1, 1, 1_714_885_505_123_456, -62_135_596_800_000_000, 253_402_300_799_999_999, 5];
    for micros in times {
        let at =
            |append: &mut watershed_core::ports::Append| append.recorded_at = Timestamp::from_micros(micros);
        take(&log, Draft::on("s").event("happened").with(at)).await?;
    }
    let there: Vec<i64> = read_all(&log).await?.iter().map(|event| event.recorded_at.as_micros()).collect();
    same("when the events were recorded", &there[..], &times[..])
}
