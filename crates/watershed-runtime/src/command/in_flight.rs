use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxBuildHasher;
use watershed_core::Tenant;

const SHARDS: usize = 16;

type Keys = HashSet<(Tenant, Arc<str>), FxBuildHasher>;

/// The idempotency keys of commands that are being taken right now in this process.
///
/// Other processes' twins are caught by the log, which takes a key once.
#[derive(Default)]
pub(crate) struct InFlight {
    shards: [Mutex<Keys>; SHARDS],
}

impl InFlight {
    /// Claims the key until the claim is dropped; `None` where another command has it.
    pub(crate) fn claim(self: &Arc<Self>, tenant: &Tenant, key: &Arc<str>) -> Option<Claim> {
        let shard = shard_of(key);
        let claimed = self.shards[shard]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert((tenant.clone(), key.clone()));
        claimed.then(|| Claim { of: self.clone(), shard, key: (tenant.clone(), key.clone()) })
    }
}

fn shard_of(key: &str) -> usize {
    use std::hash::BuildHasher;
    // The high bits: the set inside the shard uses the low ones.
    (FxBuildHasher.hash_one(key) >> 48) as usize % SHARDS
}

/// A claimed key.
pub(crate) struct Claim {
    of: Arc<InFlight>,
    shard: usize,
    key: (Tenant, Arc<str>),
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.of.shards[self.shard].lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}
