use std::io::{BufRead, BufReader, Lines};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use super::Step;
use super::alike::assert_alike;
use super::curl::Curl;

/// A session with a server, command by command, in a folder of its own.
pub struct Session {
    /// By the words of `cargo run` that start them.
    programs: Vec<(&'static str, &'static str)>,
    /// The program's words, before the address.
    words: Vec<&'static str>,
    context: &'static str,
    folder: tempfile::TempDir,
    server: Option<Server>,
    token: String,
}

struct Server {
    process: Child,
    _output: Lines<BufReader<ChildStdout>>,
    address: SocketAddr,
}

impl Drop for Server {
    /// Kills it: what was acknowledged has to be there all the same.
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Session {
    /// A session with programs that serve that context, of which each is started by a `cargo run` that ends so.
    pub fn new(
        programs: &[(&'static str, &'static str)],
        words: &[&'static str],
        context: &'static str,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            programs: programs.to_vec(),
            words: words.to_vec(),
            context,
            folder,
            server: None,
            token: String::new(),
        }
    }

    /// Does what the step says, and fails where something else is printed than the document shows.
    pub fn take(&mut self, step: &Step) {
        let printed = if step.command.starts_with("cargo run") {
            self.start(&step.command)
        } else {
            assert!(step.command.starts_with("curl "), "what is `{}`?", step.command);
            self.send(&step.command)
        };
        assert_alike(&step.command, &step.shown, &printed);
    }

    /// Starts the server; kills it first where it runs.
    fn start(&mut self, command: &str) -> String {
        self.server = None;
        let program = self.programs.iter().find(|(words, _)| command.ends_with(words));
        let (_, program) = program.unwrap_or_else(|| panic!("what does `{command}` run?"));
        let mut process = Command::new(program)
            .args(&self.words)
            .arg("127.0.0.1:0")
            .current_dir(self.folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut printed = String::new();
        let address = loop {
            let line = output.next().expect("the server says where it listens").unwrap();
            if let Some(address) = line.strip_prefix("http://") {
                printed.push_str("http://127.0.0.1:8080\n");
                break address.parse().unwrap();
            }
            printed.extend([&*line, "\n"]);
        };
        self.server = Some(Server { process, _output: output, address });
        printed
    }

    fn send(&mut self, command: &str) -> String {
        let curl = Curl::parse(command, &self.token);
        if curl.is_question() {
            self.settle();
        }
        let mut response = curl.send(self.address());
        // Whoever types is slower than these, too.
        let is_under_way = |body: &str| {
            ["\"state\":\"backfilling\"", "\"finished\":null"].iter().any(|part| body.contains(part))
        };
        while curl.is_question() && is_under_way(&response.body) {
            std::thread::sleep(Duration::from_millis(5));
            response = curl.send(self.address());
        }
        let token = response.head.lines().find_map(|line| line.strip_prefix("watershed-token: "));
        self.token = token.map_or(std::mem::take(&mut self.token), ToOwned::to_owned);
        curl.printed(&response)
    }

    fn address(&self) -> SocketAddr {
        self.server.as_ref().expect("a session begins with `cargo run`").address
    }

    /// Waits until the views have come up with the log: whoever types is slower than they are.
    fn settle(&self) {
        let views = Curl::parse(&format!("curl localhost:8080/admin/{}/views", self.context), "");
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(10) {
            let body = views.send(self.address()).body;
            if body.matches("\"lag_events\":0,").count() == body.matches("\"lag_events\":").count() {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("the views do not come up with the log");
    }
}
