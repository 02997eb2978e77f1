use std::io::{Read, Write};
use std::net::TcpListener;

use super::*;

/// Answers each request on one connection with the next of `answers`, in the given pieces.
fn server(answers: Vec<Vec<&'static [u8]>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 1_024];
        for answer in answers {
            assert!(stream.read(&mut request).unwrap() > 0);
            for piece in answer {
                stream.write_all(piece).unwrap();
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
        }
    });
    address
}

fn run<T>(asked: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(asked)
}

#[test]
fn an_answer_in_pieces_is_read_whole_and_the_next_starts_afresh() {
    let first: Vec<&[u8]> = vec![b"HTTP/1.1 200 OK\r\nContent-Le", b"ngth: 5\r\n\r", b"\nhel", b"lo"];
    let second: Vec<&[u8]> = vec![b"HTTP/1.1 404 Not Found\r\nx: y\r\ncontent-length:0\r\n\r\n"];
    let address = server(vec![first, second]);
    run(async {
        let mut client = HttpClient::connect(address).await.unwrap();
        let answer = client.get("/a").await.unwrap();
        assert_eq!((answer.status, answer.body), (200, &b"hello"[..]));
        let answer = client.post("/b", "key", b"{}").await.unwrap();
        assert_eq!((answer.status, answer.body), (404, &b""[..]));
    });
}

#[test]
fn half_an_answer_is_an_error_rather_than_an_empty_one() {
    let address = server(vec![vec![b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel"]]);
    run(async {
        let mut client = HttpClient::connect(address).await.unwrap();
        assert!(matches!(client.get("/").await, Err(HttpError::Closed)));
    });
}

#[test]
fn an_answer_without_a_length_is_an_error() {
    let address = server(vec![vec![b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"]]);
    run(async {
        let mut client = HttpClient::connect(address).await.unwrap();
        assert!(matches!(client.get("/").await, Err(HttpError::Answer(_))));
    });
}
