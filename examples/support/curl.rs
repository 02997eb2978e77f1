use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A request as the command line of curl says it: as much of that as the documents use.
#[derive(Default)]
pub(super) struct Curl {
    method: Option<String>,
    headers: Vec<String>,
    body: Option<String>,
    path: String,
    show_head: bool,
}

/// What came back.
pub(super) struct Response {
    pub(super) head: String,
    pub(super) body: String,
}

impl Curl {
    /// Reads `curl -s ...`. Words of the form of a token stand for `token`.
    pub(super) fn parse(command: &str, token: &str) -> Self {
        let mut curl = Self::default();
        let mut words = words(command).into_iter().skip(1);
        while let Some(word) = words.next() {
            let mut next = || words.next().unwrap();
            match &*word {
                "-s" => {}
                "-si" => curl.show_head = true,
                "-X" => curl.method = Some(next()),
                "-d" => curl.body = Some(next()),
                "-H" => curl.headers.push(with_token(&next(), token)),
                address => {
                    let path = address.strip_prefix("localhost:8080");
                    curl.path = path.unwrap_or_else(|| panic!("{command}: what is {address}?")).to_owned();
                }
            }
        }
        curl
    }

    /// Sends it, and prints what curl would.
    pub(super) fn send(&self, to: SocketAddr) -> Response {
        let method = self.method.as_deref().unwrap_or("GET");
        let body = self.body.as_deref().unwrap_or_default();
        let mut request = format!("{method} {} HTTP/1.1\r\nHost: localhost:8080\r\n", self.path);
        request.push_str(&format!("Content-Length: {}\r\n", body.len()));
        self.headers.iter().for_each(|header| request.extend([header, "\r\n"]));
        request.extend(["\r\n", body]);
        let stream = TcpStream::connect(to).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        (&stream).write_all(request.as_bytes()).unwrap();
        read(&stream)
    }

    pub(super) fn is_question(&self) -> bool {
        self.method.is_none()
    }

    /// What curl would print.
    pub(super) fn printed(&self, response: &Response) -> String {
        if self.show_head { format!("{}\n{}", response.head, response.body) } else { response.body.clone() }
    }
}

fn read(stream: &TcpStream) -> Response {
    let mut stream = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if let Some(said) = line.strip_prefix("content-length: ") {
            length = said.parse().unwrap();
        }
        head.extend([line, "\n"]);
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    Response { head, body: String::from_utf8(body).unwrap() }
}

fn with_token(header: &str, token: &str) -> String {
    match header.split_once(": ") {
        Some((name, value)) if super::alike::is_token(value) => format!("{name}: {token}"),
        _ => header.to_owned(),
    }
}

/// The words of a command line, as a shell would cut them.
fn words(command: &str) -> Vec<String> {
    let command = command.replace("\\\n", " ");
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for letter in command.chars() {
        match (letter, quote) {
            (_, Some(open)) if letter == open => quote = None,
            (_, Some(_)) => word.get_or_insert_default().push(letter),
            ('\'' | '"', None) => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (' ', None) => words.extend(word.take()),
            (_, None) => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}
