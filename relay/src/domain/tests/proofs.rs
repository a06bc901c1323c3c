//! Wrong proofs, and the locks they bring.

use super::*;

#[test]
fn ten_wrong_proofs_lock_for_an_hour_and_then_for_two() {
    let mut record = ready(None);
    if let Life::Live(share) = &mut record.life {
        share.expires_at = u64::MAX;
    }
    for expected in (1..TRIES).rev() {
        let wrong = Refusal::WrongProof { tries_left: expected, locked_until: None };
        assert_eq!(guess(&mut record, 0), Err(wrong));
    }
    let until = FIRST_LOCK_SECONDS;
    assert_eq!(guess(&mut record, 0), Err(Refusal::WrongProof { tries_left: 0, locked_until: Some(until) }));
    assert_eq!(right(&mut record, until - 1), Err(Refusal::Locked { until }), "even a right one");
    assert_eq!(record.live(0).unwrap().status(0, 0).locked_until, Some(until));
    assert_eq!(right(&mut record, until), Ok(()));
    let lasts = |record: &mut Record, now| {
        guess_often(record, TRIES - 1, now);
        match guess(record, now) {
            Err(Refusal::WrongProof { locked_until: Some(until), .. }) => until - now,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(lasts(&mut record, until), 2 * FIRST_LOCK_SECONDS);
    let mut now = until + 2 * FIRST_LOCK_SECONDS;
    assert_eq!(lasts(&mut record, now), 4 * FIRST_LOCK_SECONDS);
    for _ in 0..80 {
        now += MAX_LOCK_SECONDS;
        assert!(lasts(&mut record, now) <= MAX_LOCK_SECONDS);
    }
    assert_eq!(lasts(&mut record, now + MAX_LOCK_SECONDS), MAX_LOCK_SECONDS);
}

#[test]
fn a_right_proof_begins_the_row_again_and_unlock_forgets_all() {
    let mut record = ready(None);
    guess_often(&mut record, TRIES - 1, 0);
    right(&mut record, 0).unwrap();
    assert_eq!(guess(&mut record, 0), Err(Refusal::WrongProof { tries_left: TRIES - 1, locked_until: None }));
    guess_often(&mut record, TRIES - 1, 0);
    assert!(matches!(right(&mut record, 1), Err(Refusal::Locked { .. })));
    record.unlock(1).unwrap();
    record.unlock(1).unwrap();
    right(&mut record, 1).unwrap();
    assert_eq!(kinds(&record).iter().filter(|kind| *kind == "unlocked").count(), 1);
    guess_often(&mut record, TRIES, 2);
    assert_eq!(
        record.live(2).unwrap().delivery.attempts.locked_until(2),
        Some(2 + FIRST_LOCK_SECONDS),
        "doubling begins again"
    );
}

#[test]
fn a_missing_proof_is_not_a_guess_and_keys_have_none() {
    let mut record = ready(None);
    assert_eq!(record.prove(None, 0), Err(Code::BadRequest.into()));
    assert_eq!(record.live(0).unwrap().delivery.attempts.tries_left(0), TRIES);
    let mut keys = begun(CreateShare { proof_hash: None, ..request() });
    assert_eq!(keys.prove(None, 0), Ok(()));
    assert_eq!(keys.prove(Some(&bytes(99)), 0), Err(Code::BadRequest.into()));
    assert_eq!(keys.live(0).unwrap().status(0, 0).kind, Kind::Keys);
}

#[test]
fn wrong_proofs_count_on_tickets_too() {
    let mut record = ready(None);
    let wrong = record.take_ticket(Some(&bytes(99)), &bytes(50), |_| Some(Duration::MAX), 0);
    assert_eq!(wrong, Err(Refusal::WrongProof { tries_left: TRIES - 1, locked_until: None }));
    assert!(record.live(0).unwrap().delivery.running.is_empty());
}
