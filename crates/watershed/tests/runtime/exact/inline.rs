//! A group whose rows commit with the events: a later read model sees the rows of an earlier one, also those that nothing in the
//! append has touched.

use watershed::prelude::*;

use super::yard::{Yard, YardCommand, YardEvent, hub_key};

#[derive(ReadModel, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[read_model(name = "hubs_now", version = 1, on(YardEvent))]
#[contract(owner = "yard", fresh = inline)]
struct HubNow {
    #[key]
    hub: String,
    name: String,
}

impl On<YardEvent> for HubNow {
    fn keys(event: &Recorded<YardEvent>) -> Keys<Self> {
        match &event.data {
            YardEvent::HubNamed { hub, .. } | YardEvent::HubClosed { hub } => Keys::one(hub_key(*hub)),
            _ => Keys::None,
        }
    }

    fn apply(row: &mut Slot<'_, Self>, event: &Recorded<YardEvent>) -> Applied {
        let hub = row.key().to_string();
        match &event.data {
            YardEvent::HubNamed { name, .. } => row.put(Self { hub, name: name.clone() }),
            _ => row.delete(),
        }
        Ok(())
    }
}

#[derive(ReadModel, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[read_model(name = "lines_now", version = 1, on(YardEvent))]
#[contract(owner = "yard", fresh = inline)]
struct LineNow {
    #[key]
    line: String,
    hubs: String,
}

impl On<YardEvent> for LineNow {
    fn keys(event: &Recorded<YardEvent>) -> Keys<Self> {
        match &event.data {
            YardEvent::LineDrawn { line, .. } => Keys::one(format!("l{line}")),
            _ => Keys::None,
        }
    }

    fn apply(row: &mut Slot<'_, Self>, event: &Recorded<YardEvent>) -> Applied {
        let YardEvent::LineDrawn { hub, .. } = &event.data else { return Ok(()) };
        // The hub and its neighbours, and the first one once more.
        let mut hubs = Vec::new();
        for hub in [*hub, hub + 1, hub + 2, *hub] {
            hubs.push(row.of::<HubNow>(&hub_key(hub))?.map_or("none", |hub| &hub.name).to_owned());
        }
        let line = row.key().to_string();
        row.put(Self { line, hubs: hubs.join(", ") });
        Ok(())
    }
}

async fn open(folder: &std::path::Path) -> Running {
    Context::new("yard")
        .policy(AllowAll)
        .aggregate::<Yard>()
        .group::<(HubNow, LineNow)>()
        .start(watershed::embedded(folder).unwrap())
        .await
        .unwrap()
}

async fn hubs(yard: &Running, line: &str) -> String {
    let row = yard.row_json("lines_now", line, &watershed::runtime::Terms::default()).await.unwrap();
    let row: serde_json::Value = serde_json::from_str(row.value.unwrap().get()).unwrap();
    row["hubs"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_inline_fold_sees_rows_of_its_group_that_the_append_has_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let record = async |yard: &Running, events: Vec<YardEvent>| {
        yard.send(YardCommand::Record { yard_id: "y".into(), events }).await.unwrap();
    };
    let named = |hub, name: &str| YardEvent::HubNamed { hub, name: name.into(), bad: 0 };
    let drawn = |line, hub| YardEvent::LineDrawn { line, hub, bad: 0 };
    let yard = open(folder.path()).await;
    record(&yard, vec![named(1, "one"), named(2, "two")]).await;
    record(&yard, vec![drawn(1, 1)]).await;
    assert_eq!(hubs(&yard, "l1").await, "one, two, none, one");
    record(&yard, vec![named(3, "three"), YardEvent::HubClosed { hub: 1 }, drawn(2, 1), named(1, "again")])
        .await;
    assert_eq!(hubs(&yard, "l2").await, "none, two, three, none");
    yard.close().await;
    let yard = open(folder.path()).await;
    record(&yard, vec![drawn(3, 1)]).await;
    assert_eq!(hubs(&yard, "l3").await, "again, two, three, again");
    let report = yard
        .reconcile(&Principal::default(), "lines_now", watershed::runtime::LookAt::Everything)
        .await
        .unwrap();
    assert_eq!(report.drift, 0, "{:?}", report.views);
    yard.close().await;
}
