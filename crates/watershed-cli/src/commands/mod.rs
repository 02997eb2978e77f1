//! One file for each command.

mod demo;
mod doctor;
mod events;
mod import;
mod imports;
mod log;
mod nodes;
mod parked;
mod serve;
mod store;
mod streams;
mod views;

use std::process::ExitCode;

use crate::args::{Command, Global};
use crate::client::{Door, reach};
use crate::error::CliError;
use crate::output::Screen;
use crate::program::Program;
use crate::settings::Settings;

/// Carries out a command.
pub(crate) async fn carry_out(
    program: &Program,
    settings: Settings,
    global: &Global,
    command: Command,
) -> Result<ExitCode, CliError> {
    let screen = Screen::new(global.json);
    let asking = match command {
        Command::Demo(how) => {
            return demo::demo(program, settings, &how, screen).await.map(|()| ExitCode::SUCCESS);
        }
        Command::Serve(how) => {
            return serve::serve(program, settings, &how, screen).await.map(|()| ExitCode::SUCCESS);
        }
        Command::Store { action } => return store::store(program, &settings, screen, &action).await,
        other => other,
    };
    // An import names its context as one of its words: it changes what is in there.
    let named = match &asking {
        Command::Import(which) => Global { context: Some(which.into.clone()), ..global.clone() },
        _ => global.clone(),
    };
    let mut door = reach(program, &settings, &named).await?;
    let outcome = ask(&mut door, screen, &settings, asking).await;
    door.close().await;
    outcome
}

async fn ask(
    door: &mut Door,
    screen: Screen,
    settings: &Settings,
    command: Command,
) -> Result<ExitCode, CliError> {
    match command {
        Command::Events(which) => events::events(door, screen, &which).await?,
        Command::Streams(which) => streams::streams(door, screen, &which).await?,
        Command::Views { change: None } => views::statuses(door, screen).await?,
        Command::Views { change: Some(change) } => return views::change(door, screen, &change).await,
        Command::Nodes => nodes::nodes(door, screen).await?,
        Command::Parked { action } => parked::parked(door, screen, action).await?,
        Command::Import(which) => return import::import(door, screen, &which).await,
        Command::Imports { action } => imports::imports(door, screen, action).await?,
        Command::Log { action } => return log::log(door, screen, action).await,
        Command::Doctor => return doctor::doctor(door, screen, settings).await,
        // invariant: they have been carried out before a way to the API was looked for.
        Command::Demo(_) | Command::Serve(_) | Command::Store { .. } => {}
    }
    Ok(ExitCode::SUCCESS)
}
