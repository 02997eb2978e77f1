//! What `docs/tutorial/your-first-bounded-context.md` shows is what is compiled, and what is printed.

#[path = "../../support/mod.rs"]
mod support;

use support::{Document, Session};

const TUTORIAL: &str = "docs/tutorial/your-first-bounded-context.md";

#[test]
fn the_tutorials_code_is_the_code_that_is_compiled() {
    let tutorial = Document::read(TUTORIAL);
    for file in [
        "src/stay.rs",
        "src/views.rs",
        "src/lib.rs",
        "src/main.rs",
        "tests/stay.rs",
        "tests/views.rs",
        "tests/events_lock.rs",
    ] {
        tutorial.shows_all_of("rust", file);
    }
    tutorial.shows_all_of("text", "events.lock");
}

#[test]
fn the_tutorial_depends_on_what_this_crate_depends_on() {
    let tutorial = include_str!("../../../docs/tutorial/your-first-bounded-context.md");
    let written = tutorial.split("```toml file=Cargo.toml\n").nth(1).unwrap().split("```").next().unwrap();
    let names = |manifest: &str| {
        let lines = manifest.lines().filter(|line| line.contains(" = ") || line.contains(".workspace"));
        let names = lines.filter_map(|line| line.split([' ', '.']).next());
        let mut names: Vec<_> = names.map(ToOwned::to_owned).collect();
        names.sort();
        names
    };
    let own = include_str!("../Cargo.toml");
    let own = own.split_once("[dependencies]").unwrap().1;
    // Used by the tests of the tutorial, not by the tutorial's tests.
    let own = names(own).into_iter().filter(|name| name != "tempfile").collect::<Vec<_>>();
    assert_eq!(names(written), own);
}

#[test]
fn the_tutorials_session_prints_what_it_shows() {
    let mut session = Session::new(&[("", env!("CARGO_BIN_EXE_garage"))], &["garage-data"], "garage");
    for step in Document::read(TUTORIAL).session("garage") {
        session.take(&step);
    }
}
