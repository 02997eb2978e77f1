/// Fails where a run printed something else than the document shows. What differs from run to run (ids, times, tokens)
/// only has to be of the same kind.
pub(super) fn assert_alike(command: &str, shown: &str, printed: &str) {
    let lines = |text: &str| text.trim_end().lines().map(words).collect::<Vec<_>>();
    assert!(
        lines(shown) == lines(printed),
        "`{command}` prints something else.\nThe document shows:\n{shown}\nIt prints:\n{printed}"
    );
}

/// The words of a line and what stands between them, each replaced by its kind where it differs from run to run.
fn words(line: &str) -> Vec<String> {
    if line.starts_with("date: ") {
        return vec!["(a date)".to_owned()];
    }
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || "-_:.+".contains(letter);
    let mut words: Vec<String> = Vec::new();
    let mut inside = None;
    for letter in line.chars() {
        if inside != Some(is_word(letter)) {
            words.push(String::new());
            inside = Some(is_word(letter));
        }
        words.last_mut().unwrap().push(letter);
    }
    words.into_iter().map(|word| kind(&word).map_or(word, ToOwned::to_owned)).collect()
}

/// What kind of changing thing a word is, if it is one.
fn kind(word: &str) -> Option<&'static str> {
    let shaped = |shape: &str| {
        word.len() == shape.len()
            && word.bytes().zip(shape.bytes()).all(|(letter, wanted)| match wanted {
                b'0' => letter.is_ascii_digit(),
                b'x' => letter.is_ascii_hexdigit(),
                other => letter == other,
            })
    };
    match word {
        _ if shaped("xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx") => Some("(an id)"),
        _ if shaped("0000-00-00T00:00:00.000000Z") => Some("(a time)"),
        _ if shaped("0000-00-00") => Some("(a day)"),
        _ if shaped("xxxxxxxxxxxxxxxx") => Some("(an entity tag)"),
        _ if is_token(word) => Some("(a token)"),
        _ => None,
    }
}

/// Whether the word is a token or a cursor.
pub(super) fn is_token(word: &str) -> bool {
    word.len() >= 40 && word.bytes().all(|letter| letter.is_ascii_alphanumeric() || b"-_".contains(&letter))
}
