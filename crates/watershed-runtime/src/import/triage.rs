//! What operators do about lines that could not be taken.

use std::sync::Arc;

use serde::Serialize;
use watershed_core::ports::{KeptLine, WhichLines};
use watershed_core::{Access, Action, Principal, Timestamp};

use super::sending::{Outcome, key_of, send};
use super::{ImportError, Importer};
use crate::command::Request;
use crate::context::Running;

/// How much of a line is shown in a list, in bytes.
const GLIMPSE: u32 = 512;

/// An import, as operators see it.
#[derive(Debug, Clone, Serialize)]
pub struct ImportStatus {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub doc: &'static str,
    /// How many lines wait to be looked at.
    pub kept: u64,
}

/// A line that waits to be looked at.
#[derive(Debug, Clone, Serialize)]
pub struct LineStatus {
    /// The number that it is kept under.
    pub number: u64,
    /// Whose line it is.
    pub tenant: String,
    /// What it came in.
    pub source: Option<String>,
    /// Its number there.
    pub line: u64,
    /// Why it was not taken.
    pub code: String,
    /// The same in words.
    pub reason: String,
    /// How often it has come.
    pub times: u64,
    /// When it came for the first time.
    pub since: Timestamp,
    /// When it came for the last time.
    pub at: Timestamp,
    /// How many bytes it has.
    pub bytes: u64,
    /// What it says: its beginning in a list, and where it is too long to be kept whole.
    pub content: String,
}

/// Some of the lines of an import.
#[derive(Debug, Clone, Serialize)]
pub struct LinesStatus {
    /// The lines, by number.
    pub lines: Vec<LineStatus>,
    /// How many there are in all.
    pub kept: u64,
    /// Pass it as `after` to go on; none where these are the last.
    pub next: Option<u64>,
}

/// What came of trying a line again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Looked {
    /// It was taken, and waits no more.
    Taken,
    /// It had been taken in the meantime, and waits no more.
    AlreadyTaken,
    /// It waits still.
    Left {
        /// Why.
        code: String,
        /// The same in words.
        reason: String,
    },
}

impl From<KeptLine> for LineStatus {
    fn from(kept: KeptLine) -> Self {
        let KeptLine { number, times, since, line } = kept;
        Self {
            number,
            tenant: line.tenant.to_string(),
            source: line.source,
            line: line.line,
            code: line.code,
            reason: line.reason,
            times,
            since,
            at: line.at,
            bytes: line.bytes,
            content: String::from_utf8_lossy(&line.content).into_owned(),
        }
    }
}

impl Running {
    pub(super) fn importer(&self, name: &str) -> Result<&Arc<dyn Importer>, ImportError> {
        let found = self.0.importers.iter().find(|importer| importer.name() == name);
        found.ok_or_else(|| ImportError::Unknown(name.chars().take(80).collect()))
    }

    fn may(&self, principal: &Principal, name: &'static str) -> Result<(), ImportError> {
        let access = Access { principal, action: Action::Operate { name }, state: None };
        self.0.core.authorizer.authorize(&access).map_err(ImportError::Denied)
    }

    /// The imports, and how many lines of each wait to be looked at.
    ///
    /// # Errors
    /// Where the caller may not know, or the store fails.
    pub async fn imports(&self, principal: &Principal) -> Result<Vec<ImportStatus>, ImportError> {
        self.may(principal, "read-imports")?;
        let mut all = Vec::with_capacity(self.0.importers.len());
        for importer in &self.0.importers {
            let (name, doc) = (importer.name(), importer.doc());
            let which = WhichLines { import: name.to_owned(), after: 0, limit: 0, content: 0 };
            all.push(ImportStatus { name, doc, kept: self.0.triage.list(which).await?.total });
        }
        Ok(all)
    }

    /// The lines of an import that wait to be looked at, after that number.
    ///
    /// # Errors
    /// Where there is no such import, the caller may not know, or the store fails.
    pub async fn import_lines(
        &self,
        principal: &Principal,
        import: &str,
        after: u64,
        limit: u32,
    ) -> Result<LinesStatus, ImportError> {
        self.may(principal, "read-imports")?;
        let import = self.importer(import)?.name().to_owned();
        let which = WhichLines { import, after, limit, content: GLIMPSE };
        let found = self.0.triage.list(which).await?;
        let is_full = found.lines.len() >= limit as usize;
        let next = found.lines.last().filter(|_| is_full).map(|line| line.number);
        let lines = found.lines.into_iter().map(LineStatus::from).collect();
        Ok(LinesStatus { lines, kept: found.total, next })
    }

    /// One of them, whole.
    ///
    /// # Errors
    /// The same, and where there is no such line.
    pub async fn import_line(
        &self,
        principal: &Principal,
        import: &str,
        number: u64,
    ) -> Result<LineStatus, ImportError> {
        self.may(principal, "read-imports")?;
        let import = self.importer(import)?.name();
        Ok(self.kept_line(import, number).await?.into())
    }

    async fn kept_line(&self, import: &str, number: u64) -> Result<KeptLine, ImportError> {
        let after = number.checked_sub(1).ok_or(ImportError::NoSuchLine(number))?;
        let which = WhichLines { import: import.to_owned(), after, limit: 1, content: u32::MAX };
        let found = self.0.triage.list(which).await?.lines.pop();
        found.filter(|line| line.number == number).ok_or(ImportError::NoSuchLine(number))
    }

    /// Tries a line again. Where it is taken, it waits no more.
    ///
    /// # Errors
    /// Where there is no such line, the caller may not do that, or nothing can be taken just now.
    pub async fn retry_import_line(
        &self,
        principal: &Principal,
        import: &str,
        number: u64,
    ) -> Result<Looked, ImportError> {
        self.may(principal, "retry-import")?;
        let importer = self.importer(import)?.clone();
        let kept = self.kept_line(importer.name(), number).await?;
        let line = kept.line;
        let left = |code: &str, reason: String| Looked::Left { code: code.to_owned(), reason };
        if line.bytes > line.content.len() as u64 {
            return Ok(left(&line.code, line.reason));
        }
        let prepared = match importer.read(&line.content) {
            Ok(prepared) => prepared,
            Err(misfit) => return Ok(left(&line.code, misfit.to_string())),
        };
        let Some(key) = key_of(importer.name(), &prepared.foreign_id) else {
            return Ok(left(&line.code, line.reason));
        };
        let principal = Arc::new(Principal { tenant: line.tenant, ..principal.clone() });
        let request = Request { principal, key: Some(key), ..Request::default() };
        let looked = match send(self, &*importer, &line.content, prepared, &request).await {
            Outcome::Taken(_) => Looked::Taken,
            Outcome::AlreadyTaken(_) => Looked::AlreadyTaken,
            Outcome::Left { code, reason } => return Ok(left(code, reason)),
            Outcome::Stop(error) => return Err(ImportError::Stopped { line: line.line, error }),
        };
        self.0.triage.release(importer.name(), number).await?;
        Ok(looked)
    }

    /// Lets a line go that will never be taken.
    ///
    /// # Errors
    /// Where there is no such line, the caller may not do that, or the store fails.
    pub async fn discard_import_line(
        &self,
        principal: &Principal,
        import: &str,
        number: u64,
    ) -> Result<(), ImportError> {
        self.may(principal, "discard-import")?;
        let import = self.importer(import)?.name();
        if self.0.triage.release(import, number).await? {
            Ok(())
        } else {
            Err(ImportError::NoSuchLine(number))
        }
    }
}
