//! A market: one stream whose events change many rows, a read model of them that is projected and one that is inline, and the same
//! rollups with every measure over both.

use std::collections::BTreeMap;

use watershed::prelude::*;

#[derive(Event, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[event(category = "market", prefix = "market")]
pub(crate) enum MarketEvent {
    Sold { sale: u32, region: String, article: u32, amount: Decimal, day: Option<Date> },
    Moved { sale: u32, region: String },
    Repriced { sale: u32, amount: Decimal },
    Hidden { sale: u32, hidden: bool },
    Returned { sale: u32 },
}

#[derive(Command, Deserialize, JsonSchema, Debug, Clone)]
#[command(aggregate = Market, id = market_id)]
pub(crate) enum MarketCommand {
    /// Records what happened.
    Record { market_id: String, events: Vec<MarketEvent> },
}

#[derive(Refusal, Debug, PartialEq)]
#[refusal(prefix = "market")]
pub(crate) enum MarketRefusal {
    #[refusal("nothing happened")]
    Nothing,
}

#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Market {}

impl Aggregate for Market {
    type Command = MarketCommand;
    type Event = MarketEvent;
    type Refusal = MarketRefusal;

    fn decide(&self, command: &MarketCommand, _: &Cx) -> Decided<Self> {
        let MarketCommand::Record { events, .. } = command;
        if events.is_empty() { Err(MarketRefusal::Nothing) } else { Ok(events.clone()) }
    }

    fn evolve(&mut self, _: &MarketEvent) {}
}

macro_rules! views {
    ($module:ident, [$($fresh:tt)+], $sales:tt, $regions:tt, $amounts:tt, $all:tt) => {
        pub(crate) mod $module {
            use super::*;

            #[derive(ReadModel, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
            #[read_model(name = $sales, version = 1, on(MarketEvent), show = |r| !r.hidden)]
            #[contract(owner = "traders", fresh = $($fresh)+)]
            pub(crate) struct Sale {
                #[key]
                pub(crate) sale: String,
                pub(crate) region: String,
                pub(crate) article: String,
                pub(crate) amount: Decimal,
                pub(crate) day: Option<Date>,
                pub(crate) changed: Timestamp,
                pub(crate) hidden: bool,
            }

            impl On<MarketEvent> for Sale {
                fn keys(event: &Recorded<MarketEvent>) -> Keys<Self> {
                    match &event.data {
                        MarketEvent::Sold { sale, .. }
                        | MarketEvent::Moved { sale, .. }
                        | MarketEvent::Repriced { sale, .. }
                        | MarketEvent::Hidden { sale, .. }
                        | MarketEvent::Returned { sale } => Keys::one(format!("s{sale:05}")),
                    }
                }

                fn apply(row: &mut Slot<'_, Self>, event: &Recorded<MarketEvent>) -> Applied {
                    let key = row.key().to_string();
                    if let MarketEvent::Sold { region, article, amount, day, .. } = &event.data {
                        row.put(Sale {
                            sale: key,
                            region: region.clone(),
                            article: format!("article {article}"),
                            amount: *amount,
                            day: *day,
                            changed: event.recorded_at,
                            hidden: false,
                        });
                        return Ok(());
                    }
                    let Ok(there) = row.get() else { return Ok(()) };
                    there.changed = event.recorded_at;
                    match &event.data {
                        MarketEvent::Moved { region, .. } => there.region.clone_from(region),
                        MarketEvent::Repriced { amount, .. } => there.amount = *amount,
                        MarketEvent::Hidden { hidden, .. } => there.hidden = *hidden,
                        MarketEvent::Returned { .. } => row.delete(),
                        MarketEvent::Sold { .. } => {}
                    }
                    Ok(())
                }
            }

            /// Every measure, with and without a filter.
            #[derive(Rollup, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
            #[rollup(name = $regions, version = 1, of = Sale)]
            pub(crate) struct Region {
                #[group]
                region: String,
                #[count]
                sales: u64,
                #[count(|r| r.day.is_some(), filter = |r| r.amount.is_positive())]
                dated: u64,
                #[sum(|r| r.amount)]
                amount: Decimal,
                #[sum(|r| r.amount, filter = |r| r.day.is_none())]
                amount_undated: Decimal,
                #[avg(|r| r.amount, scale = 3)]
                average: Option<Decimal>,
                #[min(|r| r.amount)]
                least: Option<Decimal>,
                #[max(|r| r.day)]
                last_day: Option<Date>,
                #[min(|r| r.changed)]
                first_change: Option<Timestamp>,
                #[max(|r| r.article.as_str(), filter = |r| r.amount.is_positive())]
                last_article: Option<String>,
                #[quantile(0.5, |r| r.amount)]
                median: Option<Decimal>,
                #[quantile(0.95, |r| r.day.map(|day| day.month()))]
                late_month: Option<Month>,
                #[distinct(|r| r.amount)]
                amounts: u64,
                #[distinct(|r| r.day)]
                days: u64,
                #[top(3, |r| r.day)]
                busiest: Vec<Top<Date>>,
                #[top(4, |r| r.amount, filter = |r| r.amount.is_positive())]
                usual: Vec<Top<Decimal>>,
                #[top(5, |r| r.article.as_str(), by = |r| r.amount)]
                best_sold: Vec<Top<String, Decimal>>,
                #[count_by(|r| if r.amount.is_positive() { "in" } else { "out" })]
                ways: BTreeMap<String, u64>,
                #[sum_by(|r| BTreeMap::from([(r.article.len(), r.amount)]))]
                by_length: BTreeMap<String, Decimal>,
            }

            /// Groups that are made and go often, by a number that may be written in several ways.
            #[derive(Rollup, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
            #[rollup(name = $amounts, version = 1, of = Sale, filter = |r| r.amount < Decimal::from(20))]
            pub(crate) struct SmallAmount {
                #[group]
                amount: Decimal,
                #[group(|r| r.day.is_some())]
                dated: bool,
                #[count]
                sales: u64,
            }

            /// One group over everything.
            #[derive(Rollup, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
            #[rollup(name = $all, version = 1, of = Sale)]
            pub(crate) struct All {
                #[group(|_| "all".to_owned())]
                scope: String,
                #[distinct(|r| r.sale.as_str())]
                sales: u64,
                #[top(2, |r| r.sale.as_str(), by = |r| r.amount)]
                largest: Vec<Top<String, Decimal>>,
            }
        }
    };
}
views!(projected, [operational(2s)], "sales", "regions", "small_amounts", "all_sales");
views!(inline, [inline], "sales_now", "regions_now", "small_amounts_now", "all_sales_now");

/// The market with its projected views.
pub(crate) fn context() -> Context {
    use projected::{All, Region, Sale, SmallAmount};
    Context::new("market").policy(AllowAll).aggregate::<Market>().read_models::<(Sale,)>().rollups::<(
        Region,
        SmallAmount,
        All,
    )>()
}

/// The same with the inline ones beside them.
pub(crate) fn context_with_inline() -> Context {
    use inline::{All, Region, Sale, SmallAmount};
    context().read_models::<(Sale,)>().rollups::<(Region, SmallAmount, All)>()
}
