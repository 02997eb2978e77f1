//! A catalogue: an aggregate whose commands rest on more than its own state.

mod deciding;
mod racing;

use watershed::prelude::*;

#[derive(Event, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[event(category = "item", prefix = "catalogue.item")]
pub(crate) enum ItemEvent {
    Added {
        #[tag]
        sku: String,
        #[tag]
        shelf: Option<String>,
    },
    Moved {
        from: Option<String>,
        #[tag]
        shelf: String,
    },
    Dropped {
        #[tag]
        sku: String,
    },
}

#[derive(Event, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[event(category = "shelf", prefix = "catalogue.shelf")]
pub(crate) enum ShelfEvent {
    Built {
        #[tag]
        shelf: String,
    },
    TornDown {
        #[tag]
        shelf: String,
    },
}

/// Whether an item of the tenant has the SKU.
#[derive(Default)]
pub(crate) struct SkuTaken(bool);

impl Premise for SkuTaken {
    type Event = ItemEvent;

    fn evolve(&mut self, event: &ItemEvent) {
        match event {
            ItemEvent::Added { .. } => self.0 = true,
            ItemEvent::Moved { .. } => {}
            ItemEvent::Dropped { .. } => self.0 = false,
        }
    }
}

/// Whether the shelf stands.
#[derive(Default)]
pub(crate) struct Standing(bool);

impl Premise for Standing {
    type Event = ShelfEvent;

    fn evolve(&mut self, event: &ShelfEvent) {
        self.0 = matches!(event, ShelfEvent::Built { .. });
    }
}

#[derive(Default)]
pub(crate) struct Item {
    sku: Option<String>,
    shelf: Option<String>,
}

#[derive(Command, Deserialize, JsonSchema, Debug, Clone)]
#[command(aggregate = Item, id = item_id)]
pub(crate) enum ItemCommand {
    Add {
        item_id: String,
        sku: String,
        shelf: Option<String>,
    },
    Move {
        item_id: String,
        from: String,
        to: String,
    },
    Drop {
        item_id: String,
        sku: String,
    },
    /// Looks at what nobody has named.
    Guess {
        item_id: String,
    },
}

#[derive(Refusal, Debug, PartialEq)]
#[refusal(prefix = "catalogue.item")]
pub(crate) enum ItemRefusal {
    #[refusal("the item is there already", field = item_id)]
    Known,
    #[refusal("there is no such item", field = item_id)]
    Unknown,
    #[refusal("another item has the SKU", field = sku)]
    SkuTaken,
    #[refusal("there is no such shelf", field = shelf)]
    NoShelf,
    #[refusal("the shelf that it comes from is gone", field = from)]
    Gone,
}

impl Aggregate for Item {
    type Command = ItemCommand;
    type Event = ItemEvent;
    type Refusal = ItemRefusal;

    fn premises(command: &ItemCommand, on: &mut Premises) {
        match command {
            ItemCommand::Add { sku, shelf, .. } => {
                on.needs::<SkuTaken>(Boundary::tag("sku", sku));
                if let Some(shelf) = shelf {
                    on.needs::<Standing>(shelf_is(shelf));
                }
            }
            ItemCommand::Move { from, to, .. } => {
                on.needs_named::<Standing>("from", shelf_is(from));
                on.needs_named::<Standing>("to", shelf_is(to));
            }
            ItemCommand::Drop { .. } | ItemCommand::Guess { .. } => {}
        }
    }

    fn decide(&self, command: &ItemCommand, cx: &Cx) -> Decided<Self> {
        match command {
            ItemCommand::Add { .. } if self.sku.is_some() => Err(ItemRefusal::Known),
            ItemCommand::Add { .. } if cx.premise::<SkuTaken>().0 => Err(ItemRefusal::SkuTaken),
            ItemCommand::Add { shelf: Some(_), .. } if !cx.premise::<Standing>().0 => {
                Err(ItemRefusal::NoShelf)
            }
            ItemCommand::Add { sku, shelf, .. } => {
                Ok(vec![ItemEvent::Added { sku: sku.clone(), shelf: shelf.clone() }])
            }
            ItemCommand::Move { from, .. } if self.shelf.as_ref() != Some(from) => Err(ItemRefusal::Unknown),
            ItemCommand::Move { .. } if !cx.premise_named::<Standing>("from").0 => Err(ItemRefusal::Gone),
            ItemCommand::Move { .. } if !cx.premise_named::<Standing>("to").0 => Err(ItemRefusal::NoShelf),
            ItemCommand::Move { to, .. } => {
                Ok(vec![ItemEvent::Moved { from: self.shelf.clone(), shelf: to.clone() }])
            }
            ItemCommand::Drop { .. } if self.sku.is_none() => Err(ItemRefusal::Unknown),
            ItemCommand::Drop { sku, .. } => Ok(vec![ItemEvent::Dropped { sku: sku.clone() }]),
            ItemCommand::Guess { .. } => match cx.premise::<SkuTaken>().0 {
                true => Err(ItemRefusal::SkuTaken),
                false => Ok(vec![]),
            },
        }
    }

    fn evolve(&mut self, event: &ItemEvent) {
        match event {
            ItemEvent::Added { sku, shelf } => {
                (self.sku, self.shelf) = (Some(sku.clone()), shelf.clone());
            }
            ItemEvent::Moved { shelf, .. } => self.shelf = Some(shelf.clone()),
            ItemEvent::Dropped { .. } => *self = Self::default(),
        }
    }
}

/// Items bear the tag as well: what happens to them is nothing to the shelf.
fn shelf_is(shelf: &str) -> Boundary {
    Boundary::tag("shelf", shelf).named(["catalogue.shelf.built", "catalogue.shelf.torn-down"])
}

#[derive(Default)]
pub(crate) struct Shelf(bool);

#[derive(Command, Deserialize, JsonSchema, Debug, Clone)]
#[command(aggregate = Shelf, id = shelf)]
pub(crate) enum ShelfCommand {
    Build { shelf: String },
    TearDown { shelf: String },
}

impl Aggregate for Shelf {
    type Command = ShelfCommand;
    type Event = ShelfEvent;
    type Refusal = std::convert::Infallible;

    fn decide(&self, command: &ShelfCommand, _: &Cx) -> Decided<Self> {
        Ok(match command {
            ShelfCommand::Build { shelf } if !self.0 => vec![ShelfEvent::Built { shelf: shelf.clone() }],
            ShelfCommand::TearDown { shelf } if self.0 => vec![ShelfEvent::TornDown { shelf: shelf.clone() }],
            _ => vec![],
        })
    }

    fn evolve(&mut self, event: &ShelfEvent) {
        self.0 = matches!(event, ShelfEvent::Built { .. });
    }
}

pub(crate) async fn open(folder: &std::path::Path) -> Running {
    start(watershed::embedded(folder).unwrap()).await
}

pub(crate) async fn start(stores: Stores) -> Running {
    Context::new("catalogue")
        .policy(AllowAll)
        .aggregate::<Item>()
        .aggregate::<Shelf>()
        .start(stores)
        .await
        .unwrap()
}

pub(crate) fn add(item: &str, sku: &str, shelf: Option<&str>) -> ItemCommand {
    ItemCommand::Add { item_id: item.into(), sku: sku.into(), shelf: shelf.map(Into::into) }
}

pub(crate) fn move_to(item: &str, from: &str, to: &str) -> ItemCommand {
    ItemCommand::Move { item_id: item.into(), from: from.into(), to: to.into() }
}

pub(crate) fn build(shelf: &str) -> ShelfCommand {
    ShelfCommand::Build { shelf: shelf.into() }
}

pub(crate) fn tear_down(shelf: &str) -> ShelfCommand {
    ShelfCommand::TearDown { shelf: shelf.into() }
}

pub(crate) fn drop_it(item: &str, sku: &str) -> ItemCommand {
    ItemCommand::Drop { item_id: item.into(), sku: sku.into() }
}
