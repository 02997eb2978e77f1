use super::{About, Case, Reading, Round};
use crate::error::Problem;
use crate::lab::Lab;
use crate::line::{Line, Unit};
use crate::pg::{Node, Orders, Part, Plain, Sent, Server};
use crate::raw::STREAMS;

static ALONE: Line = Line::told("one alone", Unit::PerSecond);
static TOGETHER: Line = Line::told("both together", Unit::PerSecond).times_at_least(0.75);
static SLOWER: Line = Line::told("the slower", Unit::PerSecond).times_at_least(0.7);
static CONTENDED: Line = Line::told("both together", Unit::PerSecond);
static CONTENDED_SLOWER: Line = Line::told("the slower", Unit::PerSecond);
static P99: Line = Line::told("p99", Unit::Millis);

const SECONDS: f64 = 5.0;
/// The numbers of a node's commands begin so far from those of the other.
const APART: u64 = 1 << 40;

/// Two processes that append to one log, beside one of them alone; and that one beside plain inserts of 64 rows a transaction.
pub(crate) struct TwoNodes {
    name: &'static str,
    measures: &'static str,
    is_shared: bool,
    together: &'static Line,
    slower: &'static Line,
}

impl TwoNodes {
    /// Each with families of its own: as where a family's commands go to one node.
    pub(crate) const OWN: Self = Self {
        name: "postgres-two-nodes",
        measures: "two processes with 64 callers each on one log, beside one of them alone, beside plain inserts in batches",
        is_shared: false,
        together: &TOGETHER,
        slower: &SLOWER,
    };
    /// Both with the same 2,000 families: what one knows of a family is often old.
    pub(crate) const SHARED: Self = Self {
        name: "postgres-two-nodes-shared",
        measures: "the same where both send to the same 2,000 families",
        is_shared: true,
        together: &CONTENDED,
        slower: &CONTENDED_SLOWER,
    };

    fn send(&self, lab: &Lab, server: &Server, nodes: u64) -> Result<Vec<Sent>, Problem> {
        let options = server.options();
        let (mut folders, mut started) = (Vec::new(), Vec::new());
        for number in 0..nodes {
            let folder = lab.dir()?;
            started.push(Node::start(&Orders {
                server: options.server.clone(),
                schema: options.schema.clone(),
                dir: folder.path().to_owned(),
                name: format!("node-{number}"),
                part: Part::Sends {
                    callers: 64,
                    time: lab.time(SECONDS),
                    families: if self.is_shared { 0 } else { number * STREAMS },
                    first: number * APART,
                },
            })?);
            folders.push(folder);
        }
        started.iter_mut().try_for_each(Node::go)?;
        started.iter_mut().map(Node::sent).collect()
    }
}

impl Case for TwoNodes {
    fn about(&self) -> About {
        About { name: self.name, measures: self.measures }
    }

    fn prepare<'a>(&'a self, lab: &'a Lab) -> Result<Round<'a>, Problem> {
        let server = Server::start();
        Ok(Box::new(move || {
            let raw = lab.runtime()?.block_on(async {
                let plain = Plain::on(&server).await?;
                plain.batches(0, lab.time(SECONDS)).await
            })?;
            let alone = self.send(lab, &server, 1)?;
            let both = self.send(lab, &server, 2)?;
            let rate = |sent: &[Sent]| sent.iter().map(|sent| sent.rate).sum::<f64>();
            let p99 = |sent: &[Sent]| sent.iter().map(|sent| sent.p99).fold(0.0, f64::max);
            let fastest = both.iter().map(|sent| sent.rate).fold(0.0, f64::max);
            let slowest = both.iter().map(|sent| sent.rate).fold(f64::INFINITY, f64::min);
            Ok(vec![
                Reading::beside(&ALONE, rate(&alone), raw),
                Reading::beside(self.together, rate(&both), rate(&alone)),
                Reading::beside(self.slower, slowest, fastest),
                Reading::beside(&P99, p99(&both), p99(&alone)),
            ])
        }))
    }
}
