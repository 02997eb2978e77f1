use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// The command line.
#[derive(Debug, Parser)]
#[command(
    version,
    disable_help_subcommand = true,
    after_help = "Without a command: demo.\n\
        Settings come from watershed.toml, then the environment (WATERSHED__SERVER__LISTEN=...), then the command line.\n\
        Exit codes: 0 done, 1 something found is not as it should be, 2 wrong command line, 3 no server and no data, 4 refused."
)]
pub(crate) struct CommandLine {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What every command takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct Global {
    /// The data folder [default: ./watershed-data]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The log's PostgreSQL server, where the log is not in the data folder: postgres://app@db.example/app. Passwords stand better
    /// in PGPASSWORD or ~/.pgpass
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) store: Option<String>,
    /// Ask this server rather than the one that holds the data folder
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) server: Option<String>,
    /// The bounded context, where there are several
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) context: Option<String>,
    /// The settings file [default: watershed.toml, where there is one]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// JSON, one object a line, as it is where the output is no terminal
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start the server, play a made-up year into it, and keep serving
    Demo(Demo),
    /// Start the server
    Serve(Serve),
    /// The events of the whole log
    Events(Events),
    /// What happened to one thing
    Streams(Streams),
    /// How the views stand and what they promise; pause, rebuild, reconcile and repair them, ship new versions
    Views {
        #[command(subcommand)]
        change: Option<ViewChange>,
    },
    /// The processes that share the rows on a server, and which of them keeps which
    Nodes,
    /// Keys whose event failed to apply; try them again or skip the event
    Parked {
        #[command(subcommand)]
        action: Option<ParkedAction>,
    },
    /// Bring in records from outside: a file with one JSON object a line
    Import(Import),
    /// Lines that imports could not take; try them again or let them go
    Imports {
        #[command(subcommand)]
        action: Option<ImportsAction>,
    },
    /// The log: verify it, export its head
    Log {
        #[command(subcommand)]
        action: LogAction,
    },
    /// The tables on PostgreSQL: bring them up to this program
    Store {
        #[command(subcommand)]
        action: StoreAction,
    },
    /// Check everything, and say what to do
    Doctor,
}

#[derive(Debug, Default, Args)]
pub(crate) struct Demo {
    #[command(flatten)]
    pub(crate) serve: Serve,
    /// How much to play
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) families: Option<u32>,
}

#[derive(Debug, Default, Args)]
pub(crate) struct Serve {
    /// Where to listen [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
    /// Listen beyond this machine although anybody may do anything
    #[arg(long)]
    pub(crate) expose_unauthenticated: bool,
    /// This process's name among those that share the rows: no two may have the same [default: made of the machine's name and chance]
    #[arg(long, value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) node: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Events {
    /// Events after this position
    #[arg(long, default_value_t = 0, value_name = "POSITION")]
    pub(crate) after: u64,
    /// At most so many; all where nobody says
    #[arg(long, value_name = "NUMBER")]
    pub(crate) limit: Option<u64>,
    /// Go on as events come in
    #[arg(long, conflicts_with = "limit")]
    pub(crate) follow: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Streams {
    /// What kind of thing: family
    pub(crate) category: String,
    /// Which one: family-00042
    pub(crate) id: String,
    /// The state at this version or time, instead of the events
    #[arg(long, value_name = "VERSION|TIME")]
    pub(crate) at: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ViewChange {
    /// Stop a view's projector after its present batch
    Pause { name: String },
    /// Start it again
    Resume { name: String },
    /// Fold a view's group with so many workers from its next batch on: 1 to 16
    Workers { name: String, workers: u64 },
    /// Build a view's rows anew from the log: all, one, or those that a part of the log concerns
    Rebuild(Rebuild),
    /// Hold rows against the log: those of one view's group, or of all
    Reconcile(Reconcile),
    /// Rows that are known not to be what they should be
    Drift { name: Option<String> },
    /// Put right what is known to be wrong in a view's group, or one row
    Repair {
        name: String,
        /// This row
        #[arg(long)]
        key: Option<String>,
        /// The row's tenant
        #[arg(long, default_value = "default", requires = "key")]
        tenant: String,
    },
    /// Which rows of a view's group have changed, by number: its journal
    Changes(Changes),
    /// What every view promises, and whether it keeps it
    Contract {
        /// As a table for documents
        #[arg(long)]
        markdown: bool,
    },
    /// The editions of a view, or of all: which one serves, and how far the others are
    Versions { name: Option<String> },
    /// Fill a new version from the log, beside the one that serves
    Backfill {
        #[command(flatten)]
        which: Which,
        /// At most so many events a second
        #[arg(long, value_name = "EVENTS")]
        rate: Option<u64>,
    },
    /// Hold a version against the one that serves, row by row
    Verify {
        #[command(flatten)]
        which: Which,
    },
    /// Have a verified version serve
    Cutover {
        #[command(flatten)]
        which: Which,
    },
    /// Have the version serve that did before the cutover
    Rollback {
        #[command(flatten)]
        which: Which,
    },
    /// Remove a version that does not serve
    Retire {
        #[command(flatten)]
        which: Which,
    },
    /// Save the rows that serve as `snapshots/SNAPSHOT.db` in the context's data folder
    Save { name: String, snapshot: String },
    /// Make an edition of saved rows, which catches up from where they stand
    Restore { name: String, snapshot: String },
    /// Put a view in use (serving), keep it up unseen (shadow), or do neither (off)
    Flag { name: String, flag: FlagArg },
}

#[derive(Debug, Args)]
pub(crate) struct Changes {
    pub(crate) name: String,
    /// Changes after this number
    #[arg(long, default_value_t = 0, value_name = "NUMBER")]
    pub(crate) after: u64,
    /// At most so many; all where nobody says
    #[arg(long, value_name = "NUMBER")]
    pub(crate) limit: Option<u64>,
}

/// An edition of a view.
#[derive(Debug, Args)]
pub(crate) struct Which {
    pub(crate) name: String,
    /// Which edition, where there are several
    #[arg(long, value_name = "NUMBER")]
    pub(crate) edition: Option<u32>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum FlagArg {
    Off,
    Shadow,
    Serving,
}

#[derive(Debug, Args)]
pub(crate) struct Rebuild {
    pub(crate) name: String,
    /// The row with this key
    #[arg(long, conflicts_with_all = ["from", "to", "since", "until"])]
    pub(crate) key: Option<String>,
    /// The row's tenant
    #[arg(long, default_value = "default", requires = "key")]
    pub(crate) tenant: String,
    /// Rows that events from this position concern
    #[arg(long, value_name = "POSITION")]
    pub(crate) from: Option<u64>,
    /// Rows that events up to this position concern
    #[arg(long, value_name = "POSITION")]
    pub(crate) to: Option<u64>,
    /// Rows that events recorded at or after this day or time concern
    #[arg(long, value_name = "DATE|TIME")]
    pub(crate) since: Option<String>,
    /// Rows that events recorded before this day or time concern
    #[arg(long, value_name = "DATE|TIME")]
    pub(crate) until: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Reconcile {
    pub(crate) name: Option<String>,
    /// Everything, as of one moment: what is done where nothing is said
    #[arg(long, conflicts_with = "sample")]
    pub(crate) offline: bool,
    /// About so many rows of each read model
    #[arg(long, value_name = "NUMBER")]
    pub(crate) sample: Option<u64>,
    /// Put right what is found
    #[arg(long)]
    pub(crate) repair: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ParkedAction {
    /// Every key, rather than one line for each cause
    List {
        /// Of this view only
        #[arg(long)]
        view: Option<String>,
    },
    /// Try a key's events again, or those of all keys that are parked for one cause
    Retry {
        view: String,
        #[arg(required_unless_present = "cause")]
        key: Option<String>,
        /// The cause's fingerprint, as `parked` shows it
        #[arg(long, conflicts_with = "key", value_name = "FINGERPRINT")]
        cause: Option<String>,
        /// The tenant
        #[arg(long, default_value = "default")]
        tenant: String,
    },
    /// Pass over the event that a key is parked on
    Skip {
        view: String,
        key: String,
        /// The event, so that nobody skips one that they have not seen
        #[arg(long)]
        position: u64,
        /// The tenant
        #[arg(long, default_value = "default")]
        tenant: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The bounded context: parcel
    pub(crate) into: String,
    /// The import: carrier_reports
    pub(crate) import: String,
    /// The file, or - for the standard input
    pub(crate) file: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ImportsAction {
    /// The lines of an import that could not be taken
    List { import: String },
    /// One of them, whole
    Show { import: String, number: u64 },
    /// Try a line again, or all of them
    Retry {
        import: String,
        #[arg(required_unless_present = "all")]
        number: Option<u64>,
        /// All lines of the import
        #[arg(long, conflicts_with = "number")]
        all: bool,
    },
    /// Let a line go that will never be taken
    Discard { import: String, number: u64 },
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum LogAction {
    /// Check every event and every link
    Verify,
    /// Which log it is, and how far it has come
    Head,
    /// Verify, and print the head with its link, to be kept elsewhere
    ExportHead,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum StoreAction {
    /// Make the tables, or bring them to where this program knows them; `serve` does so too, where it may
    Migrate {
        /// Print the SQL that would be run, for somebody to run by hand, and change nothing
        #[arg(long)]
        print: bool,
        /// Print the SQL that makes everything anew, without asking a server
        #[arg(long, requires = "print")]
        all: bool,
    },
}
