//! Work that blocks, on threads where no other task waits for it.

use tokio::{sync::oneshot, task::spawn_blocking};

use crate::error::Result;

/// Runs something that blocks, but ends by itself. The program's end waits a moment for it.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match spawn_blocking(work).await {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    }
}

/// Runs something that may wait forever, as reading a terminal or a pipe does. The program's end does not wait for it.
pub async fn detached<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let (done, result) = oneshot::channel();
    // Where nobody waits for the result any more, nobody misses it.
    std::thread::spawn(move || drop(done.send(work())));
    result.await.expect("the work does not panic")
}
