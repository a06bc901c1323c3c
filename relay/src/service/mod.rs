//! The calls of the protocol: each admits its caller, loads the share's record, asks the rules, stores what they decide
//! and tells those who wait for it. Nothing here names HTTP or the layout of a disk.

mod change;
mod change_queue;
mod concurrency_limit;
mod download;
mod error;
mod memory;
mod metrics;
mod notifier;
mod relay;
mod stored;
pub mod sweep;
mod unstored;
mod upload;

pub use download::{Backpressure, DownloadBody};
pub use error::Error;
pub use memory::Memory;
pub use metrics::Metrics;
pub use relay::Relay;
pub use stored::short;
