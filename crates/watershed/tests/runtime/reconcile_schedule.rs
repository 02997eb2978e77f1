//! Reconciliation in the background, as the contracts have it.

use watershed::prelude::*;

use crate::bank::{Account, AccountEvent, opening};
use crate::reconcile::tamper;
use crate::troubles::until;

macro_rules! names {
    ($($model:ident $name:tt $every:ident)*) => {$(
        #[derive(ReadModel, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
        #[read_model(name = $name, version = 1, on(AccountEvent))]
        #[contract(owner = "tellers", fresh = operational(2s), reconcile = $every(100ms))]
        struct $model {
            #[key(stream)]
            account_id: String,
            owner: String,
        }

        impl On<AccountEvent> for $model {
            fn apply(row: &mut Slot<'_, Self>, event: &Recorded<AccountEvent>) -> Applied {
                if let AccountEvent::Opened { owner, .. } = &event.data {
                    row.put(Self { account_id: event.stream.id.to_string(), owner: owner.clone() });
                }
                Ok(())
            }
        }
    )*};
}
names! { Sampled "sampled" sample Whole "whole" full }

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_background_finds_what_was_changed_and_forgets_what_was_put_right() {
    let folder = tempfile::tempdir().unwrap();
    let stores = watershed::embedded(folder.path()).unwrap();
    let context = Context::new("names").policy(AllowAll).aggregate::<Account>();
    let names = context.read_models::<(Sampled, Whole)>().start(stores).await.unwrap();
    for number in 0..300 {
        names.send(opening(&format!("a{number:03}"), "Ann", "north")).await.unwrap();
    }
    let operator = Principal::default();
    let drift = |view: &'static str| names.drift(&operator, Some(view)).unwrap()[0].drift;
    for view in ["sampled", "whole"] {
        names.changed(view, names.head() - 1).await.unwrap();
        until("it is looked at", || async {
            names.drift(&operator, Some(view)).unwrap()[0].last.as_ref().is_some_and(|last| last.rows == 300)
        })
        .await;
        assert_eq!(drift(view), 0);
        let file = format!("views/{view}.db");
        tamper(folder.path(), &file, &format!("UPDATE {view} SET owner = 'Eve' WHERE account_id = 'a123'"));
        tamper(folder.path(), &file, &format!("DELETE FROM {view} WHERE account_id = 'a200'"));
        until("the drift is found", || async { drift(view) == 2 }).await;
        let status = names.views(&operator).await.unwrap();
        let status = status.iter().find(|status| status.name == view).unwrap();
        assert_eq!((status.drift, status.keeps_contract), (2, false));
        names.repair(&operator, view).await.unwrap();
        assert_eq!(drift(view), 0);
    }
    names.close().await;
}
