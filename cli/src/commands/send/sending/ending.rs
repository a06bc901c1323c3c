//! What becomes of a share whose upload did not come to its end: it is kept, to go on with, or taken back.

use std::path::PathBuf;

use share_relay_api::Code;

use super::Sending;
use crate::{
    commands::{
        Context,
        manage::unknown,
        send::{audience::WordsFile, outgoing::Outgoing, taking_back},
    },
    error::{Error, Kind},
    i18n::fl,
    quote::quoted,
    system::StopSignal,
    ui::shown,
};

/// What a relay may say of a share that it takes all the same once somebody has seen to it.
const LATER: [Code; 4] = [Code::StorageFull, Code::PartsMissing, Code::NotFound, Code::RecordDamaged];

impl Sending {
    /// After a failure: what was sent is kept, to go on with; or else nothing half-sent stays on the relay. Gives the
    /// error with what to do next, and whether the words may still come to open something.
    pub async fn fail(
        &self,
        context: &Context,
        error: Error,
        outgoing: &Outgoing,
        not_whole: &[PathBuf],
        stop: &mut StopSignal,
    ) -> (Error, bool) {
        let link = self.link.to_string();
        if not_whole.len() > 1 {
            context.ui.warn_all(not_whole.iter().map(|path| fl!("send-not-whole", path = quoted(&shown(path)))));
        }
        match &self.journal {
            Some(journal) if self.resumed && error.code() == Code::Expired.as_str() && !journal.is_over_here() => {
                (error.hint(fl!("resume-clocks-hint", link = link)), true)
            }
            Some(journal) if self.resumed && error.kind() == Kind::Gone && !is_unknown(&error) => {
                drop(WordsFile::of(&journal.record));
                self.forget();
                (error, false)
            }
            Some(_) if self.resumed && error.kind() == Kind::Changed => {
                let sentence = match not_whole.first() {
                    Some(path) => fl!("resume-changed", path = quoted(&shown(path))),
                    None => fl!("resume-changed-somewhere"),
                };
                let changed = Error::new(Kind::Changed, "file_changed", sentence);
                (changed.hint(fl!("resume-changed-hint")), true)
            }
            Some(journal) if self.can_go_on(&error, not_whole) => {
                tell_end(context, &error, fl!("send-kept", link = link));
                let error = if is_unknown(&error) { unknown() } else { error };
                let error = match journal.record.asked.name {
                    None if error.code() == "local_file" && not_whole.is_empty() => {
                        error.hint(fl!("send-kept-home-hint"))
                    }
                    None if not_whole.is_empty() => error.and_hint(fl!("send-kept-hint")),
                    None if outgoing.is_more_than(not_whole) => error.hint(fl!("send-kept-not-whole-hint")),
                    None => error.hint(fl!("send-kept-changed-hint")),
                    Some(_) => error.and_hint(fl!("send-kept-stdin-hint")),
                };
                (error, true)
            }
            _ => {
                let gone = self.give_up(context, &error, stop).await;
                (error, !gone)
            }
        }
    }

    /// Takes the share back, and forgets it. Tells whether, as far as anyone knows, it is gone.
    pub async fn give_up(&self, context: &Context, error: &Error, stop: &mut StopSignal) -> bool {
        let gone = self.take_back(context, error, stop).await;
        self.forget();
        gone
    }

    /// Whether the same may work later: nothing is wrong with whoever sends, and files may come back or be put back. What
    /// was gone on with before is given up only if the relay holds something else in its place.
    fn can_go_on(&self, error: &Error, not_whole: &[PathBuf]) -> bool {
        if self.resumed {
            return error.code() != Code::Conflict.as_str();
        }
        let passing = match error.kind() {
            Kind::Interrupted | Kind::Unreachable | Kind::Unexpected => true,
            Kind::Changed => !not_whole.is_empty(),
            // What is missing on this computer, such as room, may be there later. But a link that nobody got leads nowhere.
            Kind::LocalFile => !not_whole.is_empty() || self.announced.get().is_some(),
            _ => LATER.iter().any(|code| error.code() == code.as_str()),
        };
        self.created.get().is_some() && passing
    }

    /// Asked to stop once more, the share stays on the relay. Tells whether, as far as anyone knows, it is gone.
    async fn take_back(&self, context: &Context, error: &Error, stop: &mut StopSignal) -> bool {
        let created = self.created.get().is_some();
        if !created && error.kind() != Kind::Interrupted {
            return true;
        }
        context.ui.note(fl!("send-taking-back"));
        let taken_back = taking_back::revoke(&self.link, &self.manage, stop).await.unwrap_or(false);
        if taken_back {
            context.forget(&self.link.id);
            tell_end(context, error, fl!("send-taken-back"));
        } else if created {
            context.ui.warn(fl!("send-not-taken-back", link = self.link.to_string()));
        }
        taken_back || !created
    }
}

/// What a relay does not know may come back.
fn is_unknown(error: &Error) -> bool {
    error.code() == Code::NotFound.as_str()
}

/// What became of it is a warning, unless whoever sends it chose to stop.
fn tell_end(context: &Context, error: &Error, sentence: String) {
    match error.kind() {
        Kind::Interrupted => context.ui.tell(sentence),
        _ => context.ui.warn(sentence),
    }
}
