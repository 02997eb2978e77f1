use watershed::prelude::*;

/// Who carries a shipment.
#[derive(Choice, Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Carrier {
    /// FedEx.
    Fedex,
    /// UPS.
    Ups,
    /// The United States Postal Service.
    Usps,
    /// DHL.
    Dhl,
}

impl Carrier {
    /// What customers know it as: `FedEx`.
    #[must_use]
    pub fn display(self) -> &'static str {
        match self {
            Self::Fedex => "FedEx",
            Self::Ups => "UPS",
            Self::Usps => "USPS",
            Self::Dhl => "DHL",
        }
    }
}

/// How fast a shipment is to be.
#[derive(Choice, Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServiceClass {
    /// When there is room.
    Economy,
    /// By road.
    Ground,
    /// In two or three days.
    Express,
    /// By the next day.
    Overnight,
}

impl ServiceClass {
    /// What customers know it as: `Ground`.
    #[must_use]
    pub fn display(self) -> &'static str {
        match self {
            Self::Economy => "Economy",
            Self::Ground => "Ground",
            Self::Express => "Express",
            Self::Overnight => "Overnight",
        }
    }
}

/// What a carrier can report of a shipment, in the words that all carriers' own are brought to.
#[derive(Choice, Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CarrierStatus {
    /// The carrier has it.
    PickedUp,
    /// It is between two places.
    InTransit,
    /// It has come to a place where parcels are sorted.
    ArrivedAtHub,
    /// It is on the van that brings it to the door.
    OutForDelivery,
    /// Something keeps it: nobody at home, a wrong address, damage, the weather.
    Exception,
    /// It was handed over.
    Delivered,
    /// It was given back to whoever sent it.
    Returned,
}

/// What a plain scan can tell: a movement that needs no more words.
#[derive(Choice, Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Movement {
    /// The carrier has it.
    PickedUp,
    /// It is between two places.
    InTransit,
    /// It has come to a place where parcels are sorted.
    ArrivedAtHub,
}

impl From<Movement> for Status {
    fn from(movement: Movement) -> Self {
        match movement {
            Movement::PickedUp => Self::PickedUp,
            Movement::InTransit => Self::InTransit,
            Movement::ArrivedAtHub => Self::ArrivedAtHub,
        }
    }
}

/// How a shipment stands.
#[derive(Choice, Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// The carrier has not reported it yet.
    Booked,
    /// The carrier has it.
    PickedUp,
    /// It is between two places.
    InTransit,
    /// It is in a place where parcels are sorted.
    ArrivedAtHub,
    /// It is on the van that brings it to the door.
    OutForDelivery,
    /// Something keeps it.
    Exception,
    /// The customer has cancelled it.
    Cancelled,
    /// It was given back to whoever sent it.
    Returned,
    /// It was handed over.
    Delivered,
}

impl Status {
    /// Whether the shipment is still expected to arrive.
    #[must_use]
    pub fn is_open(self) -> bool {
        !matches!(self, Self::Cancelled) && !self.is_closing()
    }

    /// Whether nothing happens to the shipment any more: the carrier is done with it.
    #[must_use]
    pub fn is_closing(self) -> bool {
        matches!(self, Self::Delivered | Self::Returned)
    }

    /// How far along it is, from 1 (booked) to 9 (delivered): what lists of statuses are sorted by.
    #[must_use]
    pub fn step(self) -> i64 {
        match self {
            Self::Booked => 1,
            Self::PickedUp => 2,
            Self::InTransit => 3,
            Self::ArrivedAtHub => 4,
            Self::OutForDelivery => 5,
            Self::Exception => 6,
            Self::Cancelled => 7,
            Self::Returned => 8,
            Self::Delivered => 9,
        }
    }
}
