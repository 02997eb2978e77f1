//! Seats of shows, each of which is taken once: a decision whose boundary is two tags.

use watershed::prelude::*;

use crate::raw::RawEvent;

/// So many shows share the seats: each tag is borne by hundreds of events, and both together by one.
const SHOWS: u64 = 500;

/// What happens to a seat.
#[derive(Event, Serialize, Deserialize, JsonSchema, Debug, Clone)]
#[event(category = "ticket", prefix = "bench.ticket")]
pub(crate) enum TicketEvent {
    /// It is somebody's.
    Sold {
        /// The show.
        #[tag]
        show: String,
        /// The seat, which is there in every show.
        #[tag]
        seat: String,
        /// What else there is to say.
        remark: String,
    },
}

/// Whether a seat of a show is taken.
#[derive(Default)]
pub(crate) struct SeatTaken {
    is_taken: bool,
}

/// What can be asked for.
#[derive(Command, Deserialize, JsonSchema, Debug, Clone)]
#[command(decision = SeatTaken, id = ticket_id)]
pub(crate) enum TicketCommand {
    /// To sell a seat.
    Sell {
        /// The ticket.
        ticket_id: String,
        /// The show.
        show: String,
        /// The seat.
        seat: String,
        /// What else there is to say.
        remark: String,
    },
}

/// Why it is not sold.
#[derive(Refusal, Debug, PartialEq)]
#[refusal(prefix = "bench.ticket")]
pub(crate) enum TicketRefusal {
    /// Somebody has it.
    #[refusal("the seat is taken", field = seat)]
    Taken,
}

impl Decision for SeatTaken {
    type Command = TicketCommand;
    type Event = TicketEvent;
    type Refusal = TicketRefusal;

    fn boundary(command: &TicketCommand) -> Boundary {
        let TicketCommand::Sell { show, seat, .. } = command;
        Boundary::tag("show", show).and("seat", seat)
    }

    fn decide(&self, command: &TicketCommand, _: &Cx) -> Result<Vec<TicketEvent>, TicketRefusal> {
        if self.is_taken {
            return Err(TicketRefusal::Taken);
        }
        let TicketCommand::Sell { show, seat, remark, .. } = command;
        Ok(vec![TicketEvent::Sold { show: show.clone(), seat: seat.clone(), remark: remark.clone() }])
    }

    fn evolve(&mut self, event: &TicketEvent) {
        let TicketEvent::Sold { .. } = event;
        self.is_taken = true;
    }
}

/// A context of seats.
pub(crate) fn seats() -> Context {
    Context::new("seats").policy(AllowAll).decision::<SeatTaken>()
}

/// Sells a seat that no other number sells.
pub(crate) fn take(number: u64) -> TicketCommand {
    let mut remark = RawEvent::numbered(number, SHOWS).payload;
    remark.truncate(200);
    TicketCommand::Sell {
        ticket_id: format!("ticket-{number}"),
        show: format!("show-{}", number % SHOWS),
        seat: format!("seat-{}", number / SHOWS),
        remark,
    }
}
