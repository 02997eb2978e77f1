use std::process::ExitCode;

use serde_json::json;
use watershed_postgres::{OwnTables, migrate, pending_sql, whole_sql};

use crate::args::StoreAction;
use crate::error::CliError;
use crate::output::Screen;
use crate::program::Program;
use crate::settings::Settings;

/// Brings the tables of the contexts up to this program, or prints the SQL that does so.
pub(super) async fn store(
    program: &Program,
    settings: &Settings,
    screen: Screen,
    action: &StoreAction,
) -> Result<ExitCode, CliError> {
    let StoreAction::Migrate { print, all } = action;
    for context in &program.contexts {
        let made = (context.make)();
        let own = OwnTables { owner: context.name, steps: made.own_tables() };
        if *all {
            let schema = settings.store.schema(context.name);
            screen.line(&(whole_sql(&schema) + &own.whole_sql(&schema)?))?;
            continue;
        }
        let options = settings.store.options(context.name).ok_or(CliError::NoStore)?;
        let schema = options.schema.clone();
        if *print {
            match pending_sql(&options).await? + &own.pending_sql(&options).await? {
                none if none.is_empty() => screen.line(&format!("-- {schema}: there is nothing to do"))?,
                sql => screen.line(&sql)?,
            }
            continue;
        }
        let mut done = migrate(&options).await?;
        done.extend(own.make(&options).await?);
        let words = match done.len() {
            0 => format!("{schema}: there was nothing to do"),
            _ => format!("{schema}: {}", done.join(", ")),
        };
        screen.done(&words, &json!({ "schema": schema, "done": done }))?;
    }
    Ok(ExitCode::SUCCESS)
}
