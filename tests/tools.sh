# Programs that tests and benchmarks need beside those of the system; sourced after install.sh.
# shellcheck shell=bash

# shellcheck disable=SC2154 # install.sh sets it
tools=$root/target/tools

# Opens our files with the other implementation of age.
need_rage() {
  [ ! -x "$tools/bin/rage" ] || return 0
  say "Building rage"
  cargo install rage --version '^0.12' --locked --no-default-features --root "$tools"
}
