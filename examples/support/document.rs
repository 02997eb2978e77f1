use std::path::{Path, PathBuf};

/// A document of the repository.
pub struct Document {
    fences: Vec<(String, String)>,
}

/// A command of a session, and what the document says that it prints.
pub struct Step {
    pub command: String,
    pub shown: String,
}

/// The repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

impl Document {
    /// Reads the document at that path in the repository.
    pub fn read(path: &str) -> Self {
        let text = std::fs::read_to_string(root().join(path)).unwrap();
        let (mut fences, mut open) = (Vec::new(), None::<(String, String)>);
        for line in text.lines() {
            match (line.strip_prefix("```"), &mut open) {
                (Some(info), None) => open = Some((info.to_owned(), String::new())),
                (Some(_), Some(_)) => fences.extend(open.take()),
                (None, Some((_, content))) => content.extend([line, "\n"]),
                (None, None) => {}
            }
        }
        assert!(open.is_none(), "{path}: the last fence is open");
        Self { fences }
    }

    /// The fences whose first line says `info`.
    fn of(&self, info: &str) -> impl Iterator<Item = &str> {
        self.fences.iter().filter(move |(said, _)| said == info).map(|(_, content)| &**content)
    }

    /// Fails where the parts that the document shows of a file are not the file.
    pub fn shows_all_of(&self, language: &str, file: &str) {
        let shown: Vec<&str> = self.of(&format!("{language} file={file}")).collect();
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let compiled = std::fs::read_to_string(&path).unwrap();
        assert!(!shown.is_empty(), "the document shows nothing of {file}");
        for (number, (shown, compiled)) in shown.join("\n").lines().zip(compiled.lines()).enumerate() {
            assert_eq!(shown, compiled, "line {} of {file}", number + 1);
        }
        assert_eq!(shown.join("\n"), compiled, "{file}: one is longer");
    }

    /// The steps of a session, over all of its fences.
    pub fn session(&self, name: &str) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        let mut goes_on = false;
        for line in self.of(&format!("console {name}")).flat_map(str::lines) {
            match (line.strip_prefix("$ "), steps.last_mut()) {
                (Some(command), _) => steps.push(Step { command: command.to_owned(), shown: String::new() }),
                (None, Some(step)) if goes_on => step.command.extend(["\n", line]),
                (None, Some(step)) => step.shown.extend([line, "\n"]),
                (None, None) => panic!("`{line}` is the output of nothing"),
            }
            goes_on = line.ends_with('\\');
        }
        assert!(!steps.is_empty(), "the document has no session `{name}`");
        steps
    }
}
