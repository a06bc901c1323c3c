//! A download over several connections at once: each fetches one segment after another and opens it run by run, so
//! that receiving, opening and writing overlap. A fixed number of runs is in memory.

use std::{ops::Range, sync::Arc};

use tokio::task::JoinSet;

use super::{
    buffers::Room,
    download::{Download, Expected, Pieces, Source},
    landing::Landing,
    lanes::{Lane, Lanes},
    segments::RUN_BYTES,
};
use crate::{error::Result, threads::joined};

/// Connections at most. The relay allows eight on a ticket.
const MOST_LANES: usize = 4;
/// Runs in memory at most: more than there are lanes, so that a lane that waits keeps none from working.
const RUNS_IN_MEMORY: usize = 12;

/// A download into files.
pub struct Ranged {
    download: Download,
    expected: Expected,
    landing: Arc<Landing>,
    room: Room,
}

impl Ranged {
    /// Of this content, into these files.
    pub fn new(download: Download, expected: Expected, landing: Arc<Landing>) -> Self {
        Self { download, expected, landing, room: Room::new(RUNS_IN_MEMORY, RUN_BYTES as usize) }
    }

    /// Fetches, verifies and writes these runs.
    pub async fn fetch(self, missing: Vec<Range<u64>>) -> Result<()> {
        let this = Arc::new(self);
        tokio::select! {
            result = Arc::clone(&this).fetch_all(missing) => result,
            () = this.download.watch_sender() => unreachable!("it is watched forever"),
        }
    }

    async fn fetch_all(self: Arc<Self>, missing: Vec<Range<u64>>) -> Result<()> {
        let lanes = Lanes::new(MOST_LANES);
        let mut running = JoinSet::new();
        for segment in self.landing.runs().segments(missing) {
            let lane = tokio::select! {
                lane = lanes.enter() => lane,
                Some(result) = failed(&mut running) => return result,
            };
            running.spawn(Arc::clone(&self).fetch_segment(segment, lane));
        }
        all(running).await
    }

    async fn fetch_segment(self: Arc<Self>, runs: Range<u64>, lane: Lane) -> Result<()> {
        let start = self.expected.start_bytes();
        let sealed = self.landing.runs().sealed(&runs);
        // The first one brings header and nonce too.
        let from = if runs.start == 0 { 0 } else { start + sealed.start };
        let mut pieces = Pieces::of(Source::new(self.download.clone(), from..start + sealed.end));
        if runs.start == 0 {
            self.expected.check_start(&mut pieces).await?;
        }
        let mut landing = JoinSet::new();
        for number in runs {
            let (mut place, run) = (self.room.enter().await, self.landing.runs().get(number));
            place.shorten((run.sealed.end - run.sealed.start) as usize);
            pieces.fill(&mut place).await?;
            let files = Arc::clone(&self.landing);
            landing.spawn_blocking(move || files.land(&run, &mut place));
            while let Some(landed) = landing.try_join_next() {
                joined(landed)?;
            }
        }
        lane.carried(sealed.end - sealed.start);
        all(landing).await
    }
}

/// Waits for all of them, or the first that fails.
async fn all(mut tasks: JoinSet<Result<()>>) -> Result<()> {
    while let Some(result) = tasks.join_next().await {
        joined(result)?;
    }
    Ok(())
}

/// Waits for one that fails; nothing once all have worked.
async fn failed(tasks: &mut JoinSet<Result<()>>) -> Option<Result<()>> {
    while let Some(result) = tasks.join_next().await {
        if let Err(error) = joined(result) {
            return Some(Err(error));
        }
    }
    None
}
