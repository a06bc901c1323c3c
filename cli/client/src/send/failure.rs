//! What becomes of a share whose upload failed: it is kept, to go on with, or taken back.

use std::path::PathBuf;

use share_relay_api::Code;

use super::{Event, share::OutgoingShare, unfinished, words_file::WordsFile};
use crate::{
    error::{Error, NextStep, Result},
    error_kind::ErrorKind,
    host::Context,
    state::ledger::Ledger,
};

/// What a relay may say of a share that it takes all the same once somebody has seen to it.
const LATER: [Code; 4] = [Code::StorageFull, Code::PartsMissing, Code::NotFound, Code::RecordDamaged];

/// After a failure: what was sent is kept, to go on with; or else nothing half-sent stays on the relay. Gives the error
/// with what to do next, and whether the words may still come to open something.
pub(super) async fn conclude(
    context: &Context,
    share: &OutgoingShare,
    error: Error,
    not_whole: Vec<PathBuf>,
) -> Result<(Error, bool)> {
    let host = &context.host;
    if not_whole.len() > 1 {
        host.sending(Event::NotWhole(&not_whole))?;
    }
    let by_choice = error.kind() == ErrorKind::Interrupted;
    let code = error.code();
    match &share.journal {
        Some(journal) if share.resumed && code == Some(Code::Expired) && !journal.is_over_here() => {
            Ok((error.then(NextStep::CompareClocks { link: share.link.clone() }), true))
        }
        Some(journal) if share.resumed && error.kind() == ErrorKind::Gone && code != Some(Code::NotFound) => {
            drop(WordsFile::of(&journal.record));
            share.forget();
            Ok((error, false))
        }
        Some(_) if share.resumed && error.kind() == ErrorKind::Changed => {
            Ok((Error::ChangedSince { path: not_whole.into_iter().next() }, true))
        }
        Some(journal) if can_go_on(share, &error, &not_whole) => {
            host.sending(Event::Kept { link: &share.link, by_choice })?;
            let step = match journal.record.resume_key.name {
                Some(_) => NextStep::PipeAgain,
                None if error.is_of_own_files() && not_whole.is_empty() => NextStep::MakeRoomAndResume,
                None if not_whole.is_empty() => NextStep::Resume,
                None if share.content.is_more_than(&not_whole) => NextStep::RestoreFilesAndResume,
                None => NextStep::RestoreFileAndResume,
            };
            Ok((error.into_sender_error().then(step), true))
        }
        _ => {
            let gone = give_up(context, share, by_choice).await?;
            Ok((error, !gone))
        }
    }
}

/// Whether the same may work later: nothing is wrong with whoever sends, and files may come back or be put back. What was
/// gone on with before is given up only if the relay holds something else in its place.
fn can_go_on(share: &OutgoingShare, error: &Error, not_whole: &[PathBuf]) -> bool {
    if share.resumed {
        return error.code() != Some(Code::Conflict);
    }
    let passing = match error.kind() {
        ErrorKind::Interrupted | ErrorKind::Unreachable | ErrorKind::Unexpected => true,
        ErrorKind::Changed => !not_whole.is_empty(),
        // What is missing on this computer, such as room, may be there later. But a link that nobody got leads nowhere.
        ErrorKind::LocalFile => !not_whole.is_empty() || share.is_announced(),
        _ => error.code().is_some_and(|code| LATER.contains(&code)),
    };
    share.is_created() && passing
}

/// Takes the share back, and forgets it. Interrupted meanwhile, it stays on the relay. Tells whether, as far as anyone
/// knows, it is gone.
pub(super) async fn give_up(context: &Context, share: &OutgoingShare, by_choice: bool) -> Result<bool> {
    let mut gone = !share.is_created();
    if !gone || by_choice {
        context.host.sending(Event::TakingBack)?;
        let taken_back = unfinished::revoke(context, &share.link, &share.manage).await.unwrap_or(false);
        if taken_back {
            Ledger::of_user(&context.dirs)?.forget(&share.link.id);
            context.host.sending(Event::TakenBack { by_choice })?;
        } else if !gone {
            context.host.sending(Event::NotTakenBack { link: &share.link })?;
        }
        gone |= taken_back;
    }
    share.forget();
    Ok(gone)
}
