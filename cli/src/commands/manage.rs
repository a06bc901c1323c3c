//! `share status`, `share revoke`, `share unlock` and `share list`: what the sender can see and do afterwards.

use std::collections::HashSet;

use serde::Serialize;
use share_format::{envelope::ReceiptKey, link::Link};
use share_relay_api::{Bytes32, Code, Event, EventKind, Events, Receipt, Saved, State};

use super::Context;
use crate::{
    args,
    client::{Client, ClientError},
    error::{Error, Kind, Result},
    i18n::fl,
    ledger::{Entry, Listing},
    time,
    ui::{printable, shown, size},
};

/// A share of the ledger, ready to be asked about.
struct Sent {
    link: Link,
    entry: Entry,
    client: Client,
}

impl Sent {
    fn find(context: &Context, args: &args::Sent) -> Result<Self> {
        let link = Link::parse(&args.link)?;
        let entry = context.ledger()?.get(&link.id)?;
        // The relay of the ledger, not of the link given now: the manage key goes nowhere else.
        let link = Link::parse(&entry.link)?;
        let client = Client::new(&link.relay)?;
        Ok(Self { link, entry, client })
    }
}

/// What the sender is told of a share that is gone: there is nobody else to ask for it.
pub fn told(error: ClientError) -> Error {
    let ClientError::Problem { problem, .. } = &error else { return error.into() };
    let at = time::local(problem.at.unwrap_or_default());
    let gone = |message| Error::new(Kind::Gone, problem.code.as_str(), message);
    match problem.code {
        Code::NotFound => unknown(),
        Code::Expired => gone(fl!("sent-expired", at = at)),
        Code::Revoked => gone(fl!("sent-revoked", at = at)),
        Code::Collected => gone(fl!("sent-collected", at = at)),
        _ => error.into(),
    }
}

/// What the sender is told of a share that the relay does not know, which may come back.
pub fn unknown() -> Error {
    Error::new(Kind::Gone, Code::NotFound.as_str(), fl!("sent-unknown")).hint(fl!("sent-unknown-hint"))
}

/// Shows what happened to a share.
pub async fn status(context: &Context, args: args::Sent) -> Result<()> {
    let sent = Sent::find(context, &args)?;
    let events = sent.client.events(&sent.link.id, &sent.entry.manage_key).await.map_err(told)?;
    let judged = judge(&sent.entry, &events.events);
    let Events { state, content_until, .. } = events;
    let told = StatusEvent { event: "status", link: &sent.entry.link, state, content_until, events: &judged };
    context.ui.event(&told)?;
    context.ui.say(format!("{}  {}", sent.entry.link, described(&sent.entry)))?;
    context.ui.say(state_sentence(state, &sent.entry, &judged))?;
    if let Some(until) = content_until.filter(|until| state == State::Ready && *until != sent.entry.expires_at) {
        context.ui.say(fl!("state-content-until", until = time::local(until)))?;
    }
    judged.iter().try_for_each(|told| context.ui.say(format!("  {}  {}", time::local(told.event.at), told.sentence())))
}

/// Takes a share back: the relay deletes the content at once.
pub async fn revoke(context: &Context, args: args::Sent) -> Result<()> {
    let sent = Sent::find(context, &args)?;
    let revoked = sent.client.revoke(&sent.link.id, &sent.entry.manage_key).await;
    // Of a share that is over, nothing is left to go on with either.
    let is_over = |error: &ClientError| matches!(error.code(), Some(Code::Expired | Code::Revoked | Code::Collected));
    if revoked.as_ref().err().is_none_or(is_over) {
        context.journals()?.remove(&sent.link.id);
    }
    revoked.map_err(told)?;
    context.ui.event(&serde_json::json!({ "event": "revoked", "link": sent.entry.link }))?;
    context.ui.say(fl!("revoke-done"))
}

/// Ends a lock.
pub async fn unlock(context: &Context, args: args::Sent) -> Result<()> {
    let sent = Sent::find(context, &args)?;
    sent.client.unlock(&sent.link.id, &sent.entry.manage_key).await.map_err(told)?;
    context.ui.event(&serde_json::json!({ "event": "unlocked", "link": sent.entry.link }))?;
    context.ui.say(fl!("unlock-done"))
}

/// Lists the ledger, without asking any relay.
pub fn list(context: &Context) -> Result<()> {
    let Listing { entries, damaged } = context.ledger()?.list()?;
    for (path, error) in &damaged {
        context.ui.warn(fl!("list-damaged", path = shown(path), why = error.to_string()));
    }
    if entries.is_empty() && damaged.is_empty() {
        context.ui.note(fl!("list-empty"));
    }
    let journals = context.journals()?;
    entries.iter().try_for_each(|entry| {
        let unfinished = Link::parse(&entry.link).is_ok_and(|link| journals.has(&link.id));
        context.ui.event(&ListEvent {
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
        context.ui.say(format!("{}  {}  {}{mark}", time::local(entry.created_at), entry.link, described(entry)))
    })
}

#[derive(Serialize)]
struct StatusEvent<'a> {
    event: &'static str,
    link: &'a str,
    state: State,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_until: Option<u64>,
    events: &'a [Told],
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

/// An event, and for a receipt whether it is genuine.
#[derive(Serialize)]
pub struct Told {
    /// The event.
    #[serde(flatten)]
    pub event: Event,
    /// Absent for anything but a receipt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified: Option<bool>,
}

/// Verifies the receipts among what the relay tells. The relay cannot forge one; that it does not show one and the same
/// receipt as two is checked by its ticket, which may have one of each kind.
pub fn judge(entry: &Entry, events: &[Event]) -> Vec<Told> {
    let key = ReceiptKey::from_bytes(entry.receipt_key);
    let mut seen = HashSet::new();
    let mut verify = |ticket_hash: &Bytes32, receipt: &Receipt| {
        key.verify(ticket_hash, receipt)
            && entry.fingerprint == Some(receipt.fingerprint)
            && seen.insert((*ticket_hash, receipt.saved))
    };
    events
        .iter()
        .cloned()
        .map(|event| {
            let verified = match &event.kind {
                EventKind::Receipt { ticket_hash, receipt } => Some(verify(ticket_hash, receipt)),
                _ => None,
            };
            Told { event, verified }
        })
        .collect()
}

impl Told {
    fn sentence(&self) -> String {
        match &self.event.kind {
            EventKind::Created => fl!("event-created"),
            EventKind::Ready => fl!("event-ready"),
            EventKind::WrongProof => fl!("event-wrong-proof"),
            EventKind::Locked { until } => fl!("event-locked", until = time::local(*until)),
            EventKind::Unlocked => fl!("event-unlocked"),
            EventKind::Ticket { replaces: None, .. } => fl!("event-ticket"),
            EventKind::Ticket { replaces: Some(_), .. } => fl!("event-ticket-again"),
            EventKind::TicketReturned { .. } => fl!("event-ticket-returned"),
            EventKind::Receipt { receipt, .. } if self.verified == Some(true) => {
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
}

fn state_sentence(state: State, entry: &Entry, events: &[Told]) -> String {
    let is_damaged = events.iter().any(|told| told.event.kind == EventKind::Damaged);
    match state {
        State::Uploading | State::Ready if is_damaged => fl!("state-damaged"),
        State::Uploading => fl!("state-uploading"),
        State::Ready => ready_sentence(entry, events, time::now()),
        State::Collected => fl!("state-collected"),
        State::Revoked => fl!("state-revoked"),
        State::Expired => fl!("state-expired"),
    }
}

/// What comes first for the sender of a share that can be fetched: that it is locked, or who has it already.
fn ready_sentence(entry: &Entry, events: &[Told], now: u64) -> String {
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
