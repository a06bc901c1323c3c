//! What the sender brings.

use super::*;

#[test]
fn the_same_request_again_changes_nothing_and_another_is_a_conflict() {
    let record = Record::create(request(), Principal::Anyone, &ACCEPTS, 100).unwrap();
    let created = record.created_again(&request(), 200).unwrap();
    assert_eq!((created.created_at, created.expires_at), (100, 100 + 7 * DAY));
    let other = CreateShare { downloads: Some(1), ..request() };
    assert_eq!(record.created_again(&other, 200), Err(Code::Conflict.into()));
}

#[test]
fn a_repeated_request_may_make_the_parts_smaller_and_nothing_else() {
    let sized = |chunks| CreateShare { part_bytes: chunks * SEALED_CHUNK_BYTES, ..request() };
    let mut record = Record::create(sized(4), Principal::Anyone, &ACCEPTS, 0).unwrap();
    let first = record.created_again(&sized(4), 0).unwrap();
    assert_eq!(record.wants_smaller_parts(&sized(4), 0), Ok(false));
    assert_eq!(record.wants_smaller_parts(&sized(5), 0), Ok(false));
    assert_eq!(record.wants_smaller_parts(&CreateShare { downloads: Some(1), ..sized(2) }, 0), Ok(false));
    assert_eq!(record.wants_smaller_parts(&sized(2), 0), Ok(true));
    assert_eq!(record.make_parts_smaller(&sized(2), &ACCEPTS, 5), Ok(first.clone()));
    assert_eq!(record.created_again(&sized(2), 6), Ok(first.clone()));
    assert_eq!(record.make_parts_smaller(&sized(2), &ACCEPTS, 6), Ok(first.clone()), "asked twice at once");
    for larger in [sized(4), sized(3)] {
        assert_eq!(record.make_parts_smaller(&larger, &ACCEPTS, 6), Err(Code::Conflict.into()));
    }
    assert_eq!(record.make_parts_smaller(&sized(1), &ACCEPTS, 6), Ok(first));
    assert_eq!(record.live(6).unwrap().layout().part_bytes, SEALED_CHUNK_BYTES);
}

#[test]
fn smaller_parts_keep_to_the_limits() {
    let huge = CreateShare {
        payload_bytes: Some(SEALED_CHUNK_BYTES * (MAX_PARTS + 1)),
        part_bytes: 2 * SEALED_CHUNK_BYTES,
        ..request()
    };
    let mut record = Record::create(huge.clone(), Principal::Anyone, &ACCEPTS, 0).unwrap();
    let before = record.clone();
    let too_many = CreateShare { part_bytes: SEALED_CHUNK_BYTES, ..huge.clone() };
    let crooked = CreateShare { part_bytes: SEALED_CHUNK_BYTES + 1, ..huge.clone() };
    for refused in [too_many, crooked, CreateShare { part_bytes: 0, ..huge }] {
        assert!(record.make_parts_smaller(&refused, &ACCEPTS, 0).is_err());
    }
    assert_eq!(record, before);
}

#[test]
fn header_and_manifest_are_set_once() {
    let mut record = Record::create(request(), Principal::Anyone, &ACCEPTS, 0).unwrap();
    let [one, other] = [9, 8].map(|hash| Blob { hash: bytes(hash), bytes: HEADER });
    assert_eq!(record.holds(BlobKind::Header, &one, 0), Ok(false));
    record.hold(BlobKind::Header, one.clone(), 0).unwrap();
    assert_eq!(record.holds(BlobKind::Header, &one, 0), Ok(true));
    assert_eq!(record.holds(BlobKind::Header, &other, 0), Err(Code::Conflict.into()));
    assert_eq!(record.hold(BlobKind::Header, other, 0), Err(Code::Conflict.into()));
    assert_eq!(record.live(0).unwrap().object.header, Some(one));
}

#[test]
fn an_unfinished_upload_lives_48_hours_after_its_last_part() {
    let mut record = begun(request());
    let touched = 1000;
    assert_eq!(record.live(0).unwrap().parts_unnoted_until(), TOUCH_SECONDS);
    record.touch(TOUCH_SECONDS - 1).unwrap();
    assert_eq!(record.live(0).unwrap().parts_unnoted_until(), TOUCH_SECONDS, "that is too early");
    record.touch(touched).unwrap();
    assert_eq!(record.state(touched + UNFINISHED_SECONDS), State::Uploading);
    let end = touched + UNFINISHED_SECONDS + TOUCH_SECONDS;
    assert_eq!(record.state(end - 1), State::Uploading);
    record.settle(end);
    assert_eq!(record.live(end).err(), Some(gone(Ending::Expired, end)));
}

#[test]
fn sealing_with_another_size_than_said_is_a_conflict() {
    let record = begun(request());
    assert_eq!(record.may_seal(PAYLOAD + 1, &ACCEPTS, 0), Err(Code::Conflict.into()));
    let mut unknown = begun(CreateShare { payload_bytes: None, ..request() });
    assert_eq!(unknown.may_seal(0, &ACCEPTS, 0), Err(Code::BadRequest.into()));
    assert!(unknown.may_seal(u64::MAX, &ACCEPTS, 0).is_err());
    unknown.seal(5, 0).unwrap();
    assert_eq!(unknown.seal(6, 0), Err(Code::Conflict.into()));
    assert_eq!(unknown.live(0).unwrap().object.payload_bytes, Some(5));
}
