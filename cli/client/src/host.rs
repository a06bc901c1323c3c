//! The program around this library: what it is told while work goes on, and what it is asked.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use share_format::{RelayUrl, envelope::Identities, words::Passphrase};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use crate::{
    api::{Client, ClientError, ClientResult, Limits},
    error::{Error, Result},
    get::event as get,
    progress::{Progress, ProgressSink, Work},
    send::event as send,
    state::Dirs,
};

/// The program around this library. The defaults are those of a program without a user.
pub trait Host: ProgressSink {
    /// Something happened while a share was sent. An error aborts the transfer, unless aborting it would lose data.
    fn sending(&self, _event: send::Event<'_>) -> Result<()> {
        Ok(())
    }

    /// Something happened while a share was fetched. An error aborts the transfer, unless aborting it would lose data.
    fn receiving(&self, _event: get::Event<'_>) -> Result<()> {
        Ok(())
    }

    /// Whether somebody is there to answer.
    fn can_answer(&self) -> bool {
        false
    }

    /// Asks about a share that is sent. Called only where somebody can answer.
    fn ask_sender(&self, _question: send::Question<'_>) -> Result<bool> {
        Ok(false)
    }

    /// Asks about a share that is fetched.
    fn ask_recipient(&self, _question: get::Question<'_>) -> Result<bool> {
        Ok(false)
    }

    /// The words of a share; `refused` tells why those that were given before did not open it.
    fn words(&self, refused: Option<ClientError>) -> Result<Passphrase> {
        Err(refused.map_or(Error::NobodyAnswers, Error::Api))
    }

    /// The private keys that may open a share.
    fn identities(&self) -> Result<Identities> {
        Err(Error::NobodyAnswers)
    }
}

/// Host, folders and cancellation, shared by everything one program does.
#[derive(Clone)]
pub struct Context {
    /// Hears of events and answers questions.
    pub host: Arc<dyn Host>,
    /// Where this computer remembers things.
    pub dirs: Arc<Dirs>,
    /// How the program stops the work.
    pub cancel: Cancel,
    /// What transfers share that go on at the same time.
    shared: Arc<Shared>,
}

/// What transfers share that go on at the same time.
struct Shared {
    /// A client for each relay, whose connections are kept.
    clients: Mutex<HashMap<RelayUrl, (Limits, Client)>>,
    /// Places for derivations of a key from words, which take 128 MiB each.
    derivations: Arc<Semaphore>,
}

impl Context {
    /// A context in which this many keys may be derived from words at the same time.
    pub fn new(host: Arc<dyn Host>, dirs: Arc<Dirs>, cancel: Cancel, derivations: usize) -> Self {
        let shared = Shared { clients: Mutex::default(), derivations: Arc::new(Semaphore::new(derivations)) };
        Self { host, dirs, cancel, shared: Arc::new(shared) }
    }

    /// The same for one of several transfers that go on at the same time, with a host and a cancellation of its own.
    pub fn with_host(&self, host: Arc<dyn Host>, cancel: Cancel) -> Self {
        Self { host, cancel, ..self.clone() }
    }

    /// A client for this relay that waits no longer than these limits; its connections are kept.
    pub(crate) fn client(&self, relay: &RelayUrl, limits: Limits) -> ClientResult<Client> {
        let mut clients = self.shared.clients.lock().unwrap_or_else(PoisonError::into_inner);
        match clients.get(relay) {
            Some((known, client)) if *known == limits => Ok(client.clone()),
            _ => {
                let client = Client::with_limits(relay, limits)?;
                clients.insert(relay.clone(), (limits, client.clone()));
                Ok(client)
            }
        }
    }

    /// A place to derive a key from words in; waits for it.
    pub(crate) async fn derivation(&self) -> OwnedSemaphorePermit {
        Arc::clone(&self.shared.derivations).acquire_owned().await.expect("the semaphore is never closed")
    }

    /// Reports an event on which nothing depends any more: an error of the host is ignored.
    pub(crate) fn report(&self, event: get::Event<'_>) {
        let _ = self.host.receiving(event);
    }

    /// Reports that something takes a while, until the returned guard is dropped.
    pub(crate) fn begin(&self, work: Work, bytes: Option<u64>) -> Working {
        self.host.progress(Progress::Begin { work, bytes });
        Working(Arc::clone(&self.host))
    }
}

/// Something that takes a while.
pub(crate) struct Working(Arc<dyn Host>);

impl Drop for Working {
    fn drop(&mut self) {
        self.0.progress(Progress::Done);
    }
}

/// The program's wish that the work under way stops. Each wish ends one step, so that what follows it, such as taking a
/// share back, can be stopped again.
#[derive(Clone, Default)]
pub struct Cancel(Arc<Notify>);

impl Cancel {
    /// Ends the step that goes on now, or the next one.
    pub fn cancel(&self) {
        self.0.notify_one();
    }

    /// The result of the step, or [`Error::Interrupted`] once it is to stop.
    pub async fn unless_cancelled<T>(&self, step: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            result = step => result,
            () = self.0.notified() => Err(Error::Interrupted),
        }
    }
}
