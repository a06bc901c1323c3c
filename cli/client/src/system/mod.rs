//! What differs by operating system in files and folders, each with its counterpart. Nothing else names a system.

mod renames;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

pub use renames::Renames;
#[cfg(unix)]
pub use unix::*;
#[cfg(windows)]
pub use windows::*;
