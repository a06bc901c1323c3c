//! The sender's calls.

use super::*;

#[tokio::test]
async fn sealing_wants_every_part() {
    let setting = setting();
    setting.upload(None, &[0]).await;
    assert_eq!(code(setting.relay.seal(id(), key(), PAYLOAD).await), Code::PartsMissing);
    setting.put_part(1).await.unwrap();
    assert_eq!(code(setting.relay.seal(id(), key(), PAYLOAD - 1).await), Code::Conflict);
    setting.relay.seal(id(), key(), PAYLOAD).await.unwrap();
}

#[tokio::test]
async fn not_ready_says_how_far_it_is() {
    let setting = setting();
    setting.relay.create(id(), Principal::Anyone, request(None)).await.unwrap();
    setting.put_part(1).await.unwrap();
    for outcome in [setting.relay.open(id(), None).await.map(drop), setting.take(9).await.map(drop)] {
        let problem = outcome.unwrap_err().problem();
        assert_eq!(
            (problem.code, problem.stored_bytes, problem.total_bytes),
            (Code::NotReady, Some(100), Some(PAYLOAD))
        );
    }
}

#[tokio::test]
async fn an_unfinished_upload_is_swept_48_hours_after_its_last_part() {
    let setting = setting();
    let patient = CreateShare { expires_in: 20 * 24 * 3600, ..request(None) };
    setting.relay.create(id(), Principal::Anyone, patient).await.unwrap();
    setting.advance(UNFINISHED_SECONDS - 1);
    setting.put_part(0).await.unwrap();
    setting.advance(UNFINISHED_SECONDS);
    setting.relay.sweep().await.unwrap();
    setting.put_part(1).await.unwrap();
    setting.advance(UNFINISHED_SECONDS + limits::TOUCH_SECONDS);
    assert_eq!(code(setting.put_part(1).await), Code::Expired, "before the sweep, too");
    setting.relay.sweep().await.unwrap();
    assert!(!setting.on_disk("content.age"));
}

#[tokio::test]
async fn a_part_that_is_held_is_not_written_again() {
    let setting = setting();
    setting.upload(None, &[1]).await;
    let mut again = setting.relay.begin_part(id(), key(), 1, 100).await.unwrap();
    assert!(matches!(again, upload::Upload::Held));
    again.write(Bytes::from_static(&[7; 100])).await.unwrap();
    again.finish().await.unwrap();
    setting.put_part(0).await.unwrap();
    setting.relay.seal(id(), key(), PAYLOAD).await.unwrap();
    setting.take(9).await.unwrap();
    assert_eq!(drain(setting.fetch(9).await.unwrap()).await, content());
}

#[tokio::test]
async fn a_part_being_written_is_neither_written_again_nor_sealed() {
    let setting = setting();
    setting.upload(None, &[0]).await;
    let mut slow = setting.relay.begin_part(id(), key(), 1, 100).await.unwrap();
    slow.write(Bytes::from_static(&[1; 50])).await.unwrap();
    assert_eq!(code(setting.put_part(1).await), Code::TooBusy);
    assert_eq!(code(setting.relay.seal(id(), key(), PAYLOAD).await), Code::TooBusy);
    slow.write(Bytes::from_static(&[1; 50])).await.unwrap();
    slow.finish().await.unwrap();
    setting.put_part(1).await.unwrap();
    setting.relay.seal(id(), key(), PAYLOAD).await.unwrap();
}

#[tokio::test]
async fn parts_of_one_share_wait_for_each_other_and_those_of_others_do_not() {
    let setting = setting_with(Limits { memory_wait: Duration::from_millis(50), ..Limits::default() });
    let other = ShareId::from_random([6; 12]);
    for id in [id(), other] {
        setting
            .relay
            .create(id, Principal::Anyone, CreateShare { payload_bytes: None, ..request(None) })
            .await
            .unwrap();
    }
    let begin = |id, number| setting.relay.begin_part(id, key(), number, SEALED_CHUNK_BYTES);
    let mut parts = Vec::new();
    for number in 0..limits::PARTS_AT_ONCE as u64 {
        parts.push(begin(id(), number).await.unwrap());
    }
    assert_eq!(code(begin(id(), 100).await), Code::TooBusy);
    begin(other, 0).await.unwrap();
    parts.pop();
    begin(id(), 100).await.unwrap();
}

#[tokio::test]
async fn a_part_that_ends_after_the_share_did_is_not_acknowledged() {
    let setting = setting();
    setting.upload(None, &[]).await;
    let mut upload = setting.relay.begin_part(id(), key(), 1, 100).await.unwrap();
    setting.relay.revoke(id(), key()).await.unwrap();
    upload.write(Bytes::from_static(&[1; 100])).await.unwrap();
    assert_eq!(code(upload.finish().await), Code::Revoked);
    assert_eq!(code(setting.put_part(0).await), Code::Revoked);
    assert!(!setting.on_disk("content.age") && !setting.on_disk("parts"));
}

#[tokio::test]
async fn a_listed_token_is_needed_as_soon_as_there_is_one() {
    let dir = tempfile::tempdir().unwrap();
    drop(LocalStore::init(dir.path()).unwrap());
    let file = TokenFile::in_dir(dir.path()).unwrap();
    let data = tempfile::tempdir().unwrap();
    let relay =
        |name, senders| Relay::new(Config::new(senders), LocalStore::init(&data.path().join(name)).unwrap().into());
    let some = relay("some", Senders::TokensIfAny(file.clone()));
    let always = relay("always", Senders::Tokens(file.clone()));
    assert_eq!(some.admit_sender(None).await.unwrap(), Principal::Anyone);
    assert_eq!(code(always.admit_sender(None).await), Code::TokenRequired);
    assert!(always.info(None, []).await.unwrap().token_required && !some.info(None, []).await.unwrap().token_required);
    let room = async |relay: &Relay, sender| relay.info(sender, []).await.unwrap().limits.room_bytes;
    assert!(room(&some, None).await.is_some() && room(&always, None).await.is_none());
    let token = file.add("anna", 0).unwrap();
    for relay in [&some, &always] {
        assert_eq!(code(relay.admit_sender(None).await), Code::TokenRequired);
        assert_eq!(room(relay, None).await, None, "only who may send learns how much room there is");
        let anna = relay.admit_sender(Some(&token)).await.unwrap();
        assert!(room(relay, Some(anna)).await.is_some());
        assert_eq!(code(relay.admit_sender(Some(&Bytes32([3; 32]))).await), Code::TokenRequired);
        assert_eq!(relay.admit_sender(Some(&token)).await.unwrap(), Principal::Token("anna".into()));
    }
    file.remove("anna").unwrap();
    for relay in [&some, &always] {
        assert_eq!(
            code(relay.admit_sender(Some(&token)).await),
            Code::TokenRequired,
            "the last one gone opens nothing"
        );
    }
    std::fs::write(dir.path().join("tokens.json"), b"damaged").unwrap();
    assert_eq!(code(some.admit_sender(None).await), Code::StorageFailing, "a damaged list lets nobody in");
}
