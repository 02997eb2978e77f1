//! A real browser without a window, driven over WebDriver: JSON over HTTP, so that it takes no crate of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long anything on a page may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A browser with one page, the size of a telephone.
pub(crate) struct Browser {
    driver: Child,
    port: u16,
    session: String,
}

impl Browser {
    /// Opens one. None where there is no Chromium; a gate must have it.
    pub(crate) fn open() -> Option<Self> {
        let driver = Command::new("chromedriver")
            .arg("--port=0")
            .env("TZ", "UTC")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut driver = match driver {
            Ok(driver) => driver,
            Err(error) => {
                assert!(std::env::var("CI").is_err(), "chromedriver: {error}. Install chromium-driver");
                eprintln!("NOT TESTED: chromedriver: {error}. Install chromium-driver");
                return None;
            }
        };
        let mut lines = BufReader::new(driver.stdout.take().expect("piped")).lines();
        let started =
            lines.by_ref().map_while(Result::ok).find(|line| line.contains("successfully on port "));
        let port = started.and_then(|line| {
            let digits = line.rsplit("on port ").next()?.trim_end_matches('.').to_owned();
            digits.parse().ok()
        });
        // Read on, or a driver that talks would stand still.
        std::thread::spawn(move || lines.for_each(drop));
        let port = port.expect("the driver says its port");
        let mut browser = Self { driver, port, session: String::new() };
        let arguments = [
            "--headless=new",
            // Tests may run as root, which a sandbox refuses.
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--lang=en-GB",
        ];
        let telephone = json!({ "deviceMetrics": { "width": 390, "height": 844, "pixelRatio": 2.0 } });
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": { "args": arguments, "mobileEmulation": telephone },
            "goog:loggingPrefs": { "browser": "ALL" },
        } } });
        let opened = browser.call("POST", "/session", &wanted);
        browser.session = opened["sessionId"].as_str().expect("a session").to_owned();
        Some(browser)
    }

    /// Goes to an address.
    pub(crate) fn go(&self, url: &str) {
        self.ask("url", &json!({ "url": url }));
    }

    /// What a piece of script gives back.
    pub(crate) fn run(&self, script: &str) -> Value {
        self.ask("execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// The text that people see in an element.
    pub(crate) fn text(&self, selector: &str) -> String {
        let text = self.run(&format!("return document.querySelector({}).innerText", json!(selector)));
        text.as_str().unwrap_or_else(|| panic!("no text in {selector}: {text}")).trim().to_owned()
    }

    /// Clicks as a person would: on what is there, can be seen and is not covered.
    pub(crate) fn click(&self, selector: &str) {
        let found = self.ask("element", &json!({ "using": "css selector", "value": selector }));
        let element = found.as_object().and_then(|object| object.values().next()).and_then(Value::as_str);
        let element = element.unwrap_or_else(|| panic!("no {selector}: {found}"));
        self.ask(&format!("element/{element}/click"), &json!({}));
    }

    /// Waits until an element's text has these words in it.
    pub(crate) fn until(&self, selector: &str, words: &str) {
        let begun = Instant::now();
        while !self.text(selector).contains(words) {
            let found = self.text("body");
            assert!(begun.elapsed() < PATIENCE, "{selector} never says {words:?}: {found}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Keeps a picture of the page in the folder that `WATERSHED_PICTURES` names, for whoever wants to look.
    pub(crate) fn picture(&self, name: &str) {
        let Some(folder) = std::env::var_os("WATERSHED_PICTURES") else { return };
        let encoded = self.call("GET", &format!("/session/{}/screenshot", self.session), &Value::Null);
        let picture = decoded(encoded.as_str().expect("a picture"));
        std::fs::write(std::path::Path::new(&folder).join(format!("{name}.png")), picture).expect("writes");
    }

    /// What the browser complained about.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let entries = self.ask("se/log", &json!({ "type": "browser" }));
        let entries = entries.as_array().cloned().unwrap_or_default();
        entries.iter().filter_map(|entry| entry["message"].as_str().map(str::to_owned)).collect()
    }

    fn ask(&self, what: &str, body: &Value) -> Value {
        self.call("POST", &format!("/session/{}/{what}", self.session), body)
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("the driver answers");
        stream.set_read_timeout(Some(PATIENCE * 3)).expect("sets");
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{}\r\ncontent-type: application/json\r\ncontent-length: \
             {length}\r\nconnection: close\r\n\r\n{body}",
            self.port
        );
        stream.write_all(request.as_bytes()).expect("writes");
        let mut reader = BufReader::new(stream);
        let (mut length, mut line) = (0_usize, String::new());
        while reader.read_line(&mut line).expect("readable") > 2 {
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().expect("a length");
            }
            line.clear();
        }
        let mut answer = vec![0; length];
        reader.read_exact(&mut answer).expect("readable");
        let answer: Value = serde_json::from_slice(&answer).expect("JSON");
        assert!(answer["value"]["error"].is_null(), "{path}: {}", answer["value"]);
        answer["value"].clone()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver takes its browser along.
        if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) {
            let path = format!("/session/{}", self.session);
            let _ = write!(stream, "DELETE {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n");
            let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
            let _ = stream.read(&mut [0; 64]);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// Base64, which pictures come in.
fn decoded(text: &str) -> Vec<u8> {
    let value = |letter: u8| match letter {
        b'A'..=b'Z' => Some(letter - b'A'),
        b'a'..=b'z' => Some(letter - b'a' + 26),
        b'0'..=b'9' => Some(letter - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let (mut bytes, mut bits, mut held) = (Vec::with_capacity(text.len() / 4 * 3), 0_u32, 0);
    for sextet in text.bytes().filter_map(value) {
        bits = bits << 6 | u32::from(sextet);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    bytes
}
