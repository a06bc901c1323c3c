//! What a fault proxy does with whole requests, one on each connection: it answers them itself, or changes what the relay
//! answers.

use std::{
    io::{self, BufReader, Read, Write},
    net::TcpStream,
    sync::Arc,
    thread,
    time::Duration,
};

use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

use super::Shared;
use crate::support::{
    PATIENCE,
    http::{Request, Response},
    test_env::TestEnv,
};

/// What is sent to a client in answer to a request.
pub enum Reply {
    /// These bytes, and then the end of the connection.
    Raw(Vec<u8>),
    /// The first bytes, then the second again and again until the client hangs up.
    Endless(Vec<u8>, Vec<u8>),
    /// The same with a pause of 20 ms before each.
    Dripping(Vec<u8>, Vec<u8>),
    /// These bytes, and then nothing, while the connection stays open longer than any client waits.
    Silent(Vec<u8>),
}

impl From<Response> for Reply {
    fn from(response: Response) -> Self {
        Self::Raw(response.bytes())
    }
}

impl Reply {
    /// The connection ends without an answer.
    pub fn nothing() -> Self {
        Self::Raw(Vec::new())
    }

    /// What the relay answers.
    pub fn of_relay(relay: &str, request: &Request) -> Self {
        request.forward(relay).map_or(Self::nothing(), Self::from)
    }

    fn send(&self, stream: &mut impl Write) -> io::Result<()> {
        let (start, more, pause) = match self {
            Self::Raw(bytes) => {
                stream.write_all(bytes)?;
                return stream.flush();
            }
            Self::Silent(start) => {
                stream.write_all(start)?;
                thread::sleep(PATIENCE);
                return Ok(());
            }
            Self::Endless(start, more) => (start, more, Duration::ZERO),
            Self::Dripping(start, more) => (start, more, Duration::from_millis(20)),
        };
        stream.write_all(start)?;
        loop {
            thread::sleep(pause);
            stream.write_all(more)?;
        }
    }
}

impl Shared {
    /// Takes one request and replies to it.
    pub fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        let Some(config) = &self.setting.tls else { return self.reply(stream) };
        let mut connection = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
        connection.complete_io(&mut stream)?;
        let group = connection.negotiated_key_exchange_group().expect("the handshake is complete");
        self.state.lock().unwrap().key_exchanges.push(group.name());
        self.reply(StreamOwned::new(connection, stream))
    }

    fn reply(&self, stream: impl Read + Write) -> io::Result<()> {
        let Some(answer) = &self.setting.answer else { return Ok(()) };
        let mut reader = BufReader::new(stream);
        let request = Request::read(&mut reader)?;
        self.state.lock().unwrap().requests.push(request.clone());
        answer(&request).send(reader.get_mut())
    }
}

/// A key and a certificate for a name, made here; the certificate is `cert.pem`.
pub fn tls_config(provider: CryptoProvider, env: &TestEnv, name: &str) -> ServerConfig {
    let extensions = format!("basicConstraints=CA:FALSE\nsubjectAltName=DNS:{name}\n");
    let config = format!(
        "[req]\ndistinguished_name=name\nprompt=no\nx509_extensions=leaf\n[name]\nCN={name}\n[leaf]\n{extensions}"
    );
    let config = env.file("openssl.cnf", config);
    let options =
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -keyout key.pem -out cert.pem";
    env.program("openssl", options.split(' ')).arg("-config").arg(config).succeeds();
    let certificate = CertificateDer::from_pem_file(env.path("cert.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(env.path("key.pem")).unwrap();
    let builder = ServerConfig::builder_with_provider(Arc::new(provider));
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    builder.with_single_cert(vec![certificate], key).unwrap()
}
