//! The write side: one car's stay, from the barrier to the barrier.

use watershed::prelude::*;

/// What can happen.
#[derive(Event, Serialize, Deserialize, JsonSchema, Debug, Clone)]
#[event(category = "stay", prefix = "garage.stay")]
pub enum StayEvent {
    /// The barrier opened, and a ticket was printed.
    Started { plate: Personal<String>, at: Timestamp },
    /// The driver paid, for so many minutes.
    Paid { amount: Decimal, minutes: i64 },
    /// The car left.
    Ended,
}

/// What can be asked for.
#[derive(Command, Deserialize, JsonSchema, Debug, Clone)]
#[command(aggregate = Stay, id = ticket)]
pub enum StayCommand {
    /// Lets a car in. A ticket is made where none is given.
    DriveIn {
        #[id(generate)]
        ticket: String,
        plate: Personal<String>,
    },
    /// Pays for the time until now.
    Pay { ticket: String, amount: Decimal },
    /// Lets the car out.
    DriveOut { ticket: String },
}

/// How the garage says no.
#[derive(Refusal, Debug, PartialEq)]
#[refusal(prefix = "garage.stay")]
pub enum StayRefusal {
    #[refusal("there is no such ticket", field = ticket)]
    UnknownTicket,
    #[refusal("the ticket has been used before", field = ticket)]
    TicketUsed,
    #[refusal("{due} is due", field = amount)]
    WrongAmount { due: Decimal },
    #[refusal("the stay has not been paid")]
    NotPaid,
}

/// What a decision has to know of a stay.
#[derive(Default, Serialize, Deserialize)]
pub struct Stay {
    started: Option<Timestamp>,
    paid: bool,
    ended: bool,
}

impl Aggregate for Stay {
    type Command = StayCommand;
    type Event = StayEvent;
    type Refusal = StayRefusal;

    fn decide(&self, command: &StayCommand, cx: &Cx) -> Decided<Self> {
        match command {
            StayCommand::DriveIn { .. } if self.started.is_some() => Err(StayRefusal::TicketUsed),
            StayCommand::DriveIn { plate, .. } => {
                Ok(vec![StayEvent::Started { plate: plate.clone(), at: cx.now() }])
            }
            StayCommand::Pay { amount, .. } => self.pay(*amount, cx.now()),
            StayCommand::DriveOut { .. } => self.drive_out(),
        }
    }

    fn evolve(&mut self, event: &StayEvent) {
        match event {
            StayEvent::Started { at, .. } => self.started = Some(*at),
            StayEvent::Paid { .. } => self.paid = true,
            StayEvent::Ended => self.ended = true,
        }
    }

    fn storage() -> Storage<Self> {
        Storage::snapshots(100)
    }
}

impl Stay {
    fn pay(&self, amount: Decimal, now: Timestamp) -> Decided<Self> {
        let minutes = minutes_since(self.started()?, now);
        let due = price(minutes);
        match self.paid {
            // Nobody is told off for pressing the button twice.
            true => Ok(vec![]),
            false if amount != due => Err(StayRefusal::WrongAmount { due }),
            false => Ok(vec![StayEvent::Paid { amount, minutes }]),
        }
    }

    fn drive_out(&self) -> Decided<Self> {
        self.started()?;
        if self.paid { Ok(vec![StayEvent::Ended]) } else { Err(StayRefusal::NotPaid) }
    }

    /// When the stay began. A ticket that was never printed is none, and one that was handed in is none any more.
    fn started(&self) -> Result<Timestamp, StayRefusal> {
        self.started.filter(|_| !self.ended).ok_or(StayRefusal::UnknownTicket)
    }
}

/// Whole minutes from `started` to `now`.
pub fn minutes_since(started: Timestamp, now: Timestamp) -> i64 {
    (now.since(started).as_secs() / 60) as i64
}

/// 2.00 for every half hour that has begun.
pub fn price(minutes: i64) -> Decimal {
    Decimal::new(200, 2) * Decimal::from(minutes / 30 + 1)
}
