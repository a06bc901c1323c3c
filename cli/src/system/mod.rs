//! What differs by operating system at the terminal, each with its counterpart; for files see `share_client::system`.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub use unix::*;
#[cfg(windows)]
pub use windows::*;
