//! A relay inside this process, for `share send --here`: it serves one share from this computer until it is collected.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
    time::Duration,
};

use share_client::{
    files::shown,
    secret::Secret,
    state::{Dirs, working_folder::WorkingFolder},
    system,
};
use share_format::link::RelayUrl;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use crate::{
    error::{Error, Result},
    i18n::fl,
};

/// How long answers that are under way may take at the end.
const LAST_ANSWERS: Duration = Duration::from_secs(5);

/// The relay. Dropping it ends it and removes its ciphertext; [`EmbeddedRelay::end`] also lets its last answers go out.
pub struct EmbeddedRelay {
    relay: RelayUrl,
    token: Secret,
    loopback: bool,
    // Dropped first: the relay ends before its folder goes.
    stop: oneshot::Sender<()>,
    serving: JoinHandle<io::Result<()>>,
    _folder: WorkingFolder,
}

impl EmbeddedRelay {
    /// Starts it on this computer's address in its network, or on loopback where there is no network.
    pub async fn start(dirs: &Dirs) -> Result<Self> {
        let parent = dirs.embedded_relay()?;
        let folder = system::create_private_dir(&parent).and_then(|()| WorkingFolder::create(&parent));
        let unwritable = |error| Error::at_home(fl!("here-unwritable", path = shown(&parent)), error);
        let started = Self::try_start(folder.map_err(unwritable)?).await;
        started.map_err(|error| Error::local(fl!("here-cannot-start"), error))?
    }

    async fn try_start(folder: WorkingFolder) -> io::Result<Result<Self>> {
        let listener = TcpListener::bind((own_address(), 0)).await?;
        let address = listener.local_addr()?;
        let relay = match RelayUrl::parse(&format!("http://{address}")) {
            Ok(relay) => relay,
            Err(error) => return Ok(Err(Error::from(error).hint(fl!("here-public-hint")))),
        };
        let (stop, stopped) = oneshot::channel();
        let files = folder.files();
        let store = share_relay::storage::LocalStore::init(&files).map_err(io::Error::other)?;
        // Others on the network may fetch, and nobody but this process may send.
        let tokens = share_relay::admission::tokens::TokenFile::in_dir(&files).map_err(io::Error::other)?;
        let token = tokens.add("here", share_relay::clock::system_time()).map_err(io::Error::other)?;
        let mut config = share_relay::Config::new(share_relay::Senders::Tokens(tokens));
        config.limits.drain = LAST_ANSWERS;
        let serving = share_relay::serve(listener, config, store, async {
            let _ = stopped.await;
        });
        Ok(Ok(Self {
            relay,
            token: token.into(),
            loopback: address.ip().is_loopback(),
            stop,
            serving: tokio::spawn(serving),
            _folder: folder,
        }))
    }

    /// Its address.
    pub fn relay(&self) -> &RelayUrl {
        &self.relay
    }

    /// What it takes to send through it.
    pub fn token(&self) -> &Secret {
        &self.token
    }

    /// Whether only this computer can reach it.
    pub fn is_loopback(&self) -> bool {
        self.loopback
    }

    /// Ends the relay once its last answers are out, and removes its ciphertext.
    pub async fn end(self) {
        drop(self.stop);
        // If serving failed, there is nothing left to finish.
        let _ = self.serving.await;
    }
}

/// The address this computer has in its network. Connecting a datagram socket sends nothing; it only asks the system
/// which address it would use.
fn own_address() -> IpAddr {
    let asked = || -> io::Result<SocketAddr> {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9))?;
        socket.local_addr()
    };
    asked().map_or(Ipv4Addr::LOCALHOST.into(), |address| address.ip())
}
