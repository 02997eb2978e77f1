//! Running the binary.

use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use serde_json::Value;

/// The binary on that data folder, with nothing of the caller's environment that could change what it does.
pub(crate) fn watershed(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_watershed"));
    command.arg("--data").arg(data).current_dir(data.parent().expect("a folder around it"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("WATERSHED__")) {
        command.env_remove(name);
    }
    command.env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

/// Runs it to its end.
pub(crate) fn run(data: &Path, arguments: &[&str]) -> Output {
    watershed(data).args(arguments).output().expect("runs")
}

/// Runs it to its end, which has to be a good one; its lines are JSON.
pub(crate) fn json(data: &Path, arguments: &[&str]) -> Vec<Value> {
    let output = run(data, arguments);
    let (out, error) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{arguments:?}: {out}{error}");
    out.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A server that runs until it is told to stop, or dropped.
pub(crate) struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    /// What it has said so far.
    pub(crate) said: String,
    pub(crate) url: String,
}

impl Running {
    /// Starts it and waits until it says where it serves.
    pub(crate) fn start(data: &Path, arguments: &[&str]) -> Self {
        let mut command = watershed(data);
        command.args(arguments);
        Self::of(command)
    }

    /// The same for a command that is made up.
    pub(crate) fn of(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("starts");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut running = Self { child, lines, said: String::new(), url: String::new() };
        let line = running.until("on http://");
        let url = line.split("on ").find(|part| part.starts_with("http://")).expect("an address");
        running.url = url.split([' ', ',']).next().expect("an address").trim_end_matches('.').to_owned();
        running
    }

    /// Reads on until it says that; answers with the line.
    pub(crate) fn until(&mut self, words: &str) -> String {
        loop {
            let line = self.lines.next().unwrap_or_else(|| panic!("ended before {words:?}: {}", self.said));
            let line = line.expect("readable");
            self.said.push_str(&line);
            self.said.push('\n');
            if line.contains(words) {
                return line;
            }
        }
    }

    /// Sends it a signal by name.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().expect("runs").success());
    }

    /// Waits for its end; answers with its exit code.
    pub(crate) fn ended(&mut self) -> Option<i32> {
        self.child.wait().expect("ends").code()
    }

    /// Asks it in the plainest way there is.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        self.call(&format!("GET {path} HTTP/1.1\r\n"), "")
    }

    /// Asks it with more headers.
    pub(crate) fn get_with(&self, path: &str, headers: &str) -> (u16, String) {
        self.call(&format!("GET {path} HTTP/1.1\r\n{headers}"), "")
    }

    /// The head of what it answers.
    pub(crate) fn head_of(&self, path: &str) -> String {
        self.exchange(&format!("HEAD {path} HTTP/1.1\r\n"), "").to_ascii_lowercase()
    }

    /// Sends it something.
    pub(crate) fn post(&self, path: &str, media: &str, body: &str) -> (u16, String) {
        let length = body.len();
        let head = format!("POST {path} HTTP/1.1\r\ncontent-type: {media}\r\ncontent-length: {length}\r\n");
        self.call(&head, body)
    }

    fn call(&self, head: &str, body: &str) -> (u16, String) {
        let answer = self.exchange(head, body);
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        (status, answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
    }

    fn exchange(&self, head: &str, body: &str) -> String {
        use std::io::{Read, Write};
        let host = self.url.trim_start_matches("http://");
        let mut stream = std::net::TcpStream::connect(host).expect("connects");
        write!(stream, "{head}host: {host}\r\nconnection: close\r\n\r\n{body}").expect("writes");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("reads");
        answer
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
