//! A download over several connections at once: each fetches one segment after another and opens it run by run, so
//! that receiving, opening and writing overlap. A fixed number of runs is in memory.

use std::{ops::Range, sync::Arc};

use tokio::task::JoinSet;

use super::{
    buffer_pool::BufferPool,
    download::{Download, Expected, Pieces, Source},
    download_sink::DownloadSink,
    segments::RUN_BYTES,
};
use crate::{error::Result, threads::joined};

/// Connections. The relay allows eight on a ticket.
const CONNECTIONS: usize = 4;
/// Runs in memory at most: more than there are connections, so that one that waits keeps none from working.
const RUNS_IN_MEMORY: usize = 12;

/// A download into files.
struct Ranged {
    download: Download,
    expected: Expected,
    sink: Arc<DownloadSink>,
    buffers: BufferPool,
}

/// Fetches, verifies and writes these runs of the content.
pub async fn fetch(
    download: Download,
    expected: Expected,
    sink: Arc<DownloadSink>,
    missing: Vec<Range<u64>>,
) -> Result<()> {
    let buffers = BufferPool::new(RUNS_IN_MEMORY, RUN_BYTES as usize);
    let ranged = Arc::new(Ranged { download, expected, sink, buffers });
    tokio::select! {
        result = Arc::clone(&ranged).fetch_all(missing) => result,
        () = ranged.download.watch_sender() => unreachable!("it is watched forever"),
    }
}

impl Ranged {
    async fn fetch_all(self: Arc<Self>, missing: Vec<Range<u64>>) -> Result<()> {
        let mut running = JoinSet::new();
        for segment in self.sink.runs().segments(missing) {
            if running.len() == CONNECTIONS {
                joined(running.join_next().await.expect("some are running"))?;
            }
            running.spawn(Arc::clone(&self).fetch_segment(segment));
        }
        all(running).await
    }

    async fn fetch_segment(self: Arc<Self>, runs: Range<u64>) -> Result<()> {
        let start = self.expected.start_bytes();
        let sealed = self.sink.runs().sealed(&runs);
        // The first one brings header and nonce too.
        let from = if runs.start == 0 { 0 } else { start + sealed.start };
        let mut pieces = Pieces::of(Source::new(self.download.clone(), from..start + sealed.end));
        if runs.start == 0 {
            self.expected.check_start(&mut pieces).await?;
        }
        let mut writing = JoinSet::new();
        for number in runs {
            let (mut buffer, run) = (self.buffers.take().await, self.sink.runs().get(number));
            buffer.shorten((run.sealed.end - run.sealed.start) as usize);
            pieces.fill(&mut buffer).await?;
            let sink = Arc::clone(&self.sink);
            writing.spawn_blocking(move || sink.write(&run, &mut buffer));
            while let Some(written) = writing.try_join_next() {
                joined(written)?;
            }
        }
        all(writing).await
    }
}

/// Waits for all of them, or the first that fails.
async fn all(mut tasks: JoinSet<Result<()>>) -> Result<()> {
    while let Some(result) = tasks.join_next().await {
        joined(result)?;
    }
    Ok(())
}
