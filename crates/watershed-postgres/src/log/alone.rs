/// How many groups in a row must have met nobody else before that is taken to be so again: at first, and at most.
const FEWEST: u32 = 4;
const MOST: u32 = 64;

/// Whether a process is likely the only one that appends just now.
pub(super) struct Alone {
    needed: u32,
    met_nobody: u32,
}

impl Default for Alone {
    fn default() -> Self {
        Self { needed: FEWEST, met_nobody: FEWEST }
    }
}

impl Alone {
    pub(super) fn is_likely(&self) -> bool {
        self.met_nobody >= self.needed
    }

    /// A group under the lock has found the log's end where this process had left it, or not.
    pub(super) fn has_met(&mut self, nobody: bool) {
        if nobody {
            self.met_nobody = self.met_nobody.saturating_add(1);
            if self.met_nobody > MOST {
                self.needed = FEWEST;
            }
            return;
        }
        // Guessing wrong costs a round trip: the more often, the longer it is left alone.
        if self.is_likely() {
            self.needed = (self.needed * 2).min(MOST);
        }
        self.met_nobody = 0;
    }
}
