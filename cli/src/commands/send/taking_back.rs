//! Taking back a share whose upload did not come to its end.

use std::time::Duration;

use share_format::link::Link;
use share_relay_api::Code;
use tokio::time::timeout;

use super::super::unless_stopped;
use crate::{
    client::{Client, ClientError},
    error::Result,
    i18n::fl,
    secret::Secret,
    system::StopSignal,
};

/// How long it may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Whether nothing of the share is on the relay any more, as it says in time; an error if asked to stop meanwhile. What
/// the relay does not know now may come back, or come to be created by a request that is still on its way.
pub async fn revoke(link: &Link, manage: &Secret, stop: &mut StopSignal) -> Result<bool> {
    let revoke = async { Client::new(&link.relay)?.revoke(&link.id, manage).await };
    let answer = unless_stopped(stop, fl!("send-interrupted"), async { Ok(timeout(TIMEOUT, revoke).await) }).await?;
    let is_gone = |error: &ClientError| matches!(error.code(), Some(Code::Expired | Code::Revoked));
    Ok(answer.is_ok_and(|answer| answer.as_ref().err().is_none_or(is_gone)))
}
