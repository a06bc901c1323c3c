//! Work that blocks, on threads where no other task waits for it.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    thread::Builder,
};

use tokio::{
    sync::oneshot,
    task::{JoinError, spawn_blocking},
};

use crate::{
    error::{Error, Result},
    i18n::fl,
};

/// Runs something that blocks, but ends by itself. The program's end waits a moment for it.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    joined(spawn_blocking(work).await)
}

/// What a task gave; a panic in it goes on here.
pub fn joined<T>(result: std::result::Result<Result<T>, JoinError>) -> Result<T> {
    match result.map_err(JoinError::try_into_panic) {
        Ok(result) => result,
        Err(Ok(panic)) => resume_unwind(panic),
        // The program is ending, and nobody waits for this any more.
        Err(Err(_)) => Err(Error::interrupted(fl!("ui-stopped"))),
    }
}

/// Runs something that may wait forever, as reading a terminal or a pipe does. The program's end does not wait for it.
pub async fn detached<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let (done, result) = oneshot::channel();
    // Where nobody waits for the result any more, nobody misses it.
    let run = || drop(done.send(catch_unwind(AssertUnwindSafe(work))));
    Builder::new().spawn(run).map_err(none_left)?;
    result.await.expect("a result is sent in any case").unwrap_or_else(|panic| resume_unwind(panic))
}

/// The system gives no thread.
pub fn none_left(error: io::Error) -> Error {
    Error::system("no_threads", fl!("no-threads")).because(error)
}
