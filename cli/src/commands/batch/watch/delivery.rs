//! Sends one arrival, and tells whose fault it is if that fails.

use std::{io, path::PathBuf, sync::Arc};

use share_client::{
    Cancel, Context, Error as ClientLibraryError, Host, ProgressSink,
    batch::{Run, Sent},
    error::Result,
    files::{FilesError, shown},
    send::Event,
};
use share_relay_api::{Code, Kind as ShareKind, State};

use super::{
    arrivals::{Arrival, Snapshot},
    put_away::Report,
    rules::Rules,
};
use crate::{
    commands::{
        batch::{
            results::{ResultLine, WORDS_LOST},
            rows::Job,
        },
        send as send_command, through_library,
    },
    error::{Error, Kind},
    i18n::fl,
    ui::Ui,
};

/// An arrival on its way.
pub struct Delivery {
    /// Where it lies.
    pub path: PathBuf,
    pub arrival: Arrival,
    pub rules: Arc<Rules>,
    pub job: Job,
    /// Tells of it.
    pub ui: Ui,
}

impl Delivery {
    /// Sends it, goes on with it, or finds that it was sent before.
    pub async fn send(self: &Arc<Self>, run: &Run, context: &Context, cancel: Cancel) -> Result<Sent> {
        let request = self.rules.request(self.path.clone()).map_err(through_library)?;
        let host = |attempt| Arc::new(Attempt { delivery: Arc::clone(self), number: attempt }) as Arc<dyn Host>;
        let context = context.with_host(host(0), cancel);
        run.send_once(&context, &self.job.key, request, host).await
    }

    /// Tells that it was sent; or that it failed, if nobody can open it, as its words are not where words are kept.
    pub fn report(&self, sent: &Sent) -> Report {
        let line = ResultLine::sent(&self.job, sent, None);
        let has_words = sent.entry.as_ref().is_none_or(|entry| entry.kind == ShareKind::Words);
        match &self.rules.words {
            Some(words) if has_words && sent.state == State::Ready && words.of(&self.job, sent.attempt).is_none() => {
                let lost = Error::new(Kind::LocalFile, WORDS_LOST, fl!("batch-words-lost"));
                let lost = lost.hint(fl!("batch-watch-words-lost-hint", link = line.link.as_str()));
                Report { link: line.link, ..self.failure(&lost) }
            }
            _ => Report::new(&self.arrival, line, None),
        }
    }

    /// Tells that it cannot be sent.
    pub fn failure(&self, error: &Error) -> Report {
        Report::new(&self.arrival, ResultLine::failed(&self.job, error), error.next_step())
    }

    /// An error once it is no longer what it was when it was taken: sent now, it would be sent again as something else.
    fn check_unchanged(&self) -> Result<()> {
        match Snapshot::of(&self.path).as_ref() == Some(&self.arrival.snapshot) {
            true => Ok(()),
            false => Err(FilesError::Changed(shown(&self.path)).into()),
        }
    }
}

/// Hears of one attempt to send it.
struct Attempt {
    delivery: Arc<Delivery>,
    number: u32,
}

impl ProgressSink for Attempt {}

impl Host for Attempt {
    fn sending(&self, event: Event<'_>) -> Result<()> {
        let Delivery { rules, job, ui, .. } = &*self.delivery;
        match event {
            Event::Created(created) => {
                self.delivery.check_unchanged()?;
                match (created.words, &rules.words) {
                    (Some(words), Some(table)) => table.keep(job, self.number, words).map_err(through_library),
                    _ => Ok(()),
                }
            }
            // Told after all is sent, and before the share is ready.
            Event::Grown(_) => self.delivery.check_unchanged(),
            Event::Ready(_) | Event::Kept { .. } | Event::GoingOn { .. } | Event::TakingBack => Ok(()),
            Event::TakenBack { .. } | Event::UnfinishedTakenBack { done: true, .. } => Ok(()),
            event => send_command::tell(ui, event).map_err(through_library),
        }
    }
}

/// What is said of a failed delivery: to whom writes into a folder, there is no option to add.
pub fn told(error: ClientLibraryError) -> Error {
    let is_of_contents =
        matches!(error, ClientLibraryError::NamesRefused { .. } | ClientLibraryError::FilesRefused { .. });
    let error = Error::from(error);
    if is_of_contents { error.hint(fl!("batch-watch-contents-hint")) } else { error }
}

/// What a failure is the fault of.
#[derive(Debug, PartialEq, Eq)]
pub enum Fault {
    /// Of this file or folder, which will never be taken as it is.
    Final,
    /// Of this file or folder as it is now.
    Passing,
    /// Of what everything needs: the relay, the rules, this computer.
    OfEverything,
    /// The program is ending.
    Stopped,
}

/// Whose fault a failed delivery is.
pub fn fault(error: &ClientLibraryError) -> Fault {
    use ClientLibraryError as E;
    match error {
        E::Files(error) => file_fault(error),
        E::FilesRefused { only: Some(error), .. } => file_fault(error),
        E::FilesRefused { only: None, .. } | E::NamesRefused { .. } | E::TooManyAttempts => Fault::Final,
        _ => match (error.kind(), error.code()) {
            (Kind::Interrupted, _) => Fault::Stopped,
            (Kind::Gone, _) | (_, Some(Code::TooLarge | Code::Conflict)) => Fault::Final,
            (Kind::Changed | Kind::Corrupt | Kind::Unexpected, _) => Fault::Passing,
            _ => Fault::OfEverything,
        },
    }
}

fn file_fault(error: &FilesError) -> Fault {
    match error {
        FilesError::Unreadable(_, cause) if cause.kind() == io::ErrorKind::PermissionDenied => Fault::Final,
        FilesError::Special(_) | FilesError::Nameless(_) | FilesError::TooMany | FilesError::Format(_) => Fault::Final,
        _ => Fault::Passing,
    }
}
