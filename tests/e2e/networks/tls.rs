//! What the programs and a server agree on for TLS.

use rustls::{
    NamedGroup,
    crypto::{
        CryptoProvider,
        aws_lc_rs::{self, kx_group},
    },
};

use super::Fixture;
use crate::support::{PATIENCE, fault_proxy::FaultProxy, program::Run};

/// Sends and gets through a server with this provider; all connections must agree on this key exchange.
#[track_caller]
fn agrees(provider: CryptoProvider, expected: NamedGroup) {
    let fixture = Fixture::new(1000);
    let server = FaultProxy::tls(&fixture.relay.url, provider, &fixture.env, "localhost");
    let url = server.url.replace("http://127.0.0.1", "https://localhost");
    let run = |run: Run| run.env("SSL_CERT_FILE", fixture.env.path("cert.pem")).within(PATIENCE);
    let sent = fixture.sent(&run(fixture.send(&url)));
    let for_sending = server.key_exchanges().len();
    fixture.got(&sent, &run(fixture.get(&sent)));
    let groups = server.key_exchanges();
    assert!(0 < for_sending && for_sending < groups.len(), "both go through the server: {groups:?}");
    assert!(groups.iter().all(|group| *group == expected), "{groups:?}");
}

#[test]
fn the_key_exchange_is_hybrid_where_both_can() {
    agrees(aws_lc_rs::default_provider(), NamedGroup::X25519MLKEM768);
}

#[test]
fn a_server_with_x25519_alone_is_reached() {
    let provider = CryptoProvider { kx_groups: vec![kx_group::X25519], ..aws_lc_rs::default_provider() };
    agrees(provider, NamedGroup::X25519);
}
