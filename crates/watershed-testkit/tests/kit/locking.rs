use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use watershed_core::{Date, Decimal, Event, EventKind, Personal, Tag};
use watershed_testkit::{EventSet, check_events_lock};

use crate::pantry::{JarEvent, KindEvent};

/// An event enum of one variant, `Paid`, as a later or another version of the program has it.
macro_rules! paid {
    ($type:ident, $category:literal, $name:literal, schema $schema:literal, { $($field:tt)* }) => {
        #[derive(Debug, Serialize, Deserialize, JsonSchema)]
        enum $type {
            /// Somebody paid.
            Paid { $($field)* },
        }

        impl Event for $type {
            const CATEGORY: &'static str = $category;
            const KINDS: &'static [EventKind] = &[EventKind {
                name: $name,
                variant: "Paid",
                schema: $schema,
                upcasts: [&[], &[same as fn(serde_json::Value) -> serde_json::Value] as &[_]][$schema - 1],
            }];

            fn kind(&self) -> &'static EventKind {
                &Self::KINDS[0]
            }

            fn tags(&self, _: &mut dyn FnMut(Tag)) {}
        }
    };
}

fn same(json: serde_json::Value) -> serde_json::Value {
    json
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Method {
    Card,
    Cash,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum MoreMethods {
    Card,
    Cash,
    Cheque,
}

paid!(First, "account", "bank.paid", schema 1, { amount: Decimal, method: Method, who: String });
paid!(Documented, "account", "bank.paid", schema 1, { /** In euros. */ amount: Decimal, method: Method, who: Personal<String> });
paid!(Renamed, "account", "bank.paid-in", schema 1, { amount: Decimal, method: Method, who: String });
paid!(Elsewhere, "accounts", "bank.paid", schema 1, { amount: Decimal, method: Method, who: String });
paid!(Retyped, "account", "bank.paid", schema 1, { amount: i64, method: Method, who: String });
paid!(Shorter, "account", "bank.paid", schema 1, { amount: Decimal, method: Method });
paid!(Longer, "account", "bank.paid", schema 1, { amount: Decimal, method: Method, who: String, on: Date });
paid!(Wider, "account", "bank.paid", schema 1, { amount: Decimal, method: Method, who: String, on: Option<Date> });
paid!(Methods, "account", "bank.paid", schema 1, { amount: Decimal, method: MoreMethods, who: String });
paid!(Raised, "account", "bank.paid", schema 2, { cents: i64, method: Method, who: String });
paid!(ShopPaid, "order", "shop.order.paid.v1", schema 1, { amount: Decimal });
paid!(BankPaid, "order", "bank.paid.v1", schema 1, { who: String });
paid!(BankSettled, "order", "bank.settled.v1", schema 1, { who: String });

struct Folder(TempDir);

impl Folder {
    /// A folder with a lock file of these events.
    fn locked<S: EventSet>() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        check_events_lock::<S>(folder.path(), true).unwrap();
        folder
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("events.lock")
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.path()).unwrap()
    }

    /// What is wrong with these events, by a check that changes nothing.
    fn problem<S: EventSet>(&self) -> String {
        let before = self.text();
        let problem = check_events_lock::<S>(self.path(), false).unwrap_err();
        assert_eq!(self.text(), before);
        problem
    }

    /// The events differ in something that the file never takes in.
    fn refuses<S: EventSet>(&self, words: &[&str]) {
        let before = self.text();
        for problem in [self.problem::<S>(), check_events_lock::<S>(self.path(), true).unwrap_err()] {
            assert!(words.iter().all(|words| problem.contains(words)), "{words:?} are not in\n{problem}");
            assert_eq!(self.text(), before);
        }
    }

    /// The events differ in something that the file takes in when it is told to.
    fn takes<S: EventSet>(&self, words: &[&str]) {
        let problem = self.problem::<S>();
        assert!(words.iter().all(|words| problem.contains(words)), "{words:?} are not in\n{problem}");
        assert!(problem.contains("WATERSHED_UPDATE_LOCK=1"), "{problem}");
        check_events_lock::<S>(self.path(), true).unwrap();
        check_events_lock::<S>(self.path(), false).unwrap();
    }
}

#[test]
fn a_lock_file_is_made_when_it_is_asked_for_and_reads_well() {
    let folder = Folder(tempfile::tempdir().unwrap());
    let missing = check_events_lock::<(JarEvent,)>(folder.path(), false).unwrap_err();
    assert!(missing.contains("make it with WATERSHED_UPDATE_LOCK=1"), "{missing}");
    check_events_lock::<(KindEvent, JarEvent)>(folder.path(), true).unwrap();
    let text = folder.text();
    let (_, entries) = text.split_once("\n\n").unwrap();
    let wanted = "\
pantry.jar.emptied category jar schema 1

pantry.jar.filled category jar schema 1
  cook?: string or null
  grams: integer(int64)
  kind: string

pantry.jar.tasted category jar schema 2
  grams: integer(int64)
  ticket: string

pantry.kind.claimed category kind schema 1
  name: string

pantry.kind.renamed category kind schema 1
  from: string
  to: string
";
    assert_eq!(entries, wanted);
    check_events_lock::<(JarEvent, KindEvent)>(folder.path(), false).unwrap();
}

#[test]
fn what_old_events_cannot_live_with_is_never_taken_in() {
    let folder = Folder::locked::<(First,)>();
    folder.refuses::<(Renamed,)>(&[
        "`bank.paid` is gone",
        "`bank.paid-in` has come",
        "#[event(name = \"paid\")]",
    ]);
    folder.refuses::<(KindEvent,)>(&["`bank.paid` is gone", "Bring the variant back"]);
    folder.refuses::<(Elsewhere,)>(&["#[event(category = \"account\")]"]);
    let raise = "#[event(schema = 2, upcast(.., v1_to_v2))]";
    folder.refuses::<(Retyped,)>(&[raise, "- amount: string(decimal)", "+ amount: integer(int64)"]);
    folder.refuses::<(Shorter,)>(&[raise, "- who: string"]);
    folder.refuses::<(Longer,)>(&[raise, "+ on: string(date)"]);
}

#[test]
fn events_of_two_sources_in_one_category_are_told_to_keep_their_names_in_full() {
    let folder = Folder::locked::<(ShopPaid, BankPaid)>();
    folder
        .refuses::<(ShopPaid, BankSettled)>(&["`bank.paid.v1` is gone", "#[event(name = \"bank.paid.v1\")]"]);
}

#[test]
fn what_old_events_can_live_with_is_taken_in_when_asked() {
    Folder::locked::<(First,)>().takes::<(Wider,)>(&["was widened", "+ on?: string(date) or null"]);
    Folder::locked::<(First,)>().takes::<(Methods,)>(&["was widened", "\"cheque\""]);
    Folder::locked::<(First,)>().takes::<(Raised,)>(&["raised from 1 to 2"]);
    Folder::locked::<(First,)>().takes::<(First, JarEvent)>(&["`pantry.jar.filled` is new"]);
}

#[test]
fn words_and_fields_once_taken_in_stay() {
    Folder::locked::<(Methods,)>().refuses::<(First,)>(&["has changed its shape"]);
    Folder::locked::<(Wider,)>().refuses::<(First,)>(&["has changed its shape"]);
    Folder::locked::<(Raised,)>().refuses::<(First,)>(&["was 2 and is 1"]);
}

#[test]
fn prose_and_the_mark_of_personal_data_are_no_part_of_a_shape() {
    let folder = Folder::locked::<(First,)>();
    check_events_lock::<(Documented,)>(folder.path(), false).unwrap();
}

#[test]
fn two_events_of_one_name_are_refused() {
    let folder = Folder(tempfile::tempdir().unwrap());
    let problem = check_events_lock::<(First, Wider)>(folder.path(), true).unwrap_err();
    assert!(problem.contains("two events bear the name `bank.paid`"), "{problem}");
}

#[test]
fn a_file_that_is_no_lock_file_is_refused() {
    let folder = Folder::locked::<(First,)>();
    std::fs::write(folder.path(), "<<<<<<< HEAD\n").unwrap();
    folder.refuses::<(First,)>(&["line 1 is not of a lock file"]);
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Branch {
    title: String,
    branches: Vec<Branch>,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Place {
    street: Option<String>,
    number: u16,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum How {
    Post { place: Place },
    Pigeon,
}

paid!(Nested, "post", "post.sent", schema 1, {
    place: Place, maybe: Option<Place>, all: Vec<Option<i64>>, named: BTreeMap<String, Decimal>, how: How,
    #[serde(default)] title: String, ratio: f64, any: serde_json::Value, root: Branch,
});

#[test]
fn nested_shapes_are_frozen_whole() {
    let text = Folder::locked::<(Nested,)>().text();
    let (_, entries) = text.split_once("\n\n").unwrap();
    let wanted = r##"post.sent category post schema 1
  all: [integer(int64) or null]
  any: anything
  how: one of <string ("pigeon"); {post: {place: {number: integer(uint16) {"maximum":65535,"minimum":0}, street?: string or null}}} {"additionalProperties":false}>
  maybe?: {number: integer(uint16) {"maximum":65535,"minimum":0}, street?: string or null} or null
  named: {*: string(decimal)}
  place: {number: integer(uint16) {"maximum":65535,"minimum":0}, street?: string or null}
  ratio: number(double)
  root: {branches: [{"$ref":"#/$defs/Branch"}], title: string}
  title?: string {"default":""}
  where Branch: {branches: [{"$ref":"#/$defs/Branch"}], title: string}
"##;
    assert_eq!(entries, wanted);
}
