//! What the server measures: the names, in one place.

use std::fmt::Write;
use std::time::Duration;

use http::StatusCode;
use metrics::{
    Counter, Gauge, Histogram, Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge,
    histogram,
};
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};

use crate::route::Route;

const REQUESTS: &str = "watershed_http_requests_total";
const DURATION: &str = "watershed_http_request_duration_seconds";
const CONNECTIONS: &str = "watershed_http_connections";

const CLASSES: [&str; 4] = ["2xx", "3xx", "4xx", "5xx"];

/// What a request is counted as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Command,
    Import,
    Row,
    Rows,
    Query,
    Watch,
    Stream,
    Operate,
    /// Everything else, and what leads nowhere.
    Page,
}

impl Operation {
    const ALL: [Self; 9] = [
        Self::Command,
        Self::Import,
        Self::Row,
        Self::Rows,
        Self::Query,
        Self::Watch,
        Self::Stream,
        Self::Operate,
        Self::Page,
    ];

    pub(crate) fn of(route: Route<'_>) -> Self {
        match route {
            Route::Command(..) => Self::Command,
            Route::Import(..) => Self::Import,
            Route::Row(..) => Self::Row,
            Route::Rows(..) => Self::Rows,
            Route::Query(..) => Self::Query,
            Route::Watch(..) => Self::Watch,
            Route::Stream(..) => Self::Stream,
            Route::Admin(..) => Self::Operate,
            _ => Self::Page,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Import => "import",
            Self::Row => "row",
            Self::Rows => "rows",
            Self::Query => "query",
            Self::Watch => "watch",
            Self::Stream => "stream",
            Self::Operate => "operate",
            Self::Page => "page",
        }
    }
}

/// Collects the measurements of the whole process, for `/metrics`.
#[derive(Debug, Clone)]
pub struct Metrics(PrometheusHandle);

impl Metrics {
    /// Starts collecting. A process collects once: install before the contexts are started, or theirs are lost.
    ///
    /// # Errors
    /// Where something in the process collects already.
    pub fn install() -> Result<Self, BuildError> {
        const BUCKETS: [f64; 14] =
            [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];
        let handle = PrometheusBuilder::new().set_buckets(&BUCKETS)?.install_recorder()?;
        Ok(Self(handle))
    }

    /// Everything measured so far, in Prometheus' text form.
    pub(crate) fn render(&self) -> String {
        self.0.render()
    }

    /// Folds what histograms have gathered: without it they would keep every single measurement.
    pub(crate) fn tidy(&self) {
        self.0.run_upkeep();
    }
}

/// The server's own measurements, looked up once.
pub(crate) struct Meters {
    operations: [Meter; Operation::ALL.len()],
    pub(crate) connections: Gauge,
}

struct Meter {
    by_class: [Counter; CLASSES.len()],
    duration: Histogram,
}

impl Meters {
    pub(crate) fn new() -> Self {
        describe_counter!(REQUESTS, "Requests that were answered, by what they wanted and how it went.");
        describe_histogram!(DURATION, Unit::Seconds, "From a request's head to its answer.");
        describe_gauge!(CONNECTIONS, "Open connections.");
        let operations = Operation::ALL.map(|operation| Meter {
            by_class: CLASSES
                .map(|class| counter!(REQUESTS, "operation" => operation.name(), "status" => class)),
            duration: histogram!(DURATION, "operation" => operation.name()),
        });
        Self { operations, connections: gauge!(CONNECTIONS) }
    }

    /// Counts an answer.
    pub(crate) fn answered(&self, operation: Operation, status: StatusCode, took: Duration) {
        // invariant: the meters stand in the order of the operations.
        let meter = &self.operations[operation as usize];
        let class = usize::from(status.as_u16() / 100).saturating_sub(2).min(CLASSES.len() - 1);
        meter.by_class[class].increment(1);
        meter.duration.record(took);
    }
}

/// Writes gauges that are looked up when they are asked for, in Prometheus' text form.
pub(crate) struct GaugeText(String);

impl GaugeText {
    pub(crate) fn after(text: String) -> Self {
        Self(text)
    }

    /// One gauge with all of its series.
    pub(crate) fn gauge<'a>(
        &mut self,
        name: &str,
        help: &str,
        series: impl IntoIterator<Item = (Vec<(&'static str, &'a str)>, f64)>,
    ) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} gauge");
        for (labels, value) in series {
            let labels: Vec<String> =
                labels.iter().map(|(label, value)| format!("{label}=\"{}\"", escaped(value))).collect();
            let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
            let _ = writeln!(self.0, "{name}{labels} {value}");
        }
    }

    pub(crate) fn finish(self) -> String {
        self.0
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
