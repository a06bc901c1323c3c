//! Telling a monitoring service, such as healthchecks.io, that a job began and how it ended.

use std::{fmt, time::Duration};

use reqwest::{StatusCode, Url, header};
use share_format::link::RelayUrl;

use super::{Client, ClientError, ClientResult, Limits};

/// How long a try may take.
const LONGEST_TRY: Duration = Duration::from_secs(10);
/// Between the first try and the second, which is the last.
const PAUSE: Duration = Duration::from_secs(1);

/// The address at which a monitoring service hears of a job. It is a secret, as whoever knows it can report in the job's
/// name: no error repeats it.
pub struct PingUrl {
    url: Url,
    server: RelayUrl,
}

/// What a monitoring service is told of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// It began.
    Start,
    /// It ended, and all is done.
    Success,
    /// It ended, and not all is done.
    Failure,
}

impl PingUrl {
    /// Reads an address that begins with `https://`, or with `http://` for this computer and private networks. One with
    /// a user name in it is refused.
    pub fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text.trim()).ok()?;
        let is_web = ["http", "https"].contains(&url.scheme());
        let is_plain = is_web && url.username().is_empty() && url.password().is_none();
        // What may be reached without TLS, and what a proxy leads to, is decided as for relays.
        let server = RelayUrl::parse(&url.origin().ascii_serialization()).ok()?;
        is_plain.then_some(Self { url, server })
    }

    /// Tells the service, in two tries of 10 s at most.
    ///
    /// # Errors
    /// Why the last try failed, without the address.
    pub async fn tell(&self, signal: Signal) -> ClientResult<()> {
        let limits = Limits { connect: LONGEST_TRY, call: LONGEST_TRY, ..Limits::default() };
        let client = Client::with_limits(&self.server, limits)?;
        match self.tell_once(&client, signal).await {
            Err(error) if error.is_passing() => {
                tokio::time::sleep(PAUSE).await;
                self.tell_once(&client, signal).await
            }
            told => told,
        }
    }

    async fn tell_once(&self, client: &Client, signal: Signal) -> ClientResult<()> {
        let call = async {
            let request = client.http.post(self.address(signal)).header(header::CONTENT_LENGTH, 0);
            match request.send().await.map_err(reqwest::Error::without_url)?.status() {
                status if status.is_success() => Ok(()),
                status if status.is_redirection() => Err(ClientError::Redirected),
                StatusCode::PROXY_AUTHENTICATION_REQUIRED => Err(ClientError::ProxyPassword),
                status => Err(ClientError::Status { status: status.as_u16(), retry_after: None }),
            }
        };
        client.within(LONGEST_TRY, call).await
    }

    /// The address as it is, or with `/start` or `/fail` at the end of its path.
    fn address(&self, signal: Signal) -> Url {
        let mut url = self.url.clone();
        let ending = match signal {
            Signal::Start => Some("start"),
            Signal::Success => None,
            Signal::Failure => Some("fail"),
        };
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(ending);
        }
        url
    }
}

impl fmt::Debug for PingUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PingUrl(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    #[test]
    fn the_signal_ends_the_path_and_the_query_stays() {
        for (text, start) in [
            ("https://hc.example/id", "https://hc.example/id/start"),
            ("https://hc.example/id/", "https://hc.example/id/start"),
            ("https://hc.example/id?create=1&x=/y", "https://hc.example/id/start?create=1&x=/y"),
            ("https://hc.example", "https://hc.example/start"),
            (" http://127.0.0.1:8000/ping/key/night%20job ", "http://127.0.0.1:8000/ping/key/night%20job/start"),
            ("http://[::1]:8000/id", "http://[::1]:8000/id/start"),
        ] {
            let ping = PingUrl::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(ping.address(Signal::Start).as_str(), start);
            assert_eq!(ping.address(Signal::Failure).as_str(), start.replace("/start", "/fail"));
        }
        let success = PingUrl::parse("https://hc.example/id?x=1").unwrap().address(Signal::Success);
        assert_eq!(success.as_str(), "https://hc.example/id?x=1");
    }

    #[test]
    fn what_is_no_safe_address_is_refused() {
        for text in [
            "",
            "hc.example/id",
            "http://hc.example/id",
            "http://8.8.8.8/id",
            "ftp://127.0.0.1/id",
            "https://user@hc.example/id",
            "https://user:password@hc.example/id",
            "file:///etc/passwd",
            "data:,x",
        ] {
            assert!(PingUrl::parse(text).is_none(), "{text}");
        }
    }

    /// A server that gives each connection the next of these answers, and then no more; its address, and the first lines
    /// that it is asked, once it has answered all.
    async fn answering(answers: &'static [&'static str]) -> (PingUrl, tokio::task::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/secret-id?query-secret", listener.local_addr().unwrap());
        let asked = tokio::spawn(async move {
            let mut asked = Vec::new();
            for answer in answers {
                let (mut connection, _) = listener.accept().await.unwrap();
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(connection.read_u8().await.unwrap());
                }
                connection.write_all(answer.as_bytes()).await.unwrap();
                let head = String::from_utf8(head).unwrap().to_lowercase();
                assert!(head.contains("content-length: 0\r\n"), "{head}");
                asked.push(head.lines().next().unwrap().to_owned());
            }
            asked
        });
        (PingUrl::parse(&url).unwrap(), asked)
    }

    const DONE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nOK";
    const BUSY: &str = "HTTP/1.1 503 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

    #[tokio::test]
    async fn a_failure_that_may_pass_is_tried_once_more() {
        let asked = "post /secret-id/start?query-secret http/1.1";
        for answers in [&["", DONE][..], &[BUSY, DONE]] {
            let (ping, server) = answering(answers).await;
            ping.tell(Signal::Start).await.unwrap();
            assert_eq!(server.await.unwrap(), [asked, asked]);
        }
        let (ping, server) = answering(&[BUSY, BUSY]).await;
        assert!(matches!(ping.tell(Signal::Start).await, Err(ClientError::Status { status: 503, .. })));
        assert_eq!(server.await.unwrap().len(), 2);
    }

    #[tokio::test]
    async fn no_error_repeats_the_address() {
        const ELSEWHERE: &str =
            "HTTP/1.1 302 No\r\nLocation: /elsewhere\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        const UNKNOWN: &str = "HTTP/1.1 404 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        for answers in [&[ELSEWHERE][..], &[UNKNOWN], &["", ""], &["nonsense\r\n\r\n", "nonsense\r\n\r\n"]] {
            let (ping, server) = answering(answers).await;
            let failed = ping.tell(Signal::Failure).await.unwrap_err();
            let mut told = format!("{failed:?} {failed} {ping:?}");
            let mut cause = failed.source();
            while let Some(error) = cause {
                told.push_str(&format!(" {error} {error:?}"));
                cause = error.source();
            }
            assert!(!told.contains("secret"), "{told}");
            server.await.unwrap();
        }
    }
}
