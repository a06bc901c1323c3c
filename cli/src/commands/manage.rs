//! `share status`, `share revoke`, `share unlock` and `share list`: what the sender can see and do afterwards.

use serde::Serialize;
use serde_json::{Value, json};
use share_client::{
    Error as ClientLibraryError,
    api::{Client, ClientError},
    files::shown,
    send::{VerifiedEvent, verify_receipts},
    state::{
        Dirs,
        ledger::{Entry, Ledger, Listing},
        upload_journal::UploadJournals,
    },
};
use share_format::{link::Link, names::printable};
use share_relay_api::{Code, EventKind, Events, Saved, State};

use crate::{
    args,
    error::{Error, Result},
    i18n::fl,
    messages::size,
    time,
    ui::Ui,
};

/// A share of the ledger, ready to be asked about.
struct Sent {
    link: Link,
    entry: Entry,
    client: Client,
}

impl Sent {
    fn find(dirs: &Dirs, args: &args::Sent) -> Result<Self> {
        let link = Link::parse(&args.link)?;
        let entry = Ledger::of_user(dirs)?.get(&link.id)?;
        // The relay of the ledger, not of the link given now: the manage key goes nowhere else.
        let link = Link::parse(&entry.link)?;
        let client = Client::new(&link.relay).map_err(failed)?;
        Ok(Self { link, entry, client })
    }
}

fn failed(error: ClientError) -> Error {
    ClientLibraryError::OwnShare(error).into()
}

/// Shows what happened to a share.
pub async fn status(ui: &Ui, dirs: &Dirs, args: args::Sent) -> Result<()> {
    let sent = Sent::find(dirs, &args)?;
    let events = sent.client.events(&sent.link.id, &sent.entry.manage_key).await.map_err(failed)?;
    let verified = verify_receipts(&sent.entry, &events.events);
    let Events { state, content_until, .. } = events;
    ui.event(&StatusEvent {
        event: "status",
        link: &sent.entry.link,
        state,
        content_until: content_until.map(time::rfc3339),
        events: verified.iter().map(with_readable_times).collect(),
    })?;
    ui.say(format!("{}  {}", sent.entry.link, described(&sent.entry)))?;
    ui.say(state_sentence(state, &sent.entry, &verified))?;
    if let Some(until) = content_until.filter(|until| state == State::Ready && *until != sent.entry.expires_at) {
        ui.say(fl!("state-content-until", until = time::local(until)))?;
    }
    verified.iter().try_for_each(|told| ui.say(format!("  {}  {}", time::local(told.event.at), event_sentence(told))))
}

/// Takes a share back: the relay deletes the content at once.
pub async fn revoke(ui: &Ui, dirs: &Dirs, args: args::Sent) -> Result<()> {
    let sent = Sent::find(dirs, &args)?;
    let revoked = sent.client.revoke(&sent.link.id, &sent.entry.manage_key).await;
    // Of a share that is over, nothing is left to go on with either.
    let is_over = |error: &ClientError| matches!(error.code(), Some(Code::Expired | Code::Revoked | Code::Collected));
    if revoked.as_ref().err().is_none_or(is_over) {
        UploadJournals::of_user(dirs)?.remove(&sent.link.id);
    }
    revoked.map_err(failed)?;
    // A batch sends again what a program gave up, and never what somebody took back.
    Ledger::of_user(dirs)?.put(&sent.link.id, &Entry { revoked: true, ..sent.entry.clone() })?;
    ui.event(&json!({ "event": "revoked", "link": sent.entry.link }))?;
    ui.say(fl!("revoke-done"))
}

/// Ends a lock.
pub async fn unlock(ui: &Ui, dirs: &Dirs, args: args::Sent) -> Result<()> {
    let sent = Sent::find(dirs, &args)?;
    sent.client.unlock(&sent.link.id, &sent.entry.manage_key).await.map_err(failed)?;
    ui.event(&json!({ "event": "unlocked", "link": sent.entry.link }))?;
    ui.say(fl!("unlock-done"))
}

/// Lists the ledger, without asking any relay.
pub fn list(ui: &Ui, dirs: &Dirs) -> Result<()> {
    let Listing { entries, damaged } = Ledger::of_user(dirs)?.list()?;
    let none = entries.is_empty() && damaged.is_empty();
    for (path, error) in damaged.into_iter().map(|(path, error)| (path, Error::from(error))) {
        ui.warn(fl!("list-damaged", path = shown(&path), why = error.to_string()));
    }
    if none {
        ui.note(fl!("list-empty"));
    }
    let journals = UploadJournals::of_user(dirs)?;
    entries.iter().try_for_each(|entry| {
        let unfinished = Link::parse(&entry.link).is_ok_and(|link| journals.has(&link.id));
        ui.event(&ListEvent {
            event: "sent",
            link: &entry.link,
            names: &entry.names,
            files: entry.files,
            bytes: entry.bytes,
            created: time::rfc3339(entry.created_at),
            expires: time::rfc3339(entry.expires_at),
            complete: entry.fingerprint.is_some(),
            unfinished,
        })?;
        let mark = if unfinished { format!("  {}", fl!("list-unfinished")) } else { String::new() };
        ui.say(format!("{}  {}  {}{mark}", time::local(entry.created_at), entry.link, described(entry)))
    })
}

#[derive(Serialize)]
struct StatusEvent<'a> {
    event: &'static str,
    link: &'a str,
    state: State,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_until: Option<String>,
    events: Vec<Value>,
}

#[derive(Serialize)]
struct ListEvent<'a> {
    event: &'static str,
    link: &'a str,
    names: &'a [String],
    files: u64,
    bytes: Option<u64>,
    created: String,
    expires: String,
    complete: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    unfinished: bool,
}

/// An event as the relay tells it, with its times in the form that they have in all JSON output.
fn with_readable_times(event: &VerifiedEvent) -> Value {
    let mut told = serde_json::to_value(event).expect("events always become JSON");
    for name in ["at", "until", "time"] {
        if let Some(time) = told.get_mut(name) {
            *time = time.as_u64().map(time::rfc3339).into();
        }
    }
    told
}

fn event_sentence(event: &VerifiedEvent) -> String {
    match &event.event.kind {
        EventKind::Created => fl!("event-created"),
        EventKind::Ready => fl!("event-ready"),
        EventKind::WrongProof => fl!("event-wrong-proof"),
        EventKind::Locked { until } => fl!("event-locked", until = time::local(*until)),
        EventKind::Unlocked => fl!("event-unlocked"),
        EventKind::Ticket { replaces: None, .. } => fl!("event-ticket"),
        EventKind::Ticket { replaces: Some(_), .. } => fl!("event-ticket-again"),
        EventKind::TicketReturned { .. } => fl!("event-ticket-returned"),
        EventKind::Receipt { receipt, .. } if event.verified == Some(true) => {
            let time = time::local(receipt.time);
            match receipt.saved {
                Saved::Disk => fl!("event-receipt", time = time),
                Saved::Browser => fl!("event-receipt-browser", time = time),
                Saved::Confirmed => fl!("event-receipt-confirmed", time = time),
            }
        }
        EventKind::Receipt { .. } => fl!("event-receipt-unverified"),
        EventKind::Damaged => fl!("event-damaged"),
        EventKind::Collected => fl!("event-collected"),
        EventKind::Revoked => fl!("event-revoked"),
        EventKind::Expired => fl!("event-expired"),
    }
}

fn state_sentence(state: State, entry: &Entry, events: &[VerifiedEvent]) -> String {
    let is_damaged = events.iter().any(|told| told.event.kind == EventKind::Damaged);
    match state {
        State::Uploading | State::Ready if is_damaged => fl!("state-damaged"),
        State::Uploading => fl!("state-uploading"),
        State::Ready => ready_sentence(entry, events, share_client::clock::now()),
        State::Collected => fl!("state-collected"),
        State::Revoked => fl!("state-revoked"),
        State::Expired => fl!("state-expired"),
    }
}

/// What comes first for the sender of a share that can be fetched: that it is locked, or who has it already.
fn ready_sentence(entry: &Entry, events: &[VerifiedEvent], now: u64) -> String {
    let until = time::local(entry.expires_at);
    let lock = events.iter().rev().find_map(|told| match told.event.kind {
        EventKind::Locked { until } => Some(until),
        EventKind::Unlocked => Some(0),
        _ => None,
    });
    if let Some(lock) = lock.filter(|lock| *lock > now) {
        return fl!("state-locked", until = time::local(lock), link = entry.link.as_str());
    }
    let genuine = events.iter().filter(|told| told.verified == Some(true));
    let saved = genuine.filter_map(|told| match &told.event.kind {
        EventKind::Receipt { receipt, .. } => Some(receipt.saved),
        _ => None,
    });
    match saved.max_by_key(|saved| *saved != Saved::Browser) {
        None => fl!("state-ready", until = until),
        Some(Saved::Browser) => fl!("state-given", until = until),
        Some(Saved::Disk | Saved::Confirmed) => fl!("state-received", until = until),
    }
}

/// The first names, and how many files and bytes there are in all.
fn described(entry: &Entry) -> String {
    let names = entry.names.iter().map(|name| printable(name)).collect::<Vec<_>>().join(", ");
    let bytes = entry.bytes.map_or_else(|| "?".to_owned(), size);
    format!("{names}  ({})", fl!("list-files", files = entry.files, size = bytes))
}
