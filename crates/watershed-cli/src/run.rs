use std::ffi::OsString;
use std::io::ErrorKind;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use crate::args::{Command, CommandLine};
use crate::commands::carry_out;
use crate::error::CliError;
use crate::logging;
use crate::program::Program;
use crate::settings::Settings;

/// Runs the program: reads the command line, carries out the command, and says in words where it cannot.
pub fn run(program: &Program, arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let usage = CommandLine::command().name(program.name).bin_name(program.name).about(program.about);
    let line =
        match usage.try_get_matches_from(arguments).and_then(|found| CommandLine::from_arg_matches(&found)) {
            Ok(line) => line,
            // Help and version are such errors too; clap knows where each belongs.
            Err(error) => {
                let _ = error.print();
                return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
            }
        };
    match carried_out(program, line) {
        Ok(code) => code,
        // Whoever reads no further has what they wanted.
        Err(CliError::Print(error)) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", program.name);
            error.code()
        }
    }
}

fn carried_out(program: &Program, line: CommandLine) -> Result<ExitCode, CliError> {
    let settings = Settings::read(&line.global, std::env::vars())?;
    logging::start(&settings);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(CliError::Runtime)?;
    let command = line.command.unwrap_or_else(|| Command::Demo(Default::default()));
    runtime.block_on(carry_out(program, settings, &line.global, command))
}
