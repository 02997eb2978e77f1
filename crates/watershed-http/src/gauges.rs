//! `/metrics`: what was measured, and how everything stands at the moment.

use watershed_core::{Principal, Timestamp};
use watershed_runtime::{EditionState, EditionStatus, ImportError, ImportStatus, ViewStatus};

use crate::hosted::Hosted;
use crate::problem::Problem;
use crate::reply::{Reply, text};
use crate::telemetry::{GaugeText, Metrics};

/// The whole, in Prometheus' text form.
pub(crate) async fn metrics(
    contexts: &[Hosted],
    collected: Option<&Metrics>,
    watches: usize,
    who: &Principal,
) -> Result<Reply, Problem> {
    let now = Standing::of(contexts, who).await?;
    let mut page = GaugeText::after(collected.map(Metrics::render).unwrap_or_default());
    now.views(&mut page);
    now.editions(&mut page);
    let kept = now
        .imports
        .iter()
        .map(|(context, import)| (vec![("context", *context), ("import", import.name)], float(import.kept)));
    page.gauge("watershed_import_kept_lines", "Lines that an import could not take, and that wait.", kept);
    let heads = contexts
        .iter()
        .map(|hosted| (vec![("context", hosted.running.name())], float(hosted.running.head())));
    let open = std::iter::once((Vec::new(), float(watches.try_into().unwrap_or(u64::MAX))));
    page.gauge("watershed_http_watches", "Open watches.", open);
    page.gauge("watershed_log_head_position", "The log's last durable position.", heads);
    Ok(text(page.finish()))
}

/// How things stand, each with the context that it is of.
#[derive(Default)]
struct Standing {
    views: Vec<(&'static str, ViewStatus)>,
    /// But for those that are gone.
    editions: Vec<(&'static str, EditionStatus)>,
    imports: Vec<(&'static str, ImportStatus)>,
}

impl Standing {
    async fn of(contexts: &[Hosted], who: &Principal) -> Result<Self, Problem> {
        let mut all = Self::default();
        for Hosted { running, .. } in contexts {
            let context = running.name();
            all.views.extend(running.views(who).await?.into_iter().map(|view| (context, view)));
            let editions = running.editions(who, None)?.into_iter();
            let there = editions.filter(|edition| edition.state != EditionState::Retired);
            all.editions.extend(there.map(|edition| (context, edition)));
            let imports = match running.imports(who).await {
                // Whoever may see how views stand sees that.
                Err(ImportError::Denied(_)) => Vec::new(),
                imports => imports?,
            };
            all.imports.extend(imports.into_iter().map(|import| (context, import)));
        }
        Ok(all)
    }

    fn views(&self, page: &mut GaugeText) {
        for (name, help, of) in VIEW_GAUGES {
            let series = self
                .views
                .iter()
                .map(|(context, view)| (vec![("context", *context), ("view", view.name.as_str())], of(view)));
            page.gauge(name, help, series);
        }
        let info = self.views.iter().map(|(context, view)| {
            let labels = vec![
                ("context", *context),
                ("view", view.name.as_str()),
                ("owner", view.owner.as_str()),
                ("freshness", view.freshness.as_str()),
                ("status", view.status.as_str()),
            ];
            (labels, 1.0)
        });
        page.gauge("watershed_view_info", "A view's contract and status; always 1.", info);
    }

    fn editions(&self, page: &mut GaugeText) {
        let numbers: Vec<String> =
            self.editions.iter().map(|(_, edition)| edition.edition.to_string()).collect();
        let labelled = || {
            self.editions.iter().zip(&numbers).map(|((context, edition), number)| {
                let group = edition.group.as_str();
                (vec![("context", *context), ("group", group), ("edition", number.as_str())], edition)
            })
        };
        for (name, help, of) in EDITION_GAUGES {
            page.gauge(name, help, labelled().map(|(labels, edition)| (labels, of(edition))));
        }
        let info = labelled().map(|(mut labels, edition)| {
            labels.extend([
                ("state", edition.state.name()),
                ("flag", edition.flag.name()),
                ("status", edition.status.as_str()),
            ]);
            (labels, 1.0)
        });
        page.gauge("watershed_edition_info", "An edition's state; always 1.", info);
    }
}

type Gauge<T> = (&'static str, &'static str, fn(&T) -> f64);

const EDITION_GAUGES: [Gauge<EditionStatus>; 3] = [
    ("watershed_edition_kept", "1 where this process keeps the edition's rows.", |edition| {
        float(edition.kept_here.into())
    }),
    ("watershed_edition_lag_events", "Events in the log that are not in the edition's rows.", |edition| {
        float(edition.lag_events)
    }),
    ("watershed_edition_parked_keys", "Keys of the edition whose event failed to apply.", |edition| {
        float(edition.parked)
    }),
];

const VIEW_GAUGES: [Gauge<ViewStatus>; 14] = [
    ("watershed_view_position", "Everything up to this position is in the view's rows.", |view| {
        float(view.position)
    }),
    ("watershed_view_lag_events", "Events in the log that are not in the view's rows.", |view| {
        float(view.lag_events)
    }),
    ("watershed_view_lag_seconds", "Age of the oldest event that is not in the view's rows.", |view| {
        float(view.lag_ms) / 1e3
    }),
    ("watershed_view_bound_seconds", "The lag that the view's contract allows.", |view| {
        float(view.bound_ms) / 1e3
    }),
    ("watershed_view_within_bound", "1 where the view keeps its contract.", |view| {
        float(view.within_bound.into())
    }),
    (
        "watershed_view_keeps_contract",
        "1 where the view keeps everything that its contract promises.",
        |view| float(view.keeps_contract.into()),
    ),
    ("watershed_view_drift", "Rows that are known not to be what they should be.", |view| float(view.drift)),
    (
        "watershed_view_drift_since_seconds",
        "Since when the longest of them, in seconds of 1970; 0 for none.",
        |view| seconds(view.drift_since),
    ),
    ("watershed_view_looked_at_seconds", "When rows were last held against the log; 0 for never.", |view| {
        seconds(view.looked_at)
    }),
    (
        "watershed_view_keeps_retention",
        "1 where rows that are past the age that the contract allows are deleted in time.",
        |view| float(view.keeps_retention.into()),
    ),
    ("watershed_view_parked_keys", "Keys whose event failed to apply.", |view| float(view.parked)),
    ("watershed_view_workers", "Workers that fold the view's group; 0 where it is always current.", |view| {
        float(view.workers.unwrap_or(0).into())
    }),
    ("watershed_view_rebuild_done_events", "Events that a running rebuild has folded.", |view| {
        float(view.rebuild.as_ref().map_or(0, |rebuild| rebuild.done))
    }),
    ("watershed_view_rebuild_total_events", "Events that a running rebuild has to fold.", |view| {
        float(view.rebuild.as_ref().map_or(0, |rebuild| rebuild.total))
    }),
];

fn seconds(time: Option<Timestamp>) -> f64 {
    time.map_or(0.0, |time| time.as_micros() as f64 / 1e6)
}

/// Prometheus knows floating-point numbers only; positions are exact up to 2^53.
fn float(number: u64) -> f64 {
    number as f64
}
