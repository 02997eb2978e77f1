//! A small domain to ask over HTTP: a library lends books.

use watershed::prelude::*;

#[derive(Event, Serialize, Deserialize, JsonSchema, Debug, Clone)]
#[event(category = "book", prefix = "lending.book")]
pub(crate) enum BookEvent {
    Bought {
        title: String,
        price: Decimal,
        shelf: Shelf,
    },
    Lent {
        reader: Personal<String>,
        due: Date,
        #[tag(once)]
        slip: String,
    },
    Returned {},
    /// The shelf's fold does not take it: its key is parked.
    Scribbled {},
    Lost {},
}

#[derive(Choice, Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Shelf {
    Novels,
    Travel,
}

#[derive(Command, Serialize, Deserialize, JsonSchema, Debug, Clone)]
#[command(aggregate = Book, id = book_id)]
pub(crate) enum BookCommand {
    /// Adds a book. An id is made where none is given.
    BuyBook {
        #[id(generate)]
        book_id: String,
        title: String,
        price: Decimal,
        shelf: Shelf,
    },
    LendBook {
        book_id: String,
        reader: Personal<String>,
        due: Date,
        slip: String,
    },
    ReturnBook {
        book_id: String,
    },
    ScribbleNotes {
        book_id: String,
        notes: Option<Vec<Notes>>,
    },
    LoseBook {
        book_id: String,
    },
}

/// Something that nests as deep as one likes.
#[derive(Serialize, Deserialize, JsonSchema, Debug, Clone)]
pub(crate) struct Notes(pub Vec<Notes>);

#[derive(Refusal, Debug, PartialEq)]
#[refusal(prefix = "lending.book")]
pub(crate) enum BookRefusal {
    #[refusal("the book is on loan")]
    OnLoan,
    #[refusal("a book costs something", field = price)]
    PriceNotPositive,
    #[refusal("the library has no such book", field = book_id)]
    NotThere,
}

#[derive(Serialize, Deserialize, Debug, Clone, Default)]
pub(crate) struct Book {
    bought: bool,
    lent: bool,
}

impl Aggregate for Book {
    type Command = BookCommand;
    type Event = BookEvent;
    type Refusal = BookRefusal;

    fn decide(&self, command: &BookCommand, _: &Cx) -> Decided<Self> {
        if !self.bought && !matches!(command, BookCommand::BuyBook { .. }) {
            return Err(BookRefusal::NotThere);
        }
        let event = match command.clone() {
            BookCommand::BuyBook { price, .. } if price <= Decimal::ZERO => {
                return Err(BookRefusal::PriceNotPositive);
            }
            BookCommand::BuyBook { title, price, shelf, .. } => BookEvent::Bought { title, price, shelf },
            BookCommand::LendBook { .. } if self.lent => return Err(BookRefusal::OnLoan),
            BookCommand::LendBook { reader, due, slip, .. } => BookEvent::Lent { reader, due, slip },
            BookCommand::ReturnBook { .. } => BookEvent::Returned {},
            BookCommand::ScribbleNotes { .. } => BookEvent::Scribbled {},
            BookCommand::LoseBook { .. } => BookEvent::Lost {},
        };
        Ok(vec![event])
    }

    fn evolve(&mut self, event: &BookEvent) {
        match event {
            BookEvent::Bought { .. } => self.bought = true,
            BookEvent::Lent { .. } => self.lent = true,
            BookEvent::Returned {} => self.lent = false,
            BookEvent::Scribbled {} => {}
            BookEvent::Lost {} => self.bought = false,
        }
    }

    fn storage() -> Storage<Self> {
        Storage::snapshots(100)
    }
}

/// The books that the library has.
#[derive(ReadModel, Serialize, Deserialize, JsonSchema, Debug, Clone)]
#[read_model(name = "books", version = 1, on(BookEvent))]
#[contract(owner = "librarians", fresh = operational(2s), reconcile = on_request, journal = keep(1d), unknown = park)]
pub(crate) struct BookRow {
    #[key(stream)]
    pub book_id: String,
    #[search]
    pub title: String,
    #[index]
    pub price: Decimal,
    #[index]
    pub shelf: Shelf,
    #[index]
    pub loans: i64,
    pub due: Option<Date>,
    #[internal]
    pub last_reader: Option<Personal<String>>,
}

impl On<BookEvent> for BookRow {
    fn apply(row: &mut Slot<'_, Self>, event: &Recorded<BookEvent>) -> Applied {
        match &event.data {
            BookEvent::Bought { title, price, shelf } => row.put(Self {
                book_id: event.stream.id.to_string(),
                title: title.clone(),
                price: *price,
                shelf: *shelf,
                loans: 0,
                due: None,
                last_reader: None,
            }),
            BookEvent::Lent { reader, due, .. } => {
                let book = row.get()?;
                book.loans += 1;
                book.due = Some(*due);
                book.last_reader = Some(reader.clone());
            }
            BookEvent::Returned {} => row.get()?.due = None,
            BookEvent::Scribbled {} => return Err("nobody can read that".into()),
            BookEvent::Lost {} => row.delete(),
        }
        Ok(())
    }
}

/// One book.
#[derive(Query, Deserialize, JsonSchema)]
#[query(name = "get_book")]
pub(crate) struct GetBook {
    book_id: String,
}

impl Query for GetBook {
    type Answer = One<BookRow>;

    fn ask(&self) -> Self::Answer {
        One::with_key(&self.book_id)
    }
}

/// The books that cost at least so much, the dearest first.
#[derive(Query, Deserialize, JsonSchema)]
#[query(name = "dear_books")]
pub(crate) struct DearBooks {
    least: Decimal,
}

impl Query for DearBooks {
    type Answer = Page<BookRow>;

    fn ask(&self) -> Self::Answer {
        Page::of(BookRow::price.ge(self.least)).sort([BookRow::price.desc()])
    }
}

/// A slip of the library's other branch, which writes down loans by hand.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct SlipRecord {
    slip: String,
    book: String,
    #[serde(default)]
    returned: bool,
}

pub(crate) struct Slips;

impl Import for Slips {
    type Record = SlipRecord;
    type Command = BookCommand;
    const NAME: &'static str = "slips";
    const DOC: &'static str = "The other branch's slips.";

    fn id(record: &SlipRecord) -> String {
        record.slip.clone()
    }

    fn command(record: SlipRecord) -> Result<BookCommand, Misfit> {
        let SlipRecord { slip, book: book_id, returned } = record;
        if returned {
            return Ok(BookCommand::ReturnBook { book_id });
        }
        let due = "2025-01-31".parse().map_err(|_| Misfit::of("due", "no date"))?;
        Ok(BookCommand::LendBook { book_id, reader: Personal::new("somebody".to_owned()), due, slip })
    }
}

/// The books in a second version: with what the first one did not count.
#[derive(ReadModel, Serialize, Deserialize, JsonSchema, Debug, Clone)]
#[read_model(name = "books", version = 2, on(BookEvent))]
#[contract(owner = "librarians", fresh = operational(2s), journal = keep(1d))]
pub(crate) struct BookRow2 {
    #[key(stream)]
    pub book_id: String,
    pub title: String,
    #[index]
    pub price: Decimal,
    #[index]
    pub shelf: Shelf,
    #[index]
    pub loans: i64,
    /// New; -1 where only the first version is there to say.
    pub returns: i64,
}

impl On<BookEvent> for BookRow2 {
    fn apply(row: &mut Slot<'_, Self>, event: &Recorded<BookEvent>) -> Applied {
        match &event.data {
            BookEvent::Bought { title, price, shelf } => row.put(Self {
                book_id: event.stream.id.to_string(),
                title: title.clone(),
                price: *price,
                shelf: *shelf,
                loans: 0,
                returns: 0,
            }),
            BookEvent::Lent { .. } => row.get()?.loans += 1,
            BookEvent::Returned {} => row.get()?.returns += 1,
            BookEvent::Scribbled {} => return Err("nobody can read that".into()),
            BookEvent::Lost {} => row.delete(),
        }
        Ok(())
    }
}

impl Replaces<BookRow> for BookRow2 {
    const DIFFERS: &'static [&'static str] = &["returns"];

    fn from_earlier(old: BookRow) -> Self {
        let BookRow { book_id, title, price, shelf, loans, .. } = old;
        Self { book_id, title, price, shelf, loans, returns: -1 }
    }
}

/// The library with the second version of its books beside the first.
pub(crate) fn second() -> Context {
    Context::new("lending").aggregate::<Book>().read_models::<(BookRow2,)>().earlier::<BookRow, BookRow2>()
}

/// The library, open to everybody.
pub(crate) fn context() -> Context {
    Context::new("lending")
        .aggregate::<Book>()
        .import::<Slips>()
        .read_models::<(BookRow,)>()
        .queries::<(GetBook, DearBooks)>()
}
