use std::fmt::Write;

use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};
use watershed_core::{Contract, Token};
use watershed_runtime::Answer;

/// The names of our own headers.
pub(crate) struct Names;

impl Names {
    pub(crate) const TOKEN: HeaderName = HeaderName::from_static("watershed-token");
    pub(crate) const ON_STALE: HeaderName = HeaderName::from_static("watershed-on-stale");
    pub(crate) const POSITION: HeaderName = HeaderName::from_static("watershed-position");
    pub(crate) const LAG_MS: HeaderName = HeaderName::from_static("watershed-lag-ms");
    pub(crate) const PLAN: HeaderName = HeaderName::from_static("watershed-plan");
    pub(crate) const STALE: HeaderName = HeaderName::from_static("watershed-stale");
    pub(crate) const PARKED: HeaderName = HeaderName::from_static("watershed-parked");
    pub(crate) const DRIFT: HeaderName = HeaderName::from_static("watershed-drift");
    pub(crate) const CONTRACT: HeaderName = HeaderName::from_static("watershed-contract");
    pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
    pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
    pub(crate) const CORRELATION: HeaderName = HeaderName::from_static("x-correlation-id");
    pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
    pub(crate) const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
}

/// The headers that say how fresh `answer` is and what the view promises.
pub(crate) fn freshness<T>(answer: &Answer<T>, contract: &HeaderValue) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(12);
    headers.insert(Names::POSITION, answer.position.into());
    let lag = u64::try_from(answer.lag.as_millis()).unwrap_or(u64::MAX);
    headers.insert(Names::LAG_MS, lag.into());
    headers.insert(Names::PLAN, HeaderValue::from_static(answer.plan.name()));
    headers.insert(Names::STALE, HeaderValue::from_static(if answer.stale { "true" } else { "false" }));
    headers.insert(Names::TOKEN, token_value(&answer.token));
    headers.insert(Names::CONTRACT, contract.clone());
    headers
}

/// A token as a header's value.
pub(crate) fn token_value(token: &Token) -> HeaderValue {
    value_of(token)
}

/// What a view promises, as a header's value: `operational; bound-ms=2000; owner="coordinators"`.
pub(crate) fn contract_value(contract: &Contract) -> HeaderValue {
    let mut text = String::from(contract.freshness.class());
    // Writing to a String cannot fail.
    let _ = write!(text, "; bound-ms={}", contract.freshness.bound().as_millis());
    if !contract.owner.is_empty() {
        let owner = contract.owner.replace(['"', '\\'], "");
        let _ = write!(text, "; owner=\"{owner}\"");
    }
    value_of(&text)
}

/// The text as a header's value; a text that cannot be one is left out rather than sent broken.
pub(crate) fn value_of(text: &impl std::fmt::Display) -> HeaderValue {
    HeaderValue::try_from(text.to_string()).unwrap_or(HeaderValue::from_static(""))
}
