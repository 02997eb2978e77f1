/// JSON that holds objects or arrays inside one another beyond the limit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooDeep {
    /// The field of the outermost object that it happens in, where it is one.
    pub(crate) field: Option<String>,
}

/// Checks how deep objects and arrays of `json` stand inside one another, before anything is built from it.
///
/// Looks at brackets outside of texts only, so it takes any bytes: whether they are JSON is the parser's to say.
pub(crate) fn check_depth(json: &[u8], most: usize) -> Result<(), TooDeep> {
    // As deep as it has opening brackets, it cannot be deeper: so nearly every body is done after one quick count.
    if json.iter().filter(|byte| matches!(byte, b'{' | b'[')).count() <= most {
        return Ok(());
    }
    let (mut depth, mut at, mut field) = (0_usize, 0, None);
    while at < json.len() {
        match json[at] {
            b'"' => {
                let end = end_of_text(json, at + 1);
                if depth == 1 {
                    field = Some(at + 1..end);
                }
                at = end;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > most {
            let field = field.map(|range| String::from_utf8_lossy(&json[range]).chars().take(100).collect());
            return Err(TooDeep { field });
        }
        at += 1;
    }
    Ok(())
}

/// The place of the quote that ends a text, or the end of it all.
fn end_of_text(json: &[u8], mut at: usize) -> usize {
    while at < json.len() && json[at] != b'"' {
        at += if json[at] == b'\\' { 2 } else { 1 };
    }
    at.min(json.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(levels: usize) -> Vec<u8> {
        format!("{{\"a\":1,\"factors\":{}{}}}", "[".repeat(levels), "]".repeat(levels)).into_bytes()
    }

    #[test]
    fn depth_is_counted_to_the_limit_and_not_beyond() {
        assert_eq!(check_depth(&nested(63), 64), Ok(()));
        let too_deep = TooDeep { field: Some("factors".to_owned()) };
        assert_eq!(check_depth(&nested(64), 64), Err(too_deep));
    }

    #[test]
    fn brackets_in_texts_and_side_by_side_are_no_depth() {
        let text = format!("{{\"a\":\"{}\\\"{}\"}}", "[".repeat(100), "{".repeat(100));
        assert_eq!(check_depth(text.as_bytes(), 64), Ok(()));
        assert_eq!(check_depth("[]".repeat(1_000).as_bytes(), 64), Ok(()));
    }

    #[test]
    fn a_text_that_never_ends_is_no_panic() {
        let mut body = nested(200);
        body.insert(0, b'"');
        assert_eq!(check_depth(&body, 64), Ok(()));
        let mut body = vec![b'['; 64];
        body.extend(b"\"\\");
        assert_eq!(check_depth(&body, 63), Err(TooDeep { field: None }));
        assert_eq!(check_depth(&body, 64), Ok(()));
    }
}
