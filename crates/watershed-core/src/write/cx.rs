use std::sync::Arc;

use super::premise::{Held, Needed, Premise, PremiseError};
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
#[derive(Debug)]
pub struct Cx {
    now: Timestamp,
    principal: Arc<Principal>,
    held: Held,
}

impl Cx {
    /// The context of a command that `principal` sent at `now`.
    #[must_use]
    pub fn new(now: Timestamp, principal: Arc<Principal>) -> Self {
        Self { now, principal, held: Held::default() }
    }

    /// The same with these premises, folded.
    #[must_use]
    pub fn resting_on(mut self, premises: Vec<Needed>) -> Self {
        self.held = Held::new(premises);
        self
    }

    /// What the decision rests on beside the state, as the aggregate has named it for the command with
    /// [`Premises::needs`](super::Premises::needs). A premise that it has not named is given as if nothing had happened; the
    /// command is then not taken, whatever is decided.
    #[must_use]
    pub fn premise<P: Premise>(&self) -> &P {
        self.held.get(None)
    }

    /// The premise of that name among several of a type.
    #[must_use]
    pub fn premise_named<P: Premise>(&self, name: &'static str) -> &P {
        self.held.get(Some(name))
    }

    /// A premise that was looked at, and not named: for whoever had the command decided.
    #[must_use]
    pub fn undeclared(&self) -> Option<PremiseError> {
        self.held.undeclared()
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
