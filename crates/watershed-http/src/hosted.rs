use std::collections::HashMap;
use std::sync::Arc;

use http::HeaderValue;
use watershed_runtime::Running;

use crate::asset::Asset;
use crate::audit::Audit;
use crate::problem::{Problem, UNKNOWN_QUERY, UNKNOWN_VIEW};
use crate::reply::contract_value;

/// A context that the server hosts, with what is looked up in it for every request.
pub(crate) struct Hosted {
    pub(crate) running: Running,
    pub(crate) audit: Option<Arc<dyn Audit>>,
    pub(crate) assets: &'static [Asset],
    contracts: HashMap<&'static str, HeaderValue>,
    queries: HashMap<&'static str, QueryFacts>,
}

/// What is told with a query's answer.
pub(crate) struct QueryFacts {
    /// The view that it asks.
    pub(crate) view: &'static str,
    /// Its view's contract.
    pub(crate) contract: HeaderValue,
    /// Whether it answers with one row.
    pub(crate) by_key: bool,
}

impl Hosted {
    pub(crate) fn new(running: Running) -> Self {
        let catalogue = running.catalogue();
        let contracts: HashMap<_, _> =
            catalogue.views.iter().map(|view| (view.name, contract_value(&view.contract))).collect();
        let facts = |view: &'static str, by_key| QueryFacts {
            view,
            contract: contracts.get(view).cloned().unwrap_or(HeaderValue::from_static("")),
            by_key,
        };
        let queries =
            catalogue.queries.iter().map(|query| (query.name, facts(query.view, query.by_key))).collect();
        Self { contracts, queries, running, audit: None, assets: &[] }
    }

    /// The contract of a view, as a header's value.
    pub(crate) fn contract(&self, view: &str) -> Result<&HeaderValue, Problem> {
        let unknown = || Problem::new(&UNKNOWN_VIEW, format!("there is no view `{}`", shortened(view)));
        self.contracts.get(view).ok_or_else(unknown)
    }

    /// What is told with a query's answer.
    pub(crate) fn query(&self, name: &str) -> Result<&QueryFacts, Problem> {
        let unknown = || Problem::new(&UNKNOWN_QUERY, format!("there is no query `{}`", shortened(name)));
        self.queries.get(name).ok_or_else(unknown)
    }
}

/// A caller's text, cut to a length that can be shown.
pub(crate) fn shortened(text: &str) -> String {
    const MOST: usize = 80;
    let mut short: String = text.chars().take(MOST).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
