//! Commands over several connections at once: what is sent to one thing goes over one of them, so that it keeps its order.

use tokio::task::JoinSet;

/// A connection, and what goes over it.
pub(crate) trait Lane: Send + Sized + 'static {
    type Step: Send + 'static;

    /// The id of what the step is sent to.
    fn target(step: &Self::Step) -> &str;

    /// Sends the steps, one after the other.
    fn send_all(&mut self, steps: Vec<Self::Step>) -> impl Future<Output = Result<(), String>> + Send;
}

/// Lanes, and what each is to send next.
pub(crate) struct Lanes<L: Lane>(Vec<(L, Vec<L::Step>)>);

impl<L: Lane> Lanes<L> {
    pub(crate) fn open(count: usize, lane: impl Fn() -> Result<L, String>) -> Result<Self, String> {
        let lanes: Result<_, String> = (0..count).map(|_| Ok((lane()?, Vec::new()))).collect();
        Ok(Self(lanes?))
    }

    /// Has the step sent with the next ones.
    pub(crate) fn add(&mut self, step: L::Step) {
        let hash =
            L::target(&step).bytes().fold(0_usize, |hash, byte| hash.wrapping_mul(31) + usize::from(byte));
        let lane = hash % self.0.len();
        self.0[lane].1.push(step);
    }

    /// Sends what was added, over all lanes at once, and waits until all of it is answered.
    pub(crate) async fn send(&mut self) -> Result<(), String> {
        let mut sending = JoinSet::new();
        for (place, (mut lane, steps)) in self.0.drain(..).enumerate() {
            sending.spawn(async move {
                lane.send_all(steps).await?;
                Ok::<_, String>((place, lane))
            });
        }
        let mut sent = Vec::with_capacity(sending.len());
        while let Some(lane) = sending.join_next().await {
            sent.push(lane.map_err(|error| error.to_string())??);
        }
        sent.sort_unstable_by_key(|(place, _)| *place);
        self.0 = sent.into_iter().map(|(_, lane)| (lane, Vec::new())).collect();
        Ok(())
    }

    pub(crate) fn into_lanes(self) -> impl Iterator<Item = L> {
        self.0.into_iter().map(|(lane, _)| lane)
    }
}
