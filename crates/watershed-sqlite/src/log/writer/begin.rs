use std::sync::Arc;

use watershed_core::ports::NameCache;

use super::Writer;
use super::group::Group;
use super::heads::Heads;
use crate::log::file::LogFile;
use crate::log::inline::InlineRows;
use crate::log::readers::Reader;
use crate::log::shared::Shared;

/// What a writer starts from.
pub(crate) struct Beginning {
    pub(crate) shared: Arc<Shared>,
    pub(crate) log: LogFile,
    pub(crate) reader: Reader,
    pub(crate) inline_rows: Arc<dyn InlineRows>,
}

impl Writer {
    pub(crate) fn new(beginning: Beginning) -> Self {
        let Beginning { shared, log, reader, inline_rows } = beginning;
        Self {
            heads: Heads::new(shared.options.heads),
            layers: shared.tail.layers(),
            connection: log.connection,
            link: log.link,
            checksum: log.checksum,
            names: NameCache::default(),
            inline: Vec::new(),
            queued: Vec::new(),
            group: Group::default(),
            shared,
            reader,
            inline_rows,
        }
    }
}
