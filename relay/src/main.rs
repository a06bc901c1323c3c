//! The relay's program; see the library.

fn main() -> std::process::ExitCode {
    share_relay::run()
}
