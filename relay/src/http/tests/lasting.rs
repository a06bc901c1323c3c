//! What outlives a restart or a full disk, and how the relay stops.

use share_relay_api::{RelayInfo, ShareStatus, limits::TRIES};

use super::*;

#[tokio::test]
async fn acknowledged_parts_survive_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    server.begin(&request()).await;
    server.put_part(1).await;
    server.put_part(2).await;
    server.stop().await;
    let server = Server::start(&dir).await;
    assert_eq!(server.manage("GET", &paths::parts(&id()), b"").await.body, b"{\"held\":[[1,3]]}");
    server.put_part(0).await;
    server.seal().await;
    server.take(PROOF, TICKET).await;
    server.stop().await;
    let server = Server::start(&dir).await;
    assert!(server.content(TICKET, &[]).await.body == all_content());
}

/// A connection on which the relay has begun to wait for the first part's body.
async fn begun_part(server: &Server) -> TcpStream {
    let headers = [("authorization", &*bearer(MANAGE_KEY)), ("expect", "100-continue")];
    let mut stream = server.connect().await;
    stream.write_all(head("PUT", &paths::part(&id(), 0), &headers, Some(part(0).len())).as_bytes()).await.unwrap();
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).await.unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream
}

#[tokio::test]
async fn stopping_finishes_what_runs_and_takes_nothing_new() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    server.begin(&request()).await;
    let bytes = part(0);
    let mut stream = begun_part(&server).await;
    stream.write_all(&bytes[..1000]).await.unwrap();
    let address = server.address;
    server.stop.send(()).unwrap();
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    stream.write_all(&bytes[1000..]).await.unwrap();
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).await.unwrap();
    assert_eq!(Reply::parse(&reply).status, 204);
    server.served.await.unwrap().unwrap();
}

#[tokio::test]
async fn what_does_not_finish_is_cut_off_when_the_time_is_up() {
    let dir = tempfile::tempdir().unwrap();
    let limits = Limits { drain: std::time::Duration::from_millis(100), ..Limits::default() };
    let server = Server::start_with(&dir, Config { limits, ..config() }).await;
    server.begin(&request()).await;
    let mut stream = begun_part(&server).await;
    server.stop().await;
    let _ = stream.read_to_end(&mut Vec::new()).await;
}

/// A file system of two MiB, if we may make one.
#[cfg(target_os = "linux")]
struct SmallDisk(TempDir);

#[cfg(target_os = "linux")]
impl SmallDisk {
    fn mount() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let mut mount = std::process::Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"]).arg(dir.path());
        mount.output().is_ok_and(|output| output.status.success()).then(|| Self(dir))
    }
}

#[cfg(target_os = "linux")]
impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("--lazy").arg(self.0.path()).output();
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_is_told_and_keeps_what_it_has() {
    let Some(disk) = SmallDisk::mount() else {
        tracing::warn!("skipped: only root can mount a small file system");
        return;
    };
    let server = Server::start(&disk.0).await;
    let of_chunks = |chunks: u64| CreateShare {
        payload_bytes: Some(chunks * SEALED_CHUNK_BYTES),
        part_bytes: 4 * SEALED_CHUNK_BYTES,
        ..request()
    };
    let too_large = server.manage("PUT", &paths::share(&id()), &json(&of_chunks(40))).await;
    assert_eq!((too_large.status, too_large.code()), (507, Code::StorageFull), "before anything of it is sent");
    let room = server.get(paths::INFO).await.json::<RelayInfo>().limits.room_bytes.unwrap();
    assert!((8..40).contains(&(room / SEALED_CHUNK_BYTES)), "{room}");
    assert_eq!(server.get(&paths::share(&id())).await.code(), Code::NotFound);
    server.begin(&of_chunks(8)).await;
    let bytes = vec![7; 4 * SEALED_CHUNK_BYTES as usize];
    assert_eq!(server.manage("PUT", &paths::part(&id(), 0), &bytes).await.status, 204);
    let fill = |name: &str| std::fs::write(disk.0.path().join(name), vec![0; 2 << 20]).unwrap_err();
    fill("others");
    let full = server.manage("PUT", &paths::part(&id(), 1), &bytes).await;
    assert_eq!((full.status, full.code()), (507, Code::StorageFull));
    let status: ShareStatus = server.get(&paths::share(&id())).await.json();
    assert_eq!(status.stored_bytes, bytes.len() as u64);
    let other = paths::share(&ShareId::from_random([6; 12]));
    fill("filler");
    assert_eq!(server.manage("PUT", &other, &json(&request())).await.code(), Code::StorageFull);
    assert_eq!(server.get(paths::READYZ).await.code(), Code::StorageFull);
    for left in (0..TRIES).rev() {
        // The first wrong proof is stored in the room kept for records, the others in memory.
        fill(&format!("filler-{left}"));
        assert_eq!(server.open(99).await.json::<Problem>().tries_left, Some(left), "counted all the same");
    }
    assert_eq!(server.open(PROOF).await.code(), Code::Locked);
    assert_eq!(server.manage("DELETE", &paths::share(&id()), b"").await.status, 204, "a full disk can be emptied");
    assert_eq!(server.get(&paths::share(&id())).await.code(), Code::Revoked);
    assert_eq!(std::fs::read_dir(disk.0.path().join("tmp")).unwrap().count(), 0);
    server.stop().await;
}

#[tokio::test]
async fn metrics_have_a_listener_of_their_own() {
    let dir = tempfile::tempdir().unwrap();
    let (main, metrics) =
        (TcpListener::bind("127.0.0.1:0").await.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let (main_address, address) = (main.local_addr().unwrap(), metrics.local_addr().unwrap());
    let (stop, stopped) = oneshot::channel::<()>();
    let store = LocalStore::init(dir.path()).unwrap();
    let shutdown = async { drop(stopped.await) };
    let serving = crate::serve_with_operator(main, Some(metrics), config(), store, shutdown);
    let served = tokio::spawn(serving);
    let server = Server { address: main_address, clock: TestClock::at(1000), stop, served };
    server.get("/nothing").await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(head("GET", "/metrics", &[], None).as_bytes()).await.unwrap();
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).await.unwrap();
    let text = String::from_utf8(Reply::parse(&reply).body).unwrap();
    assert!(text.contains("# TYPE share_relay_connections gauge\n"), "{text}");
    assert!(text.contains("share_relay_answers_total{status=\"404\",code=\"no_such_path\"} 1\n"), "{text}");
    server.stop().await;
}
