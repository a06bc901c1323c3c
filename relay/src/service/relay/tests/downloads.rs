//! The recipients' calls.

use super::*;

#[tokio::test]
async fn what_is_uploaded_is_downloaded_and_collected() {
    let setting = setting();
    setting.upload(Some(1), &[1, 0]).await;
    assert_eq!(setting.relay.status(id()).await.unwrap().state, State::Uploading);
    setting.relay.seal(id(), key(), PAYLOAD).await.unwrap();
    setting.relay.seal(id(), key(), PAYLOAD).await.unwrap();
    let status = setting.relay.status(id()).await.unwrap();
    assert_eq!((status.state, status.stored_bytes, status.downloads_left), (State::Ready, PAYLOAD, Some(1)));
    setting.take(9).await.unwrap();
    assert_eq!(drain(setting.fetch(9).await.unwrap()).await, content());
    assert!(setting.on_disk("content.age"));
    setting.receive(9).await.unwrap();
    for name in ["content.age", "manifest.age", "parts"] {
        assert!(!setting.on_disk(name), "{name}");
    }
    assert_eq!(code(setting.relay.status(id()).await), Code::Collected);
    setting.relay.seal(id(), key(), PAYLOAD).await.unwrap();
    assert_eq!(setting.relay.events(id(), key()).await.unwrap().state, State::Collected);
}

#[tokio::test]
async fn a_download_follows_the_upload() {
    let setting = setting();
    setting.upload(None, &[]).await;
    setting.take(9).await.unwrap();
    let download = tokio::spawn(drain(setting.fetch(9).await.unwrap()));
    setting.put_part(1).await.unwrap();
    setting.put_part(0).await.unwrap();
    assert_eq!(download.await.unwrap(), content());
}

#[tokio::test]
async fn a_download_is_cut_when_the_sender_stops_and_not_charged_for_the_rest() {
    let setting = setting_with(Limits { part_wait: Duration::from_millis(50), ..Limits::default() });
    setting.upload(None, &[0]).await;
    setting.take(9).await.unwrap();
    let got = drain(setting.fetch(9).await.unwrap()).await;
    assert_eq!(got, content()[..content().len() - 100]);
    setting.relay.drain_bodies().await;
    assert_eq!(setting.served().await, got.len() as u64);
}

#[tokio::test]
async fn revoking_deletes_the_content_under_a_running_download() {
    let setting = setting();
    setting.upload(None, &[0, 1]).await;
    setting.relay.seal(id(), key(), PAYLOAD).await.unwrap();
    setting.take(9).await.unwrap();
    let part = setting.fetch(9).await.unwrap();
    setting.relay.revoke(id(), key()).await.unwrap();
    assert!(!setting.on_disk("content.age"));
    drop(part);
    assert_eq!(code(setting.fetch(9).await), Code::Revoked);
}

#[tokio::test]
async fn what_was_not_sent_is_given_back() {
    let setting = setting();
    setting.upload(Some(1), &[0, 1]).await;
    setting.relay.seal(id(), key(), PAYLOAD).await.unwrap();
    setting.take(9).await.unwrap();
    drop(setting.fetch(9).await.unwrap());
    setting.relay.drain_bodies().await;
    assert_eq!(setting.served().await, 0);
    setting.advance(TICKET_SECONDS);
    assert_eq!(code(setting.fetch(9).await), Code::Expired, "the share's own hour is over too");
}

#[tokio::test]
async fn a_download_that_waits_for_the_sender_ends_with_its_client() {
    let setting = setting();
    setting.upload(None, &[]).await;
    setting.take(9).await.unwrap();
    drop(setting.fetch(9).await.unwrap());
    timeout(Duration::from_secs(10), setting.relay.drain_bodies()).await.unwrap();
    assert_eq!(setting.served().await, 0);
}

#[tokio::test]
async fn answers_on_one_ticket_are_bounded_and_small_ones_reserve_little() {
    let setting = setting();
    setting.upload(None, &[]).await;
    setting.take(9).await.unwrap();
    setting.take(8).await.unwrap();
    let content = u64::try_from(content().len()).unwrap();
    let memory = setting.relay.config.limits.answer_memory - 10 * (content + 1024);
    let _rest = setting.relay.downloads.reserve(memory).await.unwrap();
    let mut running = Vec::new();
    for _ in 0..limits::MAX_ANSWERS_PER_TICKET {
        running.push(setting.fetch(9).await.unwrap());
    }
    assert_eq!(code(setting.fetch(9).await), Code::TooBusy);
    setting.fetch(8).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_racing_for_three_exactly_three_get_a_ticket() {
    let setting = Arc::new(setting());
    setting.upload(Some(3), &[0, 1]).await;
    setting.relay.seal(id(), key(), PAYLOAD).await.unwrap();
    let mut racing = tokio::task::JoinSet::new();
    for ticket in 0..50 {
        let setting = setting.clone();
        racing.spawn(async move { setting.take(ticket).await.map(drop).map_err(|error| error.problem().code) });
    }
    let outcomes = racing.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 3);
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Err(Code::DownloadsTaken)).count(), 47);
}

#[tokio::test]
async fn bodies_wait_for_memory_and_not_for_that_of_others() {
    let setting = setting_with(Limits { memory_wait: Duration::from_millis(50), ..Limits::default() });
    setting.upload(None, &[0]).await;
    setting.take(9).await.unwrap();
    let all = setting.relay.uploads.reserve(setting.relay.config.limits.upload_memory).await.unwrap();
    assert_eq!(code(setting.relay.begin_part(id(), key(), 1, 100).await), Code::TooBusy);
    assert_eq!(setting.relay.parts(id(), key()).await.unwrap().held, [(0, 1)]);
    setting.fetch(9).await.unwrap();
    drop(all);
    setting.put_part(1).await.unwrap();
    let all = setting.relay.downloads.reserve(setting.relay.config.limits.answer_memory).await.unwrap();
    assert_eq!(code(setting.fetch(9).await), Code::TooBusy);
    drop(all);
    drain(setting.fetch(9).await.unwrap()).await;
    setting.relay.drain_bodies().await;
}

#[tokio::test]
async fn what_was_given_to_a_browser_stays_for_the_grace_and_goes_then() {
    let setting = uploaded().await;
    setting.take(9).await.unwrap();
    drain(setting.fetch(9).await.unwrap()).await;
    let until = setting.relay.now() + crate::config::DEFAULT_GRACE;
    assert_eq!(setting.receive_as(9, Saved::Browser).await.unwrap(), Some(Repeatable { again_until: until }));
    assert_eq!(setting.relay.events(id(), key()).await.unwrap().content_until, Some(until));
    assert_eq!(drain(setting.fetch(9).await.unwrap()).await, content());
    setting.advance(crate::config::DEFAULT_GRACE);
    setting.check_and_sweep().await;
    assert!(!setting.on_disk("content.age"));
    let events = setting.relay.events(id(), key()).await.unwrap();
    assert_eq!((events.state, events.content_until), (State::Collected, None));
    assert_eq!(setting.receive_as(9, Saved::Browser).await.unwrap(), None, "again, after the end");
}

#[tokio::test]
async fn an_answer_on_a_ticket_that_is_taken_over_is_cut_off() {
    let setting = setting();
    let proof = Bytes32([3; 32]);
    let words = CreateShare { proof_hash: Some(digest::of_secret(&proof)), ..request(Some(1)) };
    setting.relay.create(id(), Principal::Anyone, words).await.unwrap();
    setting.upload_rest(&[0]).await;
    let take = async |ticket: u8| {
        let ticket_hash = digest::of_secret(&Bytes32([ticket; 32]));
        setting.relay.take_ticket(id(), TakeTicket { proof: Some(proof), ticket_hash }).await
    };
    take(9).await.unwrap();
    let waiting = setting.fetch(9).await.unwrap();
    assert_eq!(code(take(8).await), Code::DownloadsTaken, "somebody is downloading");
    setting.receive_as(9, Saved::Browser).await.unwrap();
    take(8).await.unwrap();
    assert!(drain(waiting).await.len() < content().len(), "it waits for a part that is not there");
    assert_eq!(code(setting.fetch(9).await.map(drop)), Code::TicketInvalid);
    setting.put_part(1).await.unwrap();
    assert_eq!(drain(setting.fetch(8).await.unwrap()).await, content());
}
