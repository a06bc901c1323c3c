//! The program `share-relay`: from its command line to a running relay or a changed token list.

use std::{
    env::VarError,
    error::Error,
    io::{self, IsTerminal, Write},
    process::ExitCode,
    time::Duration,
};

use clap::Parser;
use listenfd::ListenFd;
use share_relay_api::RelayLimits;
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::{
    net::{TcpListener, TcpSocket, lookup_host},
    sync::oneshot,
    time::{Instant, sleep},
};
use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    fmt,
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use crate::{
    admission::{Senders, tokens::TokenFile},
    args::{Arguments, Command, LogFormat, Serve, TokenCommand},
    clock,
    config::Config,
    limits::SHUTDOWN_GRACE,
    line,
    operator::Operator,
    server,
    storage::{self, LocalStore, OpenError},
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Threads that wait for the disk at once.
const DISK_THREADS: usize = 64;

/// The log level if `RUST_LOG` sets none.
const DEFAULT_LOG: LevelFilter = LevelFilter::INFO;

/// The exit status when the reader of the output is gone: 128 + SIGPIPE, as if that signal had ended the program.
const READER_GONE: u8 = 141;

/// The crates that write to the log.
const LOGGING: [&str; 3] = ["share_relay", "h2", "hyper_util"];

/// Enough open files for all connections and transfers that the limits allow at once.
const MAX_OPEN_FILES: u64 = 64 * 1024;

/// How long to wait for the relay that this one replaces to end, and how often to check.
const TAKEOVER: Duration = Duration::from_secs(10);
const TAKEOVER_PAUSE: Duration = Duration::from_millis(20);

/// Connections that may wait in the system's queue; the system has a limit of its own.
const BACKLOG: u32 = 4096;

/// Runs the program with the arguments of this process.
pub fn run() -> ExitCode {
    match act(Arguments::parse().command, &mut io::stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of the output has ended, as in `share-relay token list | head`.
        Err(error) if is_broken_pipe(&*error) => ExitCode::from(READER_GONE),
        Err(error) => {
            report(&*error, &mut io::stderr());
            ExitCode::FAILURE
        }
    }
}

fn act(command: Command, out: &mut dyn Write) -> Result<()> {
    match command {
        Command::Serve(serve) => {
            start_log(serve.log_format);
            let mut runtime = tokio::runtime::Builder::new_multi_thread();
            let runtime = runtime.enable_all().max_blocking_threads(DISK_THREADS).build()?;
            let served = runtime.block_on(self::serve(serve, out));
            // Work that still waits for the disk has not been acknowledged.
            runtime.shutdown_timeout(SHUTDOWN_GRACE);
            served
        }
        Command::Token(command) => change_tokens(command, out),
        Command::Remove(share) => Ok(storage::remove_share(&share.of.data, &share.id)?),
        Command::ConfirmClock(dir) => Ok(storage::confirm_time(&dir.data, clock::system_time())?),
    }
}

/// Lets this process open as many files as it may, and gives how many: each connection takes one, and each transfer
/// another.
#[cfg(unix)]
fn open_more_files() -> u64 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let most = maximum.unwrap_or(MAX_OPEN_FILES).min(MAX_OPEN_FILES);
    if current.is_none_or(|current| current >= most) {
        return current.unwrap_or(MAX_OPEN_FILES);
    }
    match setrlimit(Resource::Nofile, Rlimit { current: Some(most), maximum }) {
        Ok(()) => most,
        Err(error) => {
            tracing::warn!(%error, current, "cannot raise the number of open files");
            current.unwrap_or(most)
        }
    }
}

#[cfg(not(unix))]
fn open_more_files() -> u64 {
    MAX_OPEN_FILES
}

async fn serve(serve: Serve, out: &mut dyn Write) -> Result<()> {
    let store = open_store(&serve).await?;
    let tokens = TokenFile::in_dir(&serve.data)?;
    let listed = tokens.list()?;
    let listener = listen_or_inherit(&serve.listen).await?;
    let address = listener.local_addr()?;
    let operator = serve.operator.as_deref().map(Operator::read).transpose()?.unwrap_or_default();
    let mut config = Config {
        operator,
        accepts: RelayLimits {
            content_bytes: serve.max_size,
            expiry_seconds: serve.max_expiry,
            ..RelayLimits::PROTOCOL
        },
        grace: serve.grace,
        ..Config::new(Senders::at(address, tokens, listed.is_some(), serve.open)?)
    };
    let open_files = open_more_files();
    config.limits.connections =
        config.limits.connections.min(usize::try_from(open_files / 2).unwrap_or(config.limits.connections));
    let operator_listener = match serve.metrics_listen {
        Some(address) => Some(listen(&address).await?),
        None => None,
    };
    let mut signals = Signals::new()?;
    let (stop, stopped) = oneshot::channel::<()>();
    tracing::info!(data = %serve.data.display(), tokens = listed.map(|tokens| tokens.len()), open_files, "store opened");
    writeln!(out, "listening on http://{address}")?;
    out.flush()?;
    let told_twice = async {
        signals.next().await;
        drop(stop);
        signals.next().await;
    };
    tokio::select! {
        served = server::serve_with_operator(listener, operator_listener, config, store, async { drop(stopped.await) }) => Ok(served?),
        () = told_twice => Err("stopped at once, at the second signal".into()),
    }
}

/// Opens the store, as soon as a relay that is being replaced by this one lets go of it.
async fn open_store(serve: &Serve) -> std::result::Result<LocalStore, OpenError> {
    let begun = Instant::now();
    loop {
        match if serve.init { LocalStore::init(&serve.data) } else { LocalStore::open(&serve.data) } {
            Err(OpenError::InUse(_)) if begun.elapsed() < TAKEOVER => sleep(TAKEOVER_PAUSE).await,
            opened => return opened,
        }
    }
}

/// Listens at this address, or takes the socket that the service manager listens on (systemd.socket(5)), so that a restart
/// refuses nobody.
async fn listen_or_inherit(address: &str) -> Result<TcpListener> {
    match ListenFd::from_env().take_tcp_listener(0)? {
        Some(inherited) => {
            inherited.set_nonblocking(true)?;
            Ok(TcpListener::from_std(inherited)?)
        }
        None => listen(address).await,
    }
}

async fn listen(address: &str) -> Result<TcpListener> {
    let listening = async {
        let mut last = io::Error::other("the name has no address");
        for address in lookup_host(address).await? {
            let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
            #[cfg(unix)]
            socket.set_reuseaddr(true)?;
            match socket.bind(address).and_then(|()| socket.listen(BACKLOG)) {
                Ok(listener) => return Ok(listener),
                Err(error) => last = error,
            }
        }
        Err(last)
    };
    listening.await.map_err(|error| format!("cannot listen on {address}: {error}").into())
}

/// The signals to stop, SIGTERM and SIGINT; and SIGHUP, which asks a service to read its settings again, and comes when
/// the terminal goes away that it was started at. Here it changes nothing: there is nothing to read again.
#[cfg(unix)]
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        let (terminate, interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        Ok(Self { terminate, interrupt, hang_up: signal(SignalKind::hangup())? })
    }

    /// Resolves when asked to stop.
    async fn next(&mut self) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                _ = self.hang_up.recv() => tracing::info!("SIGHUP: going on; settings are read at a start, tokens always"),
            }
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
            let secret = TokenFile::in_dir(&token.list.data)?.add(&token.name, clock::system_time())?;
            writeln!(out, "{secret}")?;
        }
        TokenCommand::Remove(token) => TokenFile::in_dir(&token.list.data)?.remove(&token.name)?,
        TokenCommand::List(list) => {
            for token in TokenFile::in_dir(&list.data)?.list()?.unwrap_or_default() {
                writeln!(out, "{}", token.name)?;
            }
        }
    }
    Ok(())
}

/// Starts the log as `RUST_LOG` says. A mistake in it is logged and otherwise ignored.
fn start_log(format: LogFormat) {
    let (wanted, mistakes) = match std::env::var("RUST_LOG") {
        Ok(directives) => log_targets(&directives),
        Err(VarError::NotPresent) => log_targets(""),
        Err(VarError::NotUnicode(_)) => (Targets::new().with_default(DEFAULT_LOG), vec!["it is no text".to_owned()]),
    };
    let log = fmt::layer().log_internal_errors(false).with_ansi(io::stderr().is_terminal()).with_writer(io::stderr);
    let filtered = tracing_subscriber::registry().with(wanted);
    match format {
        LogFormat::Text => filtered.with(log).init(),
        LogFormat::Json => filtered.with(log.json().flatten_event(true)).init(),
    }
    for mistake in mistakes {
        tracing::warn!(mistake, "RUST_LOG is not used as it is written; it takes a level, or MODULE=LEVEL");
    }
}

/// The targets to log, and the mistakes in these directives. Targets without a directive have the default level.
fn log_targets(directives: &str) -> (Targets, Vec<String>) {
    // The parser would read an empty directive as a level, and a space as part of a name.
    let directives: Vec<&str> = directives.split(',').map(str::trim).filter(|one| !one.is_empty()).collect();
    let wanted = match directives.join(",").parse::<Targets>() {
        _ if directives.is_empty() => Targets::new(),
        Ok(wanted) => wanted,
        Err(error) => return (Targets::new().with_default(DEFAULT_LOG), vec![line::of_text(&error.to_string())]),
    };
    let logs = |target: &str| LOGGING.contains(&target.split("::").next().unwrap_or_default());
    let unknown = wanted.iter().filter(|(target, _)| !logs(target));
    let mistakes = unknown.map(|(target, _)| format!("nothing is called {}", line::of_text(target))).collect();
    let level = wanted.default_level().unwrap_or(DEFAULT_LOG);
    (wanted.with_default(level), mistakes)
}

fn is_broken_pipe(error: &(dyn Error + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
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
        drop(LocalStore::init(dir.path()).unwrap());
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

    #[test]
    fn a_wrong_log_level_is_told_and_silences_nothing() {
        let logs = |directives: &str, target: &str, level| log_targets(directives).0.would_enable(target, &level);
        for (directives, mistakes) in [
            ("", 0),
            (" info, share_relay=debug,", 0),
            ("share_relay=debug", 0),
            ("share_relay::http=debug,hyper_util=off", 0),
            ("verbose", 1),
            ("share-relay=debug", 1),
            ("nginx=info,=x=", 1),
            ("share_relay=loud", 1),
            ("relay=debug,http=debug", 2),
        ] {
            assert_eq!(log_targets(directives).1.len(), mistakes, "{directives}: {:?}", log_targets(directives).1);
            assert!(logs(directives, "share_relay", tracing::Level::INFO), "{directives}");
        }
        assert!(logs("share_relay::http=debug", "share_relay::http::log", tracing::Level::DEBUG));
        assert!(
            !logs("warn", "share_relay", tracing::Level::INFO) && !logs("off", "share_relay", tracing::Level::ERROR)
        );
    }

    #[tokio::test]
    async fn beyond_loopback_it_refuses_to_start_without_tokens() {
        let dir = tempfile::tempdir().unwrap();
        let line = ["share-relay", "serve", "--init", "--listen", "0.0.0.0:0", "--data", dir.path().to_str().unwrap()];
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
        let error = LocalStore::init(&dir.path().join("data")).unwrap_err();
        let mut text = Vec::new();
        report(&error, &mut text);
        let text = String::from_utf8(text).unwrap();
        assert!(text.starts_with("error: cannot make the folder ") && text.contains("\n  because: "), "{text}");
    }
}
