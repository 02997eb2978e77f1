use tracing_subscriber::EnvFilter;

use crate::settings::{LogFormat, Settings};

/// Has the program tell what happens, on the standard error output. Quiet unless told otherwise: warnings and errors.
pub(crate) fn start(settings: &Settings) {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new(settings.log.filter.as_deref().unwrap_or("warn")));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A program that has set up its own telling keeps it.
    let _ = match settings.log.format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
}
