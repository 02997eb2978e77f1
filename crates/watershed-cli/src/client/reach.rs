use std::path::Path;

use serde_json::Value;

use super::connection::Client;
use super::door::{Context, Door};
use crate::args::Global;
use crate::error::CliError;
use crate::host::{Opened, holder_of, is_data_folder};
use crate::program::Program;
use crate::settings::{Role, Settings};

/// Finds the way to the API: the server that was named, or else the one that holds the data folder, or else the folder.
pub(crate) async fn reach(program: &Program, settings: &Settings, global: &Global) -> Result<Door, CliError> {
    let context = Context { name: context_of(program, global)?, is_named: global.context.is_some() };
    if let Some(url) = &global.server {
        return Ok(Door::server(Client::new(url)?, context, true));
    }
    if let Some(client) = holding_server(&settings.data.join(&context.name), settings).await {
        return Ok(Door::server(client, context, false));
    }
    let is_there = settings.store.url.is_some()
        || program.contexts.iter().any(|hosted| is_data_folder(&settings.data.join(hosted.name)));
    if !is_there {
        return Err(CliError::NoData { folder: settings.data.clone(), program: program.name });
    }
    Ok(Door::folder(Opened::open(program, settings, Role::Guest).await?, context))
}

fn context_of(program: &Program, global: &Global) -> Result<String, CliError> {
    let known = || program.contexts.iter().map(|hosted| hosted.name);
    match &global.context {
        // Another program's server may host what this one does not know.
        Some(name) if global.server.is_some() || known().any(|other| other == name) => Ok(name.clone()),
        Some(name) => {
            let known: Vec<&str> = known().collect();
            Err(CliError::NoContext { name: name.clone(), known: known.join(", ") })
        }
        None => Ok(known().next().unwrap_or_default().to_owned()),
    }
}

/// The server that says it holds the folder, if it answers and is the very process that said so. Not one with another store than the
/// one that is named: it would answer of what was not asked for.
async fn holding_server(folder: &Path, settings: &Settings) -> Option<Client> {
    let holder = holder_of(folder)?;
    if settings.store.url.is_some() && settings.store.place() != holder.store {
        return None;
    }
    let mut client = Client::new(&holder.url).ok()?;
    let health: Value = client.get("/healthz").await.ok()?.json().ok()?;
    (health["process"].as_u64() == Some(holder.process.into())).then_some(client)
}
