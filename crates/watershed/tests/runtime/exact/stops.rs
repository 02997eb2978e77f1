//! A group in which one read model parks an event that this program does not know, and another stops at it.

use watershed::prelude::*;
use watershed::runtime::Terms;

use super::yard::{Yard, YardCommand, YardEvent};
use crate::troubles::until;

/// The events of a later program: one more.
#[derive(Event, Serialize, Deserialize, JsonSchema, Debug, Clone)]
#[event(category = "yard", prefix = "yard")]
enum LaterEvent {
    LineCut { line: u32 },
    Swept { by: String },
}

#[derive(Command, Deserialize, JsonSchema, Debug, Clone)]
#[command(aggregate = LaterYard, id = yard_id)]
enum LaterCommand {
    Sweep { yard_id: String },
}

#[derive(Default, Serialize, Deserialize)]
struct LaterYard {}

impl Aggregate for LaterYard {
    type Command = LaterCommand;
    type Event = LaterEvent;
    type Refusal = std::convert::Infallible;

    fn decide(&self, _: &LaterCommand, _: &Cx) -> Decided<Self> {
        Ok(vec![LaterEvent::Swept { by: "Ann".into() }])
    }

    fn evolve(&mut self, _: &LaterEvent) {}
}

macro_rules! counted {
    ($row:ident, $name:tt, $unknown:ident) => {
        #[derive(ReadModel, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
        #[read_model(name = $name, version = 1, on(YardEvent))]
        #[contract(owner = "yard", fresh = operational(2s), unknown = $unknown)]
        struct $row {
            #[key(stream)]
            yard: String,
            events: i64,
        }

        impl On<YardEvent> for $row {
            fn apply(row: &mut Slot<'_, Self>, _: &Recorded<YardEvent>) -> Applied {
                let yard = row.key().to_string();
                row.get_or_put_with(|| Self { yard, events: 0 }).events += 1;
                Ok(())
            }
        }
    };
}
counted!(Patient, "patient", park);
counted!(Strict, "strict", stop);

async fn open(folder: &std::path::Path) -> Running {
    Context::new("yard")
        .policy(AllowAll)
        .aggregate::<Yard>()
        .group::<(Patient, Strict)>()
        .start(watershed::embedded(folder).unwrap())
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_stops_before_an_event_that_one_of_its_read_models_parks_and_another_stops_at() {
    let folder = tempfile::tempdir().unwrap();
    let record = async |yard: &Running| {
        let events = vec![YardEvent::LineCut { line: 1 }; 3];
        yard.send(YardCommand::Record { yard_id: "y".into(), events }).await.unwrap();
    };
    let yard = open(folder.path()).await;
    yard.pause(&Principal::default(), "strict").await.unwrap();
    record(&yard).await;
    yard.close().await;
    let stores = watershed::embedded(folder.path()).unwrap();
    let later = Context::new("yard").policy(AllowAll).aggregate::<LaterYard>().start(stores).await.unwrap();
    later.send(LaterCommand::Sweep { yard_id: "y".into() }).await.unwrap();
    later.close().await;

    let yard = open(folder.path()).await;
    let operator = Principal::default();
    for _ in 0..2 {
        yard.resume(&operator, "strict").await.unwrap();
        let stopped = || async {
            let all = yard.views(&operator).await.unwrap();
            all.iter().all(|view| view.status == "stopped" && view.position == 3)
        };
        until("the group has stopped before the event", stopped).await;
    }
    for view in ["patient", "strict"] {
        let row = yard.row_json(view, "y", &Terms::default()).await.unwrap().value.unwrap();
        assert_eq!(row.get(), r#"{"yard":"y","events":3}"#);
    }
    assert_eq!(yard.parked(&operator, None).await.unwrap().len(), 0);
    yard.close().await;
}
