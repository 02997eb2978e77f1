//! The derives of Watershed.
//!
//! Each reads one attribute-marked type into a small model, reports everything that is wrong with it at once, and
//! generates implementations of the traits in `watershed-core`. Generated code names nothing but `::watershed::..`,
//! `::core::..` and `::std::..`, so it compiles in whatever names a user has in scope.
//!
//! Depend on `watershed`, which hands these on in its prelude; this crate is of no use without it.

use proc_macro::TokenStream;

mod choice;
mod command;
mod event;
mod query;
mod read_model;
mod refusal;
mod rollup;
mod row;
mod support;
mod tables;

/// The events of one category: an enum, a variant a fact.
///
/// On the enum: `#[event(category = "family", prefix = "coop.family")]`. On a variant: `#[event(name = "reassessed")]` keeps
/// a frozen name after a rename in Rust, and is the whole name where the enum has no prefix (`name = "carrier.scan.v1"`); `#[event(schema = 2, upcast(v1_to_v2))]` counts its shapes. On a field: `#[tag]`,
/// `#[tag(once)]`, `#[tag(name = "product")]`.
#[proc_macro_derive(Event, attributes(event, tag))]
pub fn event(input: TokenStream) -> TokenStream {
    support::expand(input, event::derive)
}

/// The commands of one aggregate or decision: an enum, a variant a command.
///
/// On the enum: `#[command(aggregate = Family, id = family_id)]`, or `decision = ..`. On the id's field in a variant:
/// `#[id(generate)]`, where callers may leave it out.
#[proc_macro_derive(Command, attributes(command, id))]
pub fn command(input: TokenStream) -> TokenStream {
    support::expand(input, command::derive)
}

/// The ways in which a domain says no: an enum, a variant a refusal with a code and a message.
///
/// On the enum: `#[refusal(prefix = "coop.family")]`. On each variant: `#[refusal("the message about {a_field}", field = amount)]`.
#[proc_macro_derive(Refusal, attributes(refusal))]
pub fn refusal(input: TokenStream) -> TokenStream {
    support::expand(input, refusal::derive)
}

/// A closed set of words: a fieldless enum that is a text in JSON, in columns and in rollups.
#[proc_macro_derive(Choice)]
pub fn choice(input: TokenStream) -> TokenStream {
    support::expand(input, choice::derive)
}

/// One named answer: a struct, a field a column.
///
/// On the struct: `#[read_model(name = "..", version = 1, on(FamilyEvent))]` and `#[contract(owner = "..")]`. On fields: `#[key]`,
/// `#[key(stream)]`, `#[index]`, `#[search]`, `#[internal]`, `#[json]`, `#[at_read(|row, now| ..)]`.
///
/// `#[key(stream)]` says that every event concerns the row of its stream: `On::keys` is then not asked. Where an event of
/// one stream concerns the row of another, the fields that make the key are marked `#[key]`.
#[proc_macro_derive(ReadModel, attributes(read_model, contract, key, index, search, internal, json, at_read))]
pub fn read_model(input: TokenStream) -> TokenStream {
    support::expand(input, read_model::derive)
}

/// A read model over another one's rows: grouped, counted, summed.
///
/// On the struct: `#[rollup(name = "..", version = 1, of = FamilyMonth, filter = |r| ..)]`. On fields, what the column is made of:
///
/// - `#[group]` or `#[group(|r| ..)]`: what the rows are grouped by.
/// - `#[count]` or `#[count(|r| ..)]`: how many rows, or how many of which that holds.
/// - `#[sum(|r| ..)]`, `#[avg(|r| .., scale = 2)]`: of numbers.
/// - `#[min(|r| ..)]`, `#[max(|r| ..)]`, `#[quantile(0.5, |r| ..)]`: of numbers, texts, days, months or instants; the column is an
///   `Option<_>` of them.
/// - `#[distinct(|r| ..)]`: how many different ones of these.
/// - `#[top(3, |r| ..)]`: the most frequent of these, as a `Vec<Top<_>>`; with `by = |r| ..` those with the largest sums of that, as a
///   `Vec<Top<_, Decimal>>`. Of equal ones the smallest value comes first.
/// - `#[count_by(|r| ..)]`, `#[sum_by(|r| ..)]`: by word, as a map.
/// - `#[at_read(|row, now| ..)]`: computed for each answer.
///
/// All but the first and the last take `filter = |r| ..`: only rows of which that holds give them anything. `#[index]` and
/// `#[internal]` are as in a read model.
#[proc_macro_derive(
    Rollup,
    attributes(
        rollup, group, count, sum, avg, min, max, quantile, distinct, top, count_by, sum_by, at_read, index,
        internal
    )
)]
pub fn rollup(input: TokenStream) -> TokenStream {
    support::expand(input, rollup::derive)
}

/// A question in business terms: a struct, a field a parameter. `impl Query` is written beside it.
///
/// On the struct: `#[query(name = "list_at_risk_families")]`.
#[proc_macro_derive(Query, attributes(query))]
pub fn query(input: TokenStream) -> TokenStream {
    support::expand(input, query::derive)
}

/// The tables that an aggregate's state stands in: a struct, a field a column of the root or the rows of a child table.
///
/// On the struct: `#[tables(table = "products", tenant = "tenant", id = "product_id", version = "version")]`. `tenant` is left out
/// where the table knows no tenants; `kept = |product| !product.gone` says when the state has rows at all. On fields:
///
/// - `#[tables(column = "unit_price")]`: the column's name, where it is not the field's.
/// - `#[json]`: nested data.
/// - `#[tables(children(table = "inventory", parent = "product_id", key = "warehouse"))]` on a `Vec<T>`, or a map from the key to
///   `T`, where `T` has `#[derive(TableRow)]`. The tenant's column is the root's, unless there is `tenant = ".."` or `untenanted`.
#[proc_macro_derive(Tables, attributes(tables, json))]
pub fn tables(input: TokenStream) -> TokenStream {
    support::expand(input, tables::derive)
}

/// A row of a child table, for `#[derive(Tables)]`: a struct, a field a column.
///
/// On fields: `#[tables(column = "..")]` and `#[json]`.
#[proc_macro_derive(TableRow, attributes(tables, json))]
pub fn table_row(input: TokenStream) -> TokenStream {
    support::expand(input, tables::derive_row)
}
