//! Work that blocks, on threads where no other task waits for it.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    thread::Builder,
};

use tokio::{
    sync::oneshot,
    task::{JoinError, spawn_blocking},
};

use crate::error::Error;

/// Runs something that blocks, but ends by itself. The program's end waits a moment for it.
pub async fn blocking<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<Error> + Send + 'static,
{
    joined(spawn_blocking(work).await)
}

/// What a task gave; a panic in it goes on here.
pub fn joined<T, E: From<Error>>(result: Result<Result<T, E>, JoinError>) -> Result<T, E> {
    match result.map_err(JoinError::try_into_panic) {
        Ok(result) => result,
        Err(Ok(panic)) => resume_unwind(panic),
        // The program is ending, and nobody waits for this any more.
        Err(Err(_)) => Err(Error::Interrupted.into()),
    }
}

/// Runs something that may wait forever, as reading a terminal or a pipe does. The program's end does not wait for it.
pub async fn detached<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<Error> + Send + 'static,
{
    let (done, result) = oneshot::channel();
    // Where nobody waits for the result any more, nobody misses it.
    let run = || drop(done.send(catch_unwind(AssertUnwindSafe(work))));
    Builder::new().spawn(run).map_err(Error::NoThreads)?;
    result.await.expect("a result is sent in any case").unwrap_or_else(|panic| resume_unwind(panic))
}
