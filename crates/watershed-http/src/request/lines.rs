use std::pin::Pin;
use std::time::Duration;

use bytes::{Buf, Bytes};
use http::HeaderMap;
use http_body::Body;
use http_body_util::BodyExt;

use super::body::check_media;
use crate::problem::{BODY_BROKEN, BODY_TOO_SLOW, Problem};

/// How much of a line that is too long is kept.
const BEGINNING: usize = 64 << 10;

/// The media type of lines of JSON.
pub(crate) const LINES: &str = "application/x-ndjson";

/// One line of a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// It came whole.
    Whole { number: u64, content: Vec<u8> },
    /// It has more bytes than a line may have: its beginning, and how many it has.
    TooLong { number: u64, beginning: Vec<u8>, bytes: u64 },
}

/// Reads a body line by line, and no further than it is asked: whoever sends it is held up until the next line is wanted.
pub(crate) struct Lines<B> {
    body: Pin<Box<B>>,
    /// What has come and has not been read.
    come: Bytes,
    /// The line that has not ended yet, no longer than a line may be.
    line: Vec<u8>,
    /// How many bytes it has in all.
    bytes: u64,
    number: u64,
    most: usize,
    patience: Duration,
    ended: bool,
}

impl<B> Lines<B>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    /// The lines of `body`, the first of which bears the number `first`. A line may have `most` bytes, and no more than
    /// `patience` may pass without anything coming.
    pub(crate) fn of(
        headers: &HeaderMap,
        body: B,
        first: u64,
        most: usize,
        patience: Duration,
    ) -> Result<Self, Problem> {
        check_media(headers, LINES)?;
        Ok(Self {
            body: Box::pin(body),
            come: Bytes::new(),
            line: Vec::new(),
            bytes: 0,
            number: first - 1,
            most,
            patience,
            ended: false,
        })
    }

    /// The next line that is not blank; none where the body has ended.
    pub(crate) async fn next(&mut self) -> Result<Option<Line>, Problem> {
        loop {
            if let Some(end) = self.come.iter().position(|byte| *byte == b'\n') {
                self.take(end);
                self.come.advance(1);
                match self.line() {
                    Some(line) => return Ok(Some(line)),
                    None => continue,
                }
            }
            self.take(self.come.len());
            if self.ended {
                // The last line needs no end of its own. Of a body that broke off, this is never reached.
                return Ok(if self.bytes > 0 { self.line() } else { None });
            }
            self.more().await?;
        }
    }

    /// Puts that much of what has come to the line.
    fn take(&mut self, length: usize) {
        let piece = self.come.split_to(length);
        self.bytes += piece.len() as u64;
        let room = (self.most + 1).saturating_sub(self.line.len());
        self.line.extend_from_slice(&piece[..piece.len().min(room)]);
    }

    /// The line, at its end; none where it is blank.
    fn line(&mut self) -> Option<Line> {
        self.number += 1;
        let (number, bytes) = (self.number, std::mem::take(&mut self.bytes));
        let mut content = std::mem::take(&mut self.line);
        if content.len() > self.most {
            content.truncate(BEGINNING);
            return Some(Line::TooLong { number, beginning: content, bytes });
        }
        if content.last() == Some(&b'\r') {
            content.pop();
        }
        (!content.trim_ascii().is_empty()).then_some(Line::Whole { number, content })
    }

    async fn more(&mut self) -> Result<(), Problem> {
        let frame = tokio::time::timeout(self.patience, self.body.frame()).await.map_err(|_| {
            let seconds = self.patience.as_secs_f64();
            let detail = format!("nothing came for {seconds} seconds, after line {}", self.number);
            Problem::new(&BODY_TOO_SLOW, detail)
        })?;
        match frame {
            None => self.ended = true,
            Some(Ok(frame)) => self.come = frame.into_data().unwrap_or_default(),
            Some(Err(error)) => {
                let error: Box<dyn std::error::Error + Send + Sync> = error.into();
                let detail = format!(
                    "the body broke off after line {}: {error}. Lines before have been taken; send the whole again",
                    self.number
                );
                return Err(Problem::new(&BODY_BROKEN, detail));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::task::{Context, Poll};

    use http::HeaderValue;
    use http::header::CONTENT_TYPE;
    use http_body::Frame;

    use super::*;

    /// A body that comes in these pieces.
    struct Pieces(std::vec::IntoIter<&'static str>);

    impl Body for Pieces {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Ready(self.0.next().map(|piece| Ok(Frame::data(piece.into()))))
        }
    }

    /// The lines, each as its number and its bytes; of one that is too long, the number of its bytes.
    async fn read(pieces: &[&'static str]) -> Vec<(u64, String)> {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(LINES))]);
        let body = Pieces(Vec::from(pieces).into_iter());
        let mut lines = Lines::of(&headers, body, 1, 5, Duration::from_secs(1)).expect("lines");
        let mut read = Vec::new();
        while let Some(line) = lines.next().await.expect("comes") {
            read.push(match line {
                Line::Whole { number, content } => (number, String::from_utf8(content).expect("UTF-8")),
                Line::TooLong { number, beginning, bytes } => {
                    (number, format!("{}+{bytes}", String::from_utf8(beginning).expect("UTF-8")))
                }
            });
        }
        read
    }

    #[tokio::test]
    async fn lines_are_the_same_however_their_body_comes() {
        let expected = [(1, "ab"), (3, "1234"), (5, "e")].map(|(number, text)| (number, text.to_owned()));
        for pieces in [
            &["ab\n\n1234\r\n \ne"][..],
            &["a", "b", "\n", "\n1", "234\n \n", "", "e", "\n"],
            &["ab\n\n", "1234", "\r", "\n", "\t\n", "e\n \n"],
        ] {
            assert_eq!(read(pieces).await, expected, "{pieces:?}");
        }
        assert_eq!(read(&[]).await, []);
        assert_eq!(read(&["\n\n", " "]).await, []);
    }

    #[tokio::test]
    async fn a_line_that_is_too_long_is_told_with_its_length_and_the_next_one_is_read() {
        let read = read(&["ab\n123", "456\n12345\n", "1234567"]).await;
        let expected = [(1, "ab"), (2, "123456+6"), (3, "12345"), (4, "123456+7")];
        assert_eq!(read, expected.map(|(number, text)| (number, text.to_owned())));
    }
}
