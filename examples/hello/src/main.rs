use tokio::net::TcpListener;
use watershed::prelude::*;
use watershed_http::{Options, Server};

#[derive(Event, Serialize, Deserialize, JsonSchema)]
#[event(category = "show", prefix = "theatre.show")]
enum ShowEvent {
    SeatsSold { seats: u32 },
}

#[derive(Command, Deserialize, JsonSchema)]
#[command(aggregate = Show, id = show)]
enum ShowCommand {
    SellSeats { show: String, seats: u32 },
}

#[derive(Refusal, Debug)]
#[refusal(prefix = "theatre.show")]
enum ShowRefusal {
    #[refusal("{left} seats are left", field = seats)]
    NotEnough { left: u32 },
}

#[derive(Default)]
struct Show {
    sold: u32,
}

impl Aggregate for Show {
    type Command = ShowCommand;
    type Event = ShowEvent;
    type Refusal = ShowRefusal;

    fn decide(&self, command: &ShowCommand, _: &Cx) -> Decided<Self> {
        let ShowCommand::SellSeats { seats, .. } = *command;
        let left = 100 - self.sold;
        if seats > left {
            Err(ShowRefusal::NotEnough { left })
        } else {
            Ok(vec![ShowEvent::SeatsSold { seats }])
        }
    }

    fn evolve(&mut self, event: &ShowEvent) {
        let ShowEvent::SeatsSold { seats } = event;
        self.sold += seats;
    }
}

#[derive(ReadModel, Serialize, Deserialize, JsonSchema)]
#[read_model(name = "box_office", version = 1, on(ShowEvent))]
#[contract(owner = "cashiers", fresh = operational(2s))]
struct BoxOffice {
    #[key(stream)]
    show: String,
    #[index]
    sold: u32,
}

impl On<ShowEvent> for BoxOffice {
    fn apply(row: &mut Slot<'_, Self>, event: &Recorded<ShowEvent>) -> Applied {
        let ShowEvent::SeatsSold { seats } = event.data;
        let show = event.stream.id.to_string();
        row.get_or_put_with(|| BoxOffice { show, sold: 0 }).sold += seats;
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let theatre = Context::new("theatre").policy(AllowAll).aggregate::<Show>().read_models::<(BoxOffice,)>();
    let theatre = theatre.start(watershed::embedded("theatre-data")?).await?;
    let listener = TcpListener::bind(std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into())).await?;
    println!("http://{}", listener.local_addr()?);
    Server::new(vec![theatre], Options::default()).serve(listener).await?;
    Ok(())
}
