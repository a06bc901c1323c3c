//! The program `share-relay`: from its command line to a running relay or a changed token list.

use std::{
    env::VarError,
    error::Error,
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

use clap::Parser;
use share_relay_api::RelayLimits;
use tokio::{net::TcpListener, sync::oneshot};
use tracing_subscriber::{filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{
    args::{Arguments, Command, LogFormat, Serve, TokenCommand},
    auth::TokenFile,
    clock,
    config::{Config, Senders},
    line,
    operator::Operator,
    store::{self, LocalStore},
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Threads that wait for the disk at once.
const DISK_THREADS: usize = 64;

/// Files and connections open at once that are enough for all that is allowed at once.
#[cfg(unix)]
const MAX_OPEN_FILES: u64 = 16 * 1024;

/// Runs the program with the arguments of this process.
pub fn run() -> ExitCode {
    match act(Arguments::parse().command, &mut io::stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&*error, &mut io::stderr());
            ExitCode::FAILURE
        }
    }
}

fn act(command: Command, out: &mut dyn Write) -> Result<()> {
    match command {
        Command::Serve(serve) => {
            start_log(serve.log_format)?;
            open_more_files();
            let mut runtime = tokio::runtime::Builder::new_multi_thread();
            runtime.enable_all().max_blocking_threads(DISK_THREADS).build()?.block_on(self::serve(serve, out))
        }
        Command::Token(command) => change_tokens(command, out),
        Command::ConfirmClock(dir) => Ok(store::confirm_time(&dir.data, clock::system_time())?),
    }
}

/// Lets this process open as many files as it may: each transfer takes a connection and a file.
#[cfg(unix)]
fn open_more_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let most = maximum.unwrap_or(MAX_OPEN_FILES).min(MAX_OPEN_FILES);
    if current.is_none_or(|current| current >= most) {
        return;
    }
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: Some(most), maximum }) {
        tracing::warn!(%error, current, "cannot raise the number of open files");
    }
}

#[cfg(not(unix))]
fn open_more_files() {}

async fn serve(serve: Serve, out: &mut dyn Write) -> Result<()> {
    let store = LocalStore::open(&serve.data)?;
    let tokens = TokenFile::in_dir(&serve.data);
    let listed = tokens.list()?;
    let listener = listen(&serve.listen).await?;
    let address = listener.local_addr()?;
    let operator = serve.operator.as_deref().map(Operator::read).transpose()?.unwrap_or_default();
    let config = Config {
        operator,
        accepts: RelayLimits {
            content_bytes: serve.max_size,
            expiry_seconds: serve.max_expiry,
            ..RelayLimits::PROTOCOL
        },
        grace: serve.grace,
        ..Config::new(Senders::at(address, tokens, listed.is_some(), serve.open)?)
    };
    let metrics = match serve.metrics_listen {
        Some(address) => Some(listen(&address).await?),
        None => None,
    };
    let mut signals = Signals::new()?;
    let (stop, stopped) = oneshot::channel::<()>();
    tracing::info!(data = %serve.data.display(), tokens = listed.map(|tokens| tokens.len()), "store opened");
    writeln!(out, "listening on http://{address}")?;
    out.flush()?;
    let told_twice = async {
        signals.next().await;
        drop(stop);
        signals.next().await;
    };
    tokio::select! {
        served = crate::serve_with_metrics(listener, metrics, config, store, async { drop(stopped.await) }) => Ok(served?),
        () = told_twice => Err("stopped at once, at the second signal".into()),
    }
}

async fn listen(address: &str) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| format!("cannot listen on {address}: {error}").into())
}

/// The signals to stop: SIGTERM and SIGINT.
#[cfg(unix)]
struct Signals(tokio::signal::unix::Signal, tokio::signal::unix::Signal);

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self(signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?))
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.0.recv() => {}
            _ = self.1.recv() => {}
        }
    }
}

/// The signal to stop: Ctrl-C.
#[cfg(windows)]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    fn new() -> io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}

fn change_tokens(command: TokenCommand, out: &mut dyn Write) -> Result<()> {
    match command {
        TokenCommand::Add(token) => {
            let secret = TokenFile::in_dir(&token.list.data).add(&token.name, clock::system_time())?;
            writeln!(out, "{secret}")?;
        }
        TokenCommand::Remove(token) => TokenFile::in_dir(&token.list.data).remove(&token.name)?,
        TokenCommand::List(list) => {
            for token in TokenFile::in_dir(&list.data).list()?.unwrap_or_default() {
                writeln!(out, "{}", token.name)?;
            }
        }
    }
    Ok(())
}

fn start_log(format: LogFormat) -> Result<()> {
    let directives = match std::env::var("RUST_LOG") {
        Ok(directives) if !directives.is_empty() => directives,
        Ok(_) | Err(VarError::NotPresent) => "info".to_owned(),
        Err(error) => return Err(format!("RUST_LOG: {error}").into()),
    };
    let wanted = directives.parse::<Targets>().map_err(|error| format!("RUST_LOG: {error}"))?;
    let log = fmt::layer().with_ansi(io::stderr().is_terminal()).with_writer(io::stderr);
    let filtered = tracing_subscriber::registry().with(wanted);
    match format {
        LogFormat::Text => filtered.with(log).init(),
        LogFormat::Json => filtered.with(log.json().flatten_event(true)).init(),
    }
    Ok(())
}

/// One line for the error and one for each of its causes.
fn report(error: &dyn Error, err: &mut dyn Write) {
    let causes = std::iter::successors(error.source(), |cause| (*cause).source());
    let text: String = causes.map(|cause| format!("  because: {}\n", line::of_text(&cause.to_string()))).collect();
    // There is nowhere left to say that standard error is closed.
    let _ = write!(err, "error: {}\n{text}", line::of_text(&error.to_string()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(line: &[&str]) -> Result<String> {
        let mut out = Vec::new();
        act(Arguments::try_parse_from(line)?.command, &mut out)?;
        Ok(String::from_utf8(out)?)
    }

    #[test]
    fn tokens_are_printed_once_and_listed_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().to_str().unwrap();
        let token = |verb, name| output(&["share-relay", "token", verb, name, "--data", data]);
        let list = || output(&["share-relay", "token", "list", "--data", data]).unwrap();
        let secret = token("add", "anna").unwrap();
        assert!(secret.trim_end().parse::<share_relay_api::Bytes32>().is_ok(), "{secret:?}");
        assert!(token("add", "anna").is_err());
        token("add", "bo").unwrap();
        assert_eq!(list(), "anna\nbo\n");
        token("remove", "anna").unwrap();
        assert!(token("remove", "anna").is_err());
        assert_eq!(list(), "bo\n");
    }

    #[tokio::test]
    async fn beyond_loopback_it_refuses_to_start_without_tokens() {
        let dir = tempfile::tempdir().unwrap();
        let line = ["share-relay", "serve", "--listen", "0.0.0.0:0", "--data", dir.path().to_str().unwrap()];
        let Command::Serve(arguments) = Arguments::try_parse_from(line).unwrap().command else { unreachable!() };
        let mut out = Vec::new();
        let error = serve(arguments, &mut out).await.unwrap_err().to_string();
        assert!(error.contains("--open") && error.contains("token add"), "{error}");
        assert_eq!(out, b"", "nothing was said to be listening");
    }

    #[test]
    fn an_error_is_reported_with_its_causes() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("data"), b"a file").unwrap();
        let error = LocalStore::open(&dir.path().join("data")).unwrap_err();
        let mut text = Vec::new();
        report(&error, &mut text);
        let text = String::from_utf8(text).unwrap();
        assert!(text.starts_with("error: cannot use ") && text.contains("\n  because: "), "{text}");
    }
}
