use watershed_core::ports::{KeyRecord, Later, LogError, LogIndex, ReadFrom, Scope, Snapshot, Snapshots};
use watershed_core::{Boundary, Position, StreamId, Tag, Tenant, Version};

use super::appending::joined;
use super::faults::Fault;
use super::fixture::Faulty;

impl LogIndex for Faulty {
    fn find_key<'a>(
        &'a self,
        tenant: &'a Tenant,
        key: &'a str,
    ) -> Later<'a, Result<Option<KeyRecord>, LogError>> {
        Box::pin(async move {
            let mut found = self.log.find_key(tenant, key).await?;
            let head = self.log.head();
            match self.fault {
                Fault::ForgetsKeys if self.again => return Ok(None),
                Fault::ForgetsOldKeys => found = found.filter(|record| record.position + 10_000 > head),
                Fault::HalfRecord => {
                    if let Some(record) = &mut found {
                        record.events.truncate(1);
                    }
                }
                _ => {}
            }
            Ok(found)
        })
    }

    fn find_tag<'a>(
        &'a self,
        tenant: &'a Tenant,
        tag: &'a Tag,
    ) -> Later<'a, Result<Option<Position>, LogError>> {
        Box::pin(async move {
            let found = self.log.find_tag(tenant, tag).await?;
            match self.fault {
                Fault::StaleTag => Ok(found.filter(|position| *position < self.log.head())),
                Fault::LastOfTag => self.last_of(tenant, tag).await,
                _ => Ok(found),
            }
        })
    }

    fn stream_version<'a>(
        &'a self,
        tenant: &'a Tenant,
        stream: &'a StreamId,
    ) -> Later<'a, Result<Version, LogError>> {
        if !self.has(Fault::JoinedStreams) {
            return self.log.stream_version(tenant, stream);
        }
        Box::pin(async move { self.log.stream_version(tenant, &joined(stream)).await })
    }
}

impl Faulty {
    async fn last_of(&self, tenant: &Tenant, tag: &Tag) -> Result<Option<Position>, LogError> {
        let boundary = Boundary::tag(&tag.name, &tag.value);
        let scope = Scope::Boundary { tenant: tenant.clone(), boundary };
        let events = self.log.read(ReadFrom { scope, after: 0, limit: usize::MAX }).await?;
        Ok(events.events.last().map(|event| event.position))
    }
}

impl Snapshots for Faulty {
    fn load_snapshot<'a>(&'a self, tenant: &'a Tenant, stream: &'a StreamId) -> Later<'a, Option<Snapshot>> {
        if !self.has(Fault::LastSnapshotWins) && !self.has(Fault::TornSnapshots) {
            return self.log.load_snapshot(tenant, stream);
        }
        let mut found = self.snapshots.lock().unwrap().get(&(tenant.clone(), stream.clone())).cloned();
        if let Some(snapshot) = found.as_mut().filter(|_| self.has(Fault::TornSnapshots)) {
            snapshot.state.truncate(4_096);
        }
        Box::pin(std::future::ready(found))
    }

    fn save_snapshot(&self, tenant: &Tenant, stream: &StreamId, snapshot: Snapshot) {
        let key = (tenant.clone(), stream.clone());
        self.snapshots.lock().unwrap().insert(key, snapshot.clone());
        self.log.save_snapshot(tenant, stream, snapshot);
    }
}
