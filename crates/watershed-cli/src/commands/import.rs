use std::fs::File;
use std::io::{BufRead, BufReader, Read, stdin};
use std::path::Path;
use std::process::ExitCode;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::args::Import;
use crate::client::Door;
use crate::error::CliError;
use crate::output::{Column, Progress, Screen, grouped, text, thousands};

/// How much of a file is sent at once, up to the end of a line. Each part is answered for itself: what broke off is sent again
/// in whole, and what had been taken is not taken twice.
const PART: u64 = 4 << 20;
/// How many lines that were not taken are shown.
const SHOWN: usize = 20;

/// Sends a file to an import, and shows what became of its lines.
pub(super) async fn import(door: &mut Door, screen: Screen, which: &Import) -> Result<ExitCode, CliError> {
    let unreadable =
        |error: std::io::Error| CliError::File { file: which.file.clone(), problem: error.to_string() };
    let (mut reader, length) = open(&which.file).map_err(unreadable)?;
    let name = which.file.file_name().filter(|_| !is_stdin(&which.file));
    let source = name.map(|name| name.to_string_lossy().chars().take(200).collect::<String>());
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let path = door.api(&format!("imports/{}", encoded(&which.import)));

    let progress = Progress::new("importing", screen.terminal);
    let (mut done, mut lines, mut total) = (0, 0, Total::default());
    loop {
        let part = next_part(&mut reader).map_err(unreadable)?;
        if part.is_empty() && lines > 0 {
            break;
        }
        let mut address = format!("{path}?first_line={}", lines + 1);
        if let Some(source) = &source {
            address.push_str(&format!("&source={}", encoded(source)));
        }
        done += part.len() as u64;
        lines += part.iter().filter(|byte| **byte == b'\n').count() as u64;
        let is_last = part.last() != Some(&b'\n');
        total.add(&door.post_lines(&address, part.into()).await?);
        progress.set(done, length.unwrap_or(done));
        progress.say(format!("{} lines", thousands(total.lines)));
        if is_last {
            break;
        }
    }
    progress.finish();
    total.show(screen, &which.import)?;
    Ok(if total.refused_lines + total.malformed_lines == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn is_stdin(file: &Path) -> bool {
    file.as_os_str() == "-"
}

/// The file, and how long it is where that is known.
fn open(file: &Path) -> std::io::Result<(Box<dyn BufRead + Send>, Option<u64>)> {
    if is_stdin(file) {
        return Ok((Box::new(BufReader::new(stdin())), None));
    }
    let opened = File::open(file)?;
    let length = opened.metadata()?.len();
    Ok((Box::new(BufReader::new(opened)), Some(length)))
}

/// The next lines, whole; empty at the end.
fn next_part(reader: &mut impl BufRead) -> std::io::Result<Vec<u8>> {
    let mut part = Vec::new();
    reader.by_ref().take(PART).read_to_end(&mut part)?;
    if part.last().is_some_and(|byte| *byte != b'\n') {
        reader.read_until(b'\n', &mut part)?;
    }
    Ok(part)
}

/// What became of all parts.
#[derive(Default)]
struct Total {
    lines: u64,
    taken: u64,
    already_taken: u64,
    refused_lines: u64,
    malformed_lines: u64,
    refused: Vec<Value>,
    malformed: Vec<Value>,
}

impl Total {
    fn add(&mut self, summary: &Value) {
        let count = |field: &str| summary[field].as_u64().unwrap_or(0);
        self.lines += count("lines");
        self.taken += count("taken");
        self.already_taken += count("already_taken");
        self.refused_lines += count("refused_lines");
        self.malformed_lines += count("malformed_lines");
        for (all, field) in [(&mut self.refused, "refused"), (&mut self.malformed, "malformed")] {
            let more = summary[field].as_array().into_iter().flatten().cloned();
            let room = 100_usize.saturating_sub(all.len());
            all.extend(more.take(room));
        }
    }

    fn show(&self, screen: Screen, import: &str) -> Result<(), CliError> {
        if !screen.terminal {
            return Ok(screen.json(&json!({
                "lines": self.lines,
                "taken": self.taken,
                "already_taken": self.already_taken,
                "refused_lines": self.refused_lines,
                "malformed_lines": self.malformed_lines,
                "refused": self.refused,
                "malformed": self.malformed,
            }))?);
        }
        for (count, what) in [
            (self.taken, "taken"),
            (self.already_taken, "taken before"),
            (self.refused_lines, "refused"),
            (self.malformed_lines, "malformed"),
        ] {
            screen.line(&format!("{:>9}  {what}", thousands(count)))?;
        }
        let left: Vec<Value> = self.malformed.iter().chain(&self.refused).take(SHOWN).cloned().collect();
        if !left.is_empty() {
            screen.line("")?;
            screen.lines(&left, &columns())?;
            screen.line(&format!(
                "What was not taken is kept: `imports list {import}` shows all of it, `imports retry` tries it again."
            ))?;
        }
        Ok(())
    }
}

fn columns() -> [Column; 4] {
    [
        Column::number("line", |line| grouped(line, "line")),
        Column::text("code", |line| text(line, "code")),
        Column::text("why", |line| text(line, "reason")),
        Column::number("kept as", |line| text(line, "kept")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_end_with_their_lines_and_are_the_whole_together() {
        let line = "x".repeat(1 << 20);
        let whole = format!("{}\n", line).repeat(9) + "the last one, without an end";
        let mut reader = BufReader::new(whole.as_bytes());
        let mut parts = Vec::new();
        loop {
            let part = next_part(&mut reader).expect("readable");
            if part.is_empty() {
                break;
            }
            parts.push(part);
        }
        assert_eq!(parts.concat(), whole.as_bytes());
        assert!(parts.len() > 2 && parts[..parts.len() - 1].iter().all(|part| part.last() == Some(&b'\n')));
    }
}
