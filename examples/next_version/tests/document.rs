//! What `docs/shipping-a-new-version.md` shows is what is compiled, and what is printed.

#[path = "../../support/mod.rs"]
mod support;

use support::{Document, Session};

const DOCUMENT: &str = "docs/shipping-a-new-version.md";

#[test]
fn the_documents_code_is_the_code_that_is_compiled() {
    let document = Document::read(DOCUMENT);
    for file in ["src/stays.rs", "src/takings.rs", "src/lib.rs"] {
        document.shows_all_of("rust", file);
    }
}

#[test]
fn the_documents_session_prints_what_it_shows() {
    let programs =
        [("--bin first", env!("CARGO_BIN_EXE_first")), ("--bin second", env!("CARGO_BIN_EXE_second"))];
    let mut session = Session::new(&programs, &["garage-data"], "garage");
    for step in Document::read(DOCUMENT).session("garage") {
        session.take(&step);
    }
}
