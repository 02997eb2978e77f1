//! Who can reach the server: loopback unless told otherwise, and then not under any name.

use std::net::SocketAddr;

use http::HeaderMap;
use http::header::HOST;

use crate::hosted::{Hosted, shortened};
use crate::problem::{FOREIGN_HOST, Problem};
use crate::server::ServeError;

/// Refuses to listen where anybody could reach a context that allows anybody anything.
pub(crate) fn check_exposure(
    address: SocketAddr,
    contexts: &[Hosted],
    exposed: bool,
) -> Result<(), ServeError> {
    if address.ip().is_loopback() || exposed {
        return Ok(());
    }
    match contexts.iter().find(|hosted| hosted.running.allows_anyone()) {
        None => Ok(()),
        Some(hosted) => Err(ServeError::Exposed { address, context: hosted.running.name() }),
    }
}

/// The names under which requests are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hosts {
    /// Any.
    Any,
    /// Those of this machine's loopback: a web page whose own name was made to resolve to loopback is turned away.
    Loopback,
}

impl Hosts {
    /// The names that a server at `address` answers to.
    pub(crate) fn of(address: SocketAddr) -> Self {
        if address.ip().is_loopback() { Self::Loopback } else { Self::Any }
    }

    /// Whether the request addresses us. One without the header comes from no browser.
    pub(crate) fn check(self, headers: &HeaderMap) -> Result<(), Problem> {
        let (Self::Loopback, Some(host)) = (self, headers.get(HOST)) else {
            return Ok(());
        };
        let host = host.to_str().unwrap_or_default();
        if is_loopback(host) {
            return Ok(());
        }
        let detail =
            format!("names `{}`, but this server is reached from its own machine only", shortened(host));
        Err(Problem::with_field(&FOREIGN_HOST, "Host", detail))
    }
}

fn is_loopback(host: &str) -> bool {
    if let Ok(address) = host.parse::<SocketAddr>() {
        return address.ip().is_loopback();
    }
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.parse::<u16>().is_ok() => name,
        _ => host,
    };
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_only_looks_like_loopback_is_turned_away() {
        for host in [
            "localhost",
            "LOCALHOST:8080",
            "127.0.0.1",
            "127.0.0.1:8080",
            "[::1]",
            "[::1]:8080",
            "127.9.9.9:1",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "",
            "localhost.evil.example",
            "127.0.0.1.evil.example:8080",
            "evil.example",
            "10.0.0.1:8080",
            ":8080",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
