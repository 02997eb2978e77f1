//! What the derives generate compiles in whatever names a user has in scope, and trips none of their lints.

#![deny(warnings, missing_docs, unreachable_pub, clippy::all, clippy::pedantic)]
#![no_implicit_prelude]

/// Names that are not what generated code takes them for.
pub mod shadowed {
    #![allow(dead_code, reason = "they are here to be in the way")]

    // What the derive of schemars needs in scope.
    use ::schemars::{self, JsonSchema};
    use ::serde::{Deserialize, Serialize};
    use ::std::convert::{From, Into};
    use ::watershed::core as model;

    type Text = ::std::string::String;
    struct Option;
    struct Result;
    struct Vec;
    struct Box;
    struct String;
    struct Some;
    struct Ok;
    mod core {}
    mod std {}
    mod watershed {}
    const KINDS: u8 = 0;

    /// Events.
    #[derive(::watershed::prelude::Event, Serialize, Deserialize, JsonSchema)]
    #[event(category = "thing", prefix = "shadowed.thing")]
    pub enum ThingEvent {
        /// Came.
        Came {
            /// When.
            #[tag(once)]
            at: ::std::option::Option<Text>,
        },
    }

    /// The thing.
    #[derive(::std::default::Default)]
    pub struct Thing;

    /// Commands.
    #[derive(::watershed::prelude::Command, Deserialize, JsonSchema)]
    #[command(aggregate = Thing, id = id)]
    pub enum ThingCommand {
        /// Come.
        Come {
            /// Which.
            #[id(generate)]
            id: ::std::string::String,
            /// Where.
            formatter: Text,
        },
    }

    /// Refusals.
    #[derive(::watershed::prelude::Refusal, Debug)]
    #[refusal(prefix = "shadowed.thing")]
    pub enum ThingRefusal {
        /// Gone.
        #[refusal("{f} {formatter} is gone")]
        Gone {
            /// A.
            f: i64,
            /// B.
            formatter: i64,
        },
    }

    use ::std::fmt::Debug;

    impl model::Aggregate for Thing {
        type Command = ThingCommand;
        type Event = ThingEvent;
        type Refusal = ThingRefusal;

        fn decide(&self, _: &ThingCommand, _: &model::Cx) -> model::Decided<Self> {
            ::std::result::Result::Ok(::std::vec::Vec::new())
        }

        fn evolve(&mut self, _: &ThingEvent) {}
    }

    /// Kinds.
    #[derive(::watershed::prelude::Choice, Clone, Copy)]
    pub enum Size {
        /// Large.
        Large,
    }

    use ::std::clone::Clone;
    use ::std::marker::Copy;

    /// Rows.
    #[derive(::watershed::prelude::ReadModel, Serialize, Deserialize, JsonSchema)]
    #[read_model(name = "things", version = 1, on(ThingEvent), show = |r| r.place > 0, index(place desc))]
    #[contract(owner = "us", fresh = inline, reconcile = sample(1h), unknown = stop, personal)]
    pub struct ThingRow {
        /// Id.
        #[key(stream)]
        pub id: Text,
        #[index]
        place: i64,
        #[search]
        values: ::std::option::Option<Text>,
        #[json]
        json: ::std::option::Option<::std::vec::Vec<i64>>,
        #[at_read(|r, _| r.place + 1)]
        column_0: i64,
        size: Size,
    }

    impl model::On<ThingEvent> for ThingRow {
        fn apply(_: &mut model::Slot<'_, Self>, _: &model::Recorded<ThingEvent>) -> model::Applied {
            ::std::result::Result::Ok(())
        }
    }

    /// Sums.
    #[derive(::watershed::prelude::Rollup, Serialize, Deserialize, JsonSchema)]
    #[rollup(name = "thing_sums", version = 1, of = ThingRow, filter = |row| row.place > 1)]
    pub struct ThingSums {
        #[group]
        size: Size,
        #[sum(|r| r.place)]
        row: i64,
    }

    /// Asks.
    #[derive(::watershed::prelude::Query, Deserialize, JsonSchema)]
    #[query(name = "things")]
    pub struct Things {
        size: Size,
    }
}

#[::core::prelude::v1::test]
fn it_compiles() {}
