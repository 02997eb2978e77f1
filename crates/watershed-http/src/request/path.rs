use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::problem::{MALFORMED_PATH, Problem};

/// The most segments that any route has, and one more to tell a longer path by.
const MOST: usize = 8;

/// The segments of a path, their escapes decoded.
#[derive(Debug, Default)]
pub(crate) struct Segments<'a> {
    segments: [Cow<'a, str>; MOST],
    count: usize,
}

impl<'a> Segments<'a> {
    /// Cuts `path`. A `/` at the end counts for nothing.
    pub(crate) fn of(path: &'a str) -> Result<Self, Problem> {
        let mut cut = Self::default();
        let path = path.strip_prefix('/').unwrap_or(path);
        let path = path.strip_suffix('/').unwrap_or(path);
        if path.is_empty() {
            return Ok(cut);
        }
        for segment in path.split('/').take(MOST) {
            cut.segments[cut.count] = decoded(segment)?;
            cut.count += 1;
        }
        Ok(cut)
    }

    /// The segments as texts, for matching; those past the last are not there.
    pub(crate) fn texts(&self) -> ([&str; MOST], usize) {
        (std::array::from_fn(|place| &*self.segments[place]), self.count)
    }
}

fn decoded(segment: &str) -> Result<Cow<'_, str>, Problem> {
    if !segment.contains('%') {
        return Ok(segment.into());
    }
    percent_decode_str(segment).decode_utf8().map_err(|_| {
        Problem::new(&MALFORMED_PATH, "a segment of the path is not UTF-8 once its escapes are decoded")
    })
}
