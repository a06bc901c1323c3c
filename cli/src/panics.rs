//! A panic is a mistake of ours. It is told as any other error, and ends in exit code 1.

use std::{
    any::Any,
    panic::{self, AssertUnwindSafe, PanicHookInfo},
    sync::{Mutex, PoisonError},
};

use share_format::quote::quoted;

use crate::{
    error::{Error, Result},
    i18n::fl,
};

/// Where the newest panic began, in whichever thread.
static PLACE: Mutex<Option<String>> = Mutex::new(None);

/// From now on a panic is only noted. Whoever wants to look for its cause sets `RUST_BACKTRACE`, and sees it at once.
pub fn note() {
    let loud = std::env::var_os("RUST_BACKTRACE").is_some_and(|wanted| wanted != "0").then(panic::take_hook);
    panic::set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
        *PLACE.lock().unwrap_or_else(PoisonError::into_inner) = info.location().map(ToString::to_string);
        if let Some(loud) = &loud {
            loud(info);
        }
    }));
}

/// Does this; a panic in it becomes an error.
pub fn as_errors<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(mistake(&*panic)))
}

fn mistake(panic: &(dyn Any + Send)) -> Error {
    let said = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let place = PLACE.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let what = [said, place.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(", ");
    Error::unexpected(fl!("unexpected", what = quoted(&what)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;
    use share_client::threads;

    #[test]
    fn a_panic_in_any_thread_is_an_error_that_says_what_it_was() {
        fn panics() -> Result<()> {
            panic!("no {}\u{202e}", "x".repeat(3000))
        }
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let caught = [
            as_errors(panics),
            as_errors(|| runtime.block_on(threads::blocking(panics))),
            as_errors(|| runtime.block_on(threads::detached(panics))),
        ];
        for error in caught.map(Result::unwrap_err) {
            assert_eq!((error.kind(), error.code()), (Kind::Unexpected, "unexpected"));
            let text = error.to_string();
            assert!(text.contains("no xxx") && text.len() < 400 && !text.contains('\u{202e}'), "{text}");
        }
    }
}
