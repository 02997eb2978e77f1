use std::process::ExitCode;
use std::time::Duration;

use serde::Serialize;

use crate::cases::{ALL, Case};
use crate::cli::Cli;
use crate::error::Problem;
use crate::lab::Lab;
use crate::machine::{LOUD, Patience, flush_micros};
use crate::run::{Row, run};
use crate::table::table;

/// Does what the caller asks for, and prints it.
pub(crate) fn report(cli: &Cli) -> Result<ExitCode, Problem> {
    let cases = chosen(&cli.names);
    if cases.is_empty() {
        eprintln!("bench: no case has such a name. `bench --list` prints them.");
        return Ok(ExitCode::FAILURE);
    }
    if cli.list {
        for case in cases {
            println!("{:<22} {}", case.about().name, case.about().measures);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let lab = Lab::new(cli.dir.clone(), cli.quick)?;
    let before = Machine::look(&lab, cli)?;
    before.warn();
    let mut measured = Measured { machine: before, rows: Vec::new(), failed: Vec::new() };
    let mut patience = Patience::of(Duration::from_secs(cli.patience));
    for case in cases {
        eprintln!("measuring {}", case.about().name);
        match run(case, &lab, if cli.quick { 1 } else { cli.rounds }, &mut patience) {
            Ok(rows) => measured.rows.extend(rows),
            Err(problem) => {
                measured.failed.push(Failed { case: case.about().name, problem: problem.to_string() });
            }
        }
    }
    measured.print(cli.json);
    Ok(if measured.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn chosen(names: &[String]) -> Vec<&'static dyn Case> {
    let wanted =
        |case: &&dyn Case| names.is_empty() || names.iter().any(|name| case.about().name.starts_with(name));
    ALL.iter().copied().filter(wanted).collect()
}

/// What was measured on.
#[derive(Serialize)]
struct Machine {
    cores: usize,
    sqlite: &'static str,
    /// The median time of a flush of 4 KiB in the folder, before anything was measured.
    flush_us: f64,
    optimised: bool,
    quick: bool,
}

impl Machine {
    fn look(lab: &Lab, cli: &Cli) -> Result<Self, Problem> {
        Ok(Self {
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            sqlite: rusqlite::version(),
            flush_us: flush_micros(lab.root())?,
            optimised: !cfg!(debug_assertions),
            quick: cli.quick,
        })
    }

    /// Says what makes the numbers worth less.
    fn warn(&self) {
        if self.quick {
            eprintln!("bench: --quick shows that everything works; the numbers mean nothing");
        } else if !self.optimised {
            eprintln!("bench: not built with --release; the numbers mean nothing");
        }
        if self.flush_us < 5.0 {
            eprintln!("bench: a flush takes {} us: this folder is not on a disk", self.flush_us);
        }
        if self.flush_us > 1_000.0 {
            eprintln!("bench: a flush takes {:.0} us: the disk is slow or busy", self.flush_us);
        }
    }
}

/// A case that gave no number.
#[derive(Serialize)]
struct Failed {
    case: &'static str,
    problem: String,
}

/// Everything that came out.
#[derive(Serialize)]
struct Measured {
    machine: Machine,
    rows: Vec<Row>,
    failed: Vec<Failed>,
}

impl Measured {
    fn print(&self, json: bool) {
        if json {
            match serde_json::to_string_pretty(self) {
                Ok(text) => println!("{text}"),
                // invariant: the rows hold texts and finite numbers
                Err(error) => eprintln!("bench: {error}"),
            }
        } else {
            println!("{}", table(&self.rows));
            println!(
                "{} cores, SQLite {}, a flush takes {:.0} us; others: cores that other processes used in the loudest run",
                self.machine.cores, self.machine.sqlite, self.machine.flush_us
            );
        }
        for failed in &self.failed {
            eprintln!("bench: {} gave no number: {}", failed.case, failed.problem);
        }
        if self.rows.iter().any(|row| row.others_cores.is_some_and(|cores| cores > LOUD)) {
            eprintln!(
                "bench: the machine was not quiet in runs marked with !, so their verdicts are in brackets; measure those again"
            );
        }
    }
}
