use std::sync::atomic::{AtomicI64, Ordering};

use schemars::JsonSchema;
use serde::Deserialize;
use watershed_core::write::RefusalKind;
use watershed_core::{
    Aggregate, Boundary, Command, CommandKind, Cx, Decided, Decision, Fingerprint, FingerprintWriter, Refusal,
};

use super::{JarEvent, KindEvent};

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum JarRefusal {
    NotPositive,
    TooMuch { left: i64 },
    Taken,
}

impl Refusal for JarRefusal {
    const KINDS: &'static [RefusalKind] = &[
        RefusalKind { code: "pantry.not-positive", field: Some("grams") },
        RefusalKind { code: "pantry.too-much", field: None },
        RefusalKind { code: "pantry.taken", field: None },
    ];

    fn kind(&self) -> &'static RefusalKind {
        match self {
            Self::NotPositive => &Self::KINDS[0],
            Self::TooMuch { .. } => &Self::KINDS[1],
            Self::Taken => &Self::KINDS[2],
        }
    }

    fn message(&self) -> String {
        match self {
            Self::NotPositive => "the amount must be above zero".into(),
            Self::TooMuch { left } => format!("only {left} grams are left"),
            Self::Taken => "the name is taken".into(),
        }
    }
}

/// The same for all commands of these tests: they are decided, not sent.
macro_rules! commands {
    ($type:ty, $target:ty) => {
        impl Command for $type {
            type Target = $target;
            type Refusal = JarRefusal;
            const KINDS: &'static [CommandKind] =
                &[CommandKind { name: "Any", doc: "", id_field: "id", generates_id: false }];

            fn kind(&self) -> &'static CommandKind {
                &Self::KINDS[0]
            }

            fn id(&self) -> &str {
                "id"
            }

            fn set_id(&mut self, _: String) {}

            fn fingerprint(&self) -> Fingerprint {
                FingerprintWriter::new("Any").finish()
            }
        }
    };
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub(crate) enum JarCommand {
    Fill {
        kind: String,
        grams: i64,
    },
    Taste {
        grams: i64,
    },
    Empty,
    /// Decided by what a decision must not look at.
    Guess,
}
commands!(JarCommand, Jar);

pub(crate) fn fill(kind: &str, grams: i64) -> JarCommand {
    JarCommand::Fill { kind: kind.into(), grams }
}

pub(crate) fn taste(grams: i64) -> JarCommand {
    JarCommand::Taste { grams }
}

#[derive(Debug, Default)]
pub(crate) struct Jar {
    grams: i64,
}

impl Aggregate for Jar {
    type Command = JarCommand;
    type Event = JarEvent;
    type Refusal = JarRefusal;

    fn decide(&self, command: &JarCommand, cx: &Cx) -> Decided<Self> {
        static GUESSES: AtomicI64 = AtomicI64::new(1);
        match command {
            JarCommand::Fill { grams, .. } if *grams <= 0 => Err(JarRefusal::NotPositive),
            JarCommand::Fill { kind, grams } => Ok(vec![JarEvent::Filled {
                kind: kind.clone(),
                grams: *grams,
                cook: Some(cx.actor().into()),
            }]),
            JarCommand::Taste { grams } if *grams > self.grams => {
                Err(JarRefusal::TooMuch { left: self.grams })
            }
            JarCommand::Taste { grams } => {
                let ticket = format!("{}/{}", cx.now(), cx.tenant());
                let mut events = vec![JarEvent::Tasted { grams: *grams, ticket }];
                if *grams == self.grams {
                    events.push(JarEvent::Emptied);
                }
                Ok(events)
            }
            JarCommand::Empty if self.grams == 0 => Ok(vec![]),
            JarCommand::Empty => Ok(vec![JarEvent::Emptied]),
            JarCommand::Guess => Ok(vec![super::tasted(GUESSES.fetch_add(1, Ordering::Relaxed))]),
        }
    }

    fn evolve(&mut self, event: &JarEvent) {
        match event {
            JarEvent::Filled { grams, .. } => self.grams += grams,
            JarEvent::Tasted { grams, .. } => self.grams -= grams,
            JarEvent::Emptied => self.grams = 0,
        }
    }
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub(crate) struct ClaimCommand {
    pub(crate) name: String,
}
commands!(ClaimCommand, Claim);

pub(crate) fn claim(name: &str) -> ClaimCommand {
    ClaimCommand { name: name.into() }
}

/// A kind's name is claimed once.
#[derive(Default)]
pub(crate) struct Claim {
    taken: bool,
}

impl Decision for Claim {
    type Command = ClaimCommand;
    type Event = KindEvent;
    type Refusal = JarRefusal;

    fn boundary(command: &ClaimCommand) -> Boundary {
        Boundary::tag("name", &command.name).named(["pantry.kind.claimed"])
    }

    fn decide(&self, command: &ClaimCommand, _: &Cx) -> Result<Vec<KindEvent>, JarRefusal> {
        if self.taken {
            return Err(JarRefusal::Taken);
        }
        Ok(vec![KindEvent::Claimed { name: command.name.clone() }])
    }

    fn evolve(&mut self, _: &KindEvent) {
        self.taken = true;
    }
}
