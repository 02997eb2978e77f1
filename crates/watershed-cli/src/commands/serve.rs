use crate::args::Serve;
use crate::error::CliError;
use crate::host::{self, Port, told_to_stop};
use crate::output::{Screen, thousands};
use crate::program::Program;
use crate::settings::Settings;

/// Starts the server, and serves until told to stop.
pub(super) async fn serve(
    program: &Program,
    settings: Settings,
    how: &Serve,
    screen: Screen,
) -> Result<(), CliError> {
    let settings = settings.served_as(how);
    let serving = host::serve(program, &settings, Port::Exact).await?;
    let stopped = told_to_stop();
    let (address, events) = (serving.address, thousands(serving.events));
    let place = settings.place();
    screen.line(&format!("Serving {place} ({events} events) on http://{address} until Ctrl-C."))?;
    stopped.await;
    serving.stop().await
}
