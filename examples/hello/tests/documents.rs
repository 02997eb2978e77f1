//! The documents name files, tests and promises that are there.

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The documents that are written by hand: their path from the root, and their text.
fn documents() -> Vec<(PathBuf, String)> {
    let mut found =
        vec![PathBuf::from("README.md"), PathBuf::from("ARCHITECTURE.md"), PathBuf::from("CHANGELOG.md")];
    for folder in ["docs", "docs/adr", "docs/dev", "docs/tutorial"] {
        let files = std::fs::read_dir(root().join(folder)).unwrap();
        let names = files.map(|file| Path::new(folder).join(file.unwrap().file_name()));
        let is_written = |path: &PathBuf| {
            path.extension().is_some_and(|extension| extension == "md") && !path.ends_with("0000-template.md")
        };
        found.extend(names.filter(is_written));
    }
    found.sort();
    found
        .into_iter()
        .map(|path| (path.clone(), std::fs::read_to_string(root().join(&path)).unwrap()))
        .collect()
}

/// What stands between `open` and `close` in the lines outside of fences.
fn between<'a>(text: &'a str, open: &'a str, close: char) -> impl Iterator<Item = &'a str> {
    let mut fenced = false;
    text.lines()
        .filter(move |line| {
            let fence = line.starts_with("```");
            fenced ^= fence;
            !fenced && !fence
        })
        .flat_map(move |line| line.split(open).skip(1))
        .filter_map(move |rest| rest.split_once(close).map(|(inside, _)| inside))
}

fn fail_if_any(problems: &[String], what: &str) {
    assert!(problems.is_empty(), "{what}:\n{}", problems.join("\n"));
}

#[test]
fn every_link_leads_to_a_file() {
    let mut dead = Vec::new();
    for (path, text) in documents() {
        for link in between(&text, "](", ')').filter(|link| !link.contains("://") && !link.starts_with('#')) {
            let file = link.split('#').next().unwrap();
            if !root().join(&path).parent().unwrap().join(file).exists() {
                dead.push(format!("{}: {link}", path.display()));
            }
        }
    }
    fail_if_any(&dead, "these links lead nowhere");
}

/// A test is named as a link to its file with its name behind `#`.
#[test]
fn every_test_that_is_named_is_there() {
    let (mut gone, mut named) = (Vec::new(), 0);
    for (path, text) in documents() {
        for test in between(&text, "](", ')').filter(|link| link.contains(".rs#")) {
            let (file, name) = test.split_once('#').unwrap();
            let source =
                std::fs::read_to_string(root().join(&path).parent().unwrap().join(file)).unwrap_or_default();
            named += 1;
            if !source.contains(&format!("fn {name}(")) {
                gone.push(format!("{}: {test}", path.display()));
            }
        }
    }
    fail_if_any(&gone, "these tests are not there");
    assert!(named > 10, "the guarantees name their tests");
}

/// The text of every file below the folder.
fn read_all(folder: &Path, texts: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(&path, texts);
        } else {
            texts.push(std::fs::read_to_string(path).unwrap());
        }
    }
}

/// Promises of the ports are quoted as *"the sentence"*, and are the names of checks in the conformance suites.
#[test]
fn every_promise_that_is_quoted_is_checked() {
    let mut suites = Vec::new();
    read_all(&root().join("crates/watershed-testkit/src/conformance"), &mut suites);
    let text = std::fs::read_to_string(root().join("docs/guarantees.md")).unwrap();
    let promises: Vec<&str> = between(&text, "*\"", '"').collect();
    let unknown = promises.iter().filter(|promise| {
        let check = format!("\"{promise}\" =>");
        !suites.iter().any(|suite| suite.contains(&check))
    });
    fail_if_any(&unknown.map(ToString::to_string).collect::<Vec<_>>(), "no suite checks these promises");
    assert!(!promises.is_empty());
}
