use crate::shipment::CarrierStatus;

/// A carrier's code for what it saw. All four use these; what another one says is not guessed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// `PU`: picked up.
    PickedUp,
    /// `DP`: departed from a place.
    Departed,
    /// `IT`: seen between two places.
    InTransit,
    /// `AR`: arrived at a place.
    Arrived,
    /// `OD`: on the van.
    OutForDelivery,
    /// `DE`: something keeps it.
    Exception,
    /// `DL`: handed over.
    Delivered,
    /// `RS`: given back to whoever sent it.
    Returned,
}

impl Code {
    /// All of them, with their letters and what they are to us.
    const TABLE: [(Self, &'static str, CarrierStatus); 8] = [
        (Self::PickedUp, "PU", CarrierStatus::PickedUp),
        (Self::Departed, "DP", CarrierStatus::InTransit),
        (Self::InTransit, "IT", CarrierStatus::InTransit),
        (Self::Arrived, "AR", CarrierStatus::ArrivedAtHub),
        (Self::OutForDelivery, "OD", CarrierStatus::OutForDelivery),
        (Self::Exception, "DE", CarrierStatus::Exception),
        (Self::Delivered, "DL", CarrierStatus::Delivered),
        (Self::Returned, "RS", CarrierStatus::Returned),
    ];

    /// The code of these letters.
    #[must_use]
    pub fn of(letters: &str) -> Option<Self> {
        Self::TABLE.iter().find(|(_, other, _)| *other == letters).map(|(code, _, _)| *code)
    }

    /// Its letters.
    #[must_use]
    pub fn letters(self) -> &'static str {
        // invariant: the table has all codes in the enum's order.
        Self::TABLE[self as usize].1
    }

    /// What it is to us.
    #[must_use]
    pub fn status(self) -> CarrierStatus {
        Self::TABLE[self as usize].2
    }

    /// The code that says this, as a carrier would write it.
    #[must_use]
    pub fn saying(status: CarrierStatus) -> Self {
        match status {
            CarrierStatus::PickedUp => Self::PickedUp,
            CarrierStatus::InTransit => Self::Departed,
            CarrierStatus::ArrivedAtHub => Self::Arrived,
            CarrierStatus::OutForDelivery => Self::OutForDelivery,
            CarrierStatus::Exception => Self::Exception,
            CarrierStatus::Delivered => Self::Delivered,
            CarrierStatus::Returned => Self::Returned,
        }
    }

    /// The letters of all of them, for whoever has used others.
    pub(super) fn known() -> String {
        Self::TABLE.map(|(_, letters, _)| letters).join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_stands_in_the_order_of_the_codes_and_says_back_what_it_is_told() {
        for (place, (code, letters, status)) in Code::TABLE.into_iter().enumerate() {
            assert_eq!(code as usize, place);
            assert_eq!((Code::of(letters), code.letters(), code.status()), (Some(code), letters, status));
        }
        for status in CarrierStatus::ALL {
            assert_eq!(Code::saying(*status).status(), *status);
        }
        assert_eq!(Code::of("dl"), None);
    }
}
