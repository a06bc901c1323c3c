//! Web servers as operators put them before a relay.

use std::{
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, Command},
};

use super::{http::host, test_env::TestEnv, until_some};

/// Listens on a free port. Ends when dropped.
pub struct WebServer {
    process: Child,
    pub url: String,
}

/// Settings of nginx, for the places where they stand.
#[derive(Default, Clone, Copy)]
pub struct Nginx {
    pub http: &'static str,
    pub server: &'static str,
    pub location: &'static str,
}

impl WebServer {
    /// `None` where it is not installed.
    pub fn nginx(env: &TestEnv, relay: &str, settings: Nginx) -> Option<Self> {
        let Nginx { http, server, location } = settings;
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("{name}_temp_path {name};"))
            .concat();
        Self::start(["nginx", "-v"], |address| {
            let config = format!(
                "daemon off; master_process off; pid nginx.pid; worker_rlimit_nofile 4096; \
                 events {{ worker_connections 2048; }} http {{ access_log off; {temporary} {http} server {{ \
                 listen {address}; {server} location / {{ proxy_pass {relay}; {location} }} }} }}"
            );
            env.file("nginx/nginx.conf", config);
            let run = env.program("nginx", ["-c", "nginx.conf", "-e", "error.log", "-p"]);
            run.arg(env.path("nginx")).spawn()
        })
    }

    /// `None` where it is not installed.
    pub fn caddy(env: &TestEnv, relay: &str) -> Option<Self> {
        Self::start(["caddy", "version"], |address| {
            let timeouts = "\tservers {\n\t\ttimeouts {\n\t\t\tread_header 15s\n\t\t}\n\t}\n";
            let config = format!(
                "{{\n\tadmin off\n\tauto_https off\n{timeouts}}}\nhttp://{address} {{\n\treverse_proxy {}\n}}\n",
                host(relay)
            );
            let file = env.file("caddy/Caddyfile", config);
            env.program("caddy", ["run", "--adapter=caddyfile", "--config"]).arg(file).spawn()
        })
    }

    fn start(version: [&str; 2], run: impl Fn(SocketAddr) -> Child) -> Option<Self> {
        let [program, option] = version;
        if Command::new(program).arg(option).output().is_err() {
            eprintln!("SKIPPED: {program} is not installed");
            return None;
        }
        // Somebody else may take the port that was free a moment ago.
        let started = (0..10).find_map(|_| {
            let address = free_address();
            let mut server = Self { process: run(address), url: format!("http://{address}") };
            until_some("it listens or ends", || {
                let ended = server.process.try_wait().unwrap().is_some();
                (ended || TcpStream::connect(address).is_ok()).then_some(!ended)
            })
            .then_some(server)
        });
        Some(started.unwrap_or_else(|| panic!("{program} does not start")))
    }
}

impl Drop for WebServer {
    fn drop(&mut self) {
        // Fails only if it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// An address that nobody listens at now.
pub fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
