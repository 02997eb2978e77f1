//! What `README.md` shows of a first context is what is compiled, and what is printed.

#[path = "../../support/mod.rs"]
mod support;

use support::{Document, Session};

#[test]
fn the_readmes_code_is_the_code_that_is_compiled() {
    Document::read("README.md").shows_all_of("rust", "src/main.rs");
}

#[test]
fn the_readmes_session_prints_what_it_shows() {
    let mut session = Session::new(&[("", env!("CARGO_BIN_EXE_hello"))], &[], "theatre");
    for step in Document::read("README.md").session("theatre") {
        session.take(&step);
    }
}
