use crate::args::Demo;
use crate::error::CliError;
use crate::host::{self, Port, told_to_stop};
use crate::output::{Screen, thousands};
use crate::program::{Program, Stage};
use crate::settings::Settings;

/// Starts the server, plays the program's demo into it, and serves until told to stop.
pub(super) async fn demo(
    program: &Program,
    settings: Settings,
    how: &Demo,
    screen: Screen,
) -> Result<(), CliError> {
    let settings = settings.served_as(&how.serve);
    let serving = host::serve(program, &settings, Port::OrNext).await?;
    // One ear for all of it: a signal that came between two would be heard by neither.
    let mut stopped = std::pin::pin!(told_to_stop());
    let (address, wanted) = (serving.address, settings.server.listen);
    if address != wanted && wanted.port() != 0 {
        screen.line(&format!("Port {} is taken, so this is on {}.", wanted.port(), address.port()))?;
    }
    let (events, data) = (serving.events, settings.place());
    screen.line(&match events {
        0 => format!("Serving on http://{address}, with new data in {data}."),
        _ => {
            format!("Serving on http://{address}, with the {} events that are in {data}.", thousands(events))
        }
    })?;
    let stage =
        Stage { server: address, data: &settings.data, size: how.families, terminal: screen.terminal };
    let played = tokio::select! {
        played = program.demo.play(stage) => played,
        () = &mut stopped => {
            screen.line("Stopped; the next start goes on from here.")?;
            return serving.stop().await;
        }
    };
    match played {
        Ok(()) => {
            stopped.await;
            serving.stop().await
        }
        Err(problem) => {
            serving.stop().await?;
            Err(CliError::Demo(problem))
        }
    }
}
