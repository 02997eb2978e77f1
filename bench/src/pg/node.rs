//! A node in a process of its own: this program, started once more with orders.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use watershed_postgres::{Options, PostgresLog};

use crate::coop::{Coop, Views, family, risk};
use crate::error::Problem;
use crate::mix::mix;
use crate::raw::STREAMS;

/// The first word of a node: it has begun.
const READY: &str = "ready";
/// How often it is looked who keeps the rows.
const LOOK: Duration = Duration::from_millis(10);

/// What a node is to do.
#[derive(Serialize, Deserialize)]
pub(crate) struct Orders {
    /// Where the server is.
    pub(crate) server: String,
    /// The schema of the log.
    pub(crate) schema: String,
    /// A folder for what is only the node's.
    pub(crate) dir: PathBuf,
    /// Its name.
    pub(crate) name: String,
    /// Its part.
    pub(crate) part: Part,
}

/// A node's part.
#[derive(Serialize, Deserialize)]
pub(crate) enum Part {
    /// It sends commands once it is told to go, and answers with [`Sent`].
    Sends {
        /// So many callers.
        callers: u64,
        /// For so long.
        time: Duration,
        /// To the families with this number and those after it.
        families: u64,
        /// Its commands' numbers begin here.
        first: u64,
    },
    /// It keeps the detail of each family, until nobody needs it any more.
    Keeps,
}

/// What came of a node's commands.
#[derive(Serialize, Deserialize)]
pub(crate) struct Sent {
    /// Commands in a second.
    pub(crate) rate: f64,
    /// Of their latency, in milliseconds.
    pub(crate) p99: f64,
}

/// A node, as whoever has started it sees it. It ends when this is dropped.
pub(crate) struct Node {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Node {
    /// Starts a node, and waits until it is ready.
    pub(crate) fn start(orders: &Orders) -> Result<Self, Problem> {
        let orders = serde_json::to_string(orders).map_err(Problem::product)?;
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--node", &orders])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (Some(orders), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Problem::Stopped("a node"));
        };
        let mut node = Self { child, orders, answers: BufReader::new(answers) };
        if node.line()? == READY { Ok(node) } else { Err(Problem::Stopped("a node")) }
    }

    /// Tells it to go.
    pub(crate) fn go(&mut self) -> Result<(), Problem> {
        Ok(self.orders.write_all(b"go\n")?)
    }

    /// What came of its commands.
    pub(crate) fn sent(&mut self) -> Result<Sent, Problem> {
        serde_json::from_str(&self.line()?).map_err(|_| Problem::Stopped("a node"))
    }

    fn line(&mut self) -> Result<String, Problem> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Is a node, until its part is over.
pub(crate) fn serve(orders: &str) -> Result<(), Problem> {
    let orders: Orders = serde_json::from_str(orders).map_err(Problem::product)?;
    let mut options = Options::new(orders.server);
    options.schema = orders.schema;
    // Two of them and their server share two cores: with two threads each they would stand in each other's way, as two machines do not.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    match orders.part {
        Part::Sends { callers, time, families, first } => {
            let coop = runtime.block_on(async {
                let log = PostgresLog::open(options).await.map_err(Problem::product)?;
                let coop = Coop::on(Arc::new(log), &orders.dir, Views::None).await?;
                coop.enroll(families..families + STREAMS).await?;
                Ok::<_, Problem>(coop)
            })?;
            say(READY);
            wait()?;
            let command = move |number: u64| risk(family(families + mix(number) % STREAMS), number);
            let load = runtime.block_on(coop.load_from(first, callers, time, command))?;
            let sent = Sent { rate: load.rate(), p99: load.latency.millis(0.99) };
            say(&serde_json::to_string(&sent).map_err(Problem::product)?);
            runtime.block_on(coop.close());
        }
        Part::Keeps => {
            let coop = runtime.block_on(async {
                let coop = Coop::node(options, Views::Detail, &orders.name).await?;
                while !coop.keeps("family_detail").await? {
                    tokio::time::sleep(LOOK).await;
                }
                Ok::<_, Problem>(coop)
            })?;
            say(READY);
            wait()?;
            runtime.block_on(coop.close());
        }
    }
    Ok(())
}

fn say(line: &str) {
    println!("{line}");
}

/// Waits for a word, or for the end of whoever has started this.
fn wait() -> Result<(), Problem> {
    std::io::stdin().read_line(&mut String::new())?;
    Ok(())
}
