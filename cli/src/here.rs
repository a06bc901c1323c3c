//! A relay inside this process, for `share send --here`: it serves one share from this computer until it is collected.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
    time::Duration,
};

use share_relay_api::{EventKind, ShareId, State};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use crate::{
    client::{Client, Secret},
    commands::Context,
    config::Dirs,
    error::{Error, Result},
    i18n::fl,
    link::RelayUrl,
    system,
    transfer::staging::Staging,
};

/// How often the share is asked whether it has been collected.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The relay. Dropping it ends it and removes its ciphertext.
pub struct Here {
    relay: RelayUrl,
    // Dropped first: the relay ends before its folder goes.
    _stop: oneshot::Sender<()>,
    _serving: JoinHandle<io::Result<()>>,
    _folder: Staging,
}

impl Here {
    /// Starts it on this computer's address in its network, or on loopback where there is no network.
    pub async fn start(dirs: &Dirs) -> Result<Self> {
        Self::try_start(dirs).await.map_err(|error| Error::local(fl!("here-cannot-start"), error))?
    }

    async fn try_start(dirs: &Dirs) -> io::Result<Result<Self>> {
        let parent = dirs.here();
        system::create_private_dir(&parent)?;
        let folder = Staging::create(&parent)?;
        let listener = TcpListener::bind((own_address(), 0)).await?;
        let relay = match RelayUrl::parse(&format!("http://{}", listener.local_addr()?)) {
            Ok(relay) => relay,
            Err(error) => return Ok(Err(Error::from(error).hint(fl!("here-public-hint")))),
        };
        let (stop, stopped) = oneshot::channel();
        let store = share_relay::store::LocalStore::open(&folder.files()).map_err(io::Error::other)?;
        let serving = share_relay::serve(listener, share_relay::Config::default(), store, async {
            let _ = stopped.await;
        });
        Ok(Ok(Self { relay, _stop: stop, _serving: tokio::spawn(serving), _folder: folder }))
    }

    /// Its address.
    pub fn relay(&self) -> &RelayUrl {
        &self.relay
    }

    /// Waits until the last allowed download has been received, telling of each receipt.
    pub async fn until_collected(
        &self,
        context: &Context,
        client: &Client,
        id: &ShareId,
        manage: &Secret,
    ) -> Result<()> {
        context.ui.note(fl!("here-waiting"));
        let mut told = 0;
        loop {
            let now = client.events(id, manage).await?;
            let receipts = now.events.iter().filter(|event| matches!(event.kind, EventKind::Receipt { .. })).count();
            (told..receipts).for_each(|_| context.ui.note(fl!("here-received")));
            told = receipts;
            match now.state {
                State::Uploading | State::Ready => tokio::time::sleep(LOOK_EVERY).await,
                State::Collected => return Ok(()),
                State::Expired => return Err(Error::new(crate::error::Kind::Gone, "expired", fl!("here-expired"))),
                State::Revoked => return Err(Error::new(crate::error::Kind::Gone, "revoked", fl!("here-revoked"))),
            }
        }
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
