/// Whether every event of the `locked` shape is one of the shape `now` too, and says the same: fields that may be left
/// out have come, or words of a choice.
pub(super) fn widens(locked: &[String], now: &[String]) -> bool {
    let mut added: Vec<&String> = now.iter().collect();
    for line in locked {
        let Some(place) = added.iter().position(|other| line_widens(line, other)) else {
            return false;
        };
        added.remove(place);
    }
    added.iter().all(|line| may_be_left_out(line))
}

fn may_be_left_out(line: &str) -> bool {
    let name = line.split_once(": ").map_or("", |(name, _)| name);
    name.ends_with('?') && !name.contains(' ')
}

fn line_widens(locked: &str, now: &str) -> bool {
    let (locked_frame, locked_choices) = choices(locked);
    let (now_frame, now_choices) = choices(now);
    locked_frame == now_frame
        && locked_choices.len() == now_choices.len()
        && locked_choices
            .iter()
            .zip(&now_choices)
            .all(|(locked, now)| locked.iter().all(|word| now.contains(word)))
}

/// The line without its choices, and the words of each choice in it.
fn choices(line: &str) -> (String, Vec<Vec<String>>) {
    let (mut frame, mut all) = (String::new(), Vec::new());
    let mut rest = line;
    while let Some(start) = rest.find("(\"") {
        frame.push_str(&rest[..=start]);
        rest = &rest[start + 1..];
        let (words, after) = words(rest);
        all.push(words);
        rest = after;
    }
    frame.push_str(rest);
    (frame, all)
}

/// The JSON texts at the start of `text`, which ` | ` separates, and what comes after them.
fn words(mut text: &str) -> (Vec<String>, &str) {
    let mut words = Vec::new();
    loop {
        let mut json = serde_json::Deserializer::from_str(text).into_iter::<String>();
        let Some(Ok(word)) = json.next() else {
            return (words, text);
        };
        text = &text[json.byte_offset()..];
        words.push(word);
        match text.strip_prefix(" | ") {
            Some(next) => text = next,
            None => return (words, text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::widens;

    fn lines(shape: &[&str]) -> Vec<String> {
        shape.iter().map(|line| (*line).to_owned()).collect()
    }

    #[test]
    fn only_what_old_events_can_live_with_counts_as_added() {
        let locked = lines(&[r#"how: string ("card" | "cash")"#, "amount: string(decimal)"]);
        let with = |line: &str| lines(&[r#"how: string ("card" | "cash")"#, "amount: string(decimal)", line]);
        assert!(widens(&locked, &with("note?: string or null")));
        assert!(!widens(&locked, &with("note: string")), "old events do not have it");
        assert!(!widens(&locked, &with("+ {\"additionalProperties\":false}")));
        let how = |how: &str| lines(&[how, "amount: string(decimal)"]);
        assert!(widens(&locked, &how(r#"how: string ("card" | "cash" | "cheque")"#)));
        assert!(!widens(&locked, &how(r#"how: string ("card" | "cheque")"#)), "cash is gone");
        assert!(!widens(&locked, &how("how: string")), "a change, if a harmless one");
        assert!(!widens(&locked, &lines(&["amount: string(decimal)"])));
    }
}
