use watershed::prelude::*;

use super::{CategoryCommand as Command, CategoryEvent as Event, CategoryRefusal as No};
use crate::checks::{NAME, required};
use crate::product::Occupants;

/// Whether products can be put into a category.
#[derive(Choice, Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CategoryStatus {
    /// They can.
    Active,
    /// Not any more.
    Retired,
}

/// One category: a row of `categories`.
#[derive(Tables, Debug, Clone, Default, PartialEq, Eq)]
#[tables(table = "categories", tenant = "tenant", id = "category_id", version = "version")]
pub struct Category {
    name: String,
    /// None before it was created, when there is no row either.
    status: Option<CategoryStatus>,
}

impl Category {
    fn standing(&self) -> Result<(), No> {
        match self.status {
            None => Err(No::NotCreated),
            Some(CategoryStatus::Retired) => Err(No::Retired),
            Some(CategoryStatus::Active) => Ok(()),
        }
    }
}

impl Aggregate for Category {
    type Command = Command;
    type Event = Event;
    type Refusal = No;

    fn premises(command: &Command, on: &mut Premises) {
        if let Command::RetireCategory { category_id } = command {
            on.needs::<Occupants>(Occupants::within(category_id));
        }
    }

    fn decide(&self, command: &Command, cx: &Cx) -> Decided<Self> {
        Ok(vec![match command {
            Command::CreateCategory { category_id, name } => {
                if self.status.is_some() {
                    return Err(No::AlreadyCreated);
                }
                required("category_id", category_id, NAME)?;
                required("name", name, NAME)?;
                Event::Created { category_id: category_id.clone(), name: name.clone() }
            }
            Command::RenameCategory { category_id, name } => {
                self.standing()?;
                required("name", name, NAME)?;
                if self.name == *name {
                    // Its name already: there is nothing to change in the rows.
                    return Ok(Vec::new());
                }
                let (category_id, from) = (category_id.clone(), self.name.clone());
                Event::Renamed { category_id, from, name: name.clone() }
            }
            Command::RetireCategory { category_id } => {
                self.standing()?;
                let products = cx.premise::<Occupants>().of(category_id);
                if products > 0 {
                    return Err(No::NotEmpty { products });
                }
                Event::Retired { category_id: category_id.clone(), name: self.name.clone() }
            }
        }])
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::Created { name, .. } => {
                *self = Self { name: name.clone(), status: Some(CategoryStatus::Active) };
            }
            Event::Renamed { name, .. } => self.name.clone_from(name),
            Event::Retired { .. } => self.status = Some(CategoryStatus::Retired),
        }
    }

    fn storage() -> Storage<Self> {
        Storage::tables()
    }
}
