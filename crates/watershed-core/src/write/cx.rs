use std::sync::Arc;

use crate::{Tenant, Timestamp};

/// Who asks: a name, the tenant that they ask for, and what they may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Their name, as authentication gave it: `sarah`.
    pub name: Arc<str>,
    /// Whose data they work on.
    pub tenant: Tenant,
    /// What they are: words that an authorizer knows.
    pub roles: Vec<Arc<str>>,
}

impl Default for Principal {
    /// `anonymous`, of the default tenant, with no role.
    fn default() -> Self {
        Self { name: "anonymous".into(), tenant: Tenant::default(), roles: Vec::new() }
    }
}

/// What a decision may know beside the state and the command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cx {
    now: Timestamp,
    principal: Arc<Principal>,
}

impl Cx {
    /// The context of a command that `principal` sent at `now`.
    #[must_use]
    pub fn new(now: Timestamp, principal: Arc<Principal>) -> Self {
        Self { now, principal }
    }

    /// When the command is decided.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The name of whoever sent the command.
    #[must_use]
    pub fn actor(&self) -> &str {
        &self.principal.name
    }

    /// Whose data the command is about.
    #[must_use]
    pub fn tenant(&self) -> &Tenant {
        &self.principal.tenant
    }

    /// Whoever sent the command.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        &self.principal
    }
}
