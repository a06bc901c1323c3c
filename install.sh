#!/usr/bin/env bash
# Builds share and share-relay from this checkout and installs them for one user; --help tells the rest.
# tests/run.sh sources this file for its functions, so that both set up a machine in the same way.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
programs="share share-relay"

usage() {
  cat <<'USAGE'
Usage: ./install.sh [--try | --uninstall | --help]

Builds share and share-relay from this checkout and puts them in ~/.local/bin
(set PREFIX to use $PREFIX/bin). Rust or a C compiler, if missing, is installed
first: by rustup if you have it, else by apt on Debian and Ubuntu.

  --try         install, then send a file through a relay on this computer,
                get it back, and show what each side saw
  --uninstall   remove the two programs
  --help        show this text
USAGE
}

say() { printf '%s\n' "$*"; }

die() {
  printf 'error: %s\n' "$1" >&2
  shift
  [ $# -eq 0 ] || printf 'hint: %s\n' "$@" >&2
  exit 1
}

# --- what the machine must have ---

can_be_root() { [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

apt_updated=no

apt_update() {
  [ "$apt_updated" = no ] || return 0
  as_root apt-get update -q || say "warning: some package lists could not be refreshed; going on with those at hand"
  apt_updated=yes
}

apt_install() {
  command -v apt-get >/dev/null || die "missing on this computer: $*" "install it with your package manager, then run this again"
  can_be_root || die "missing on this computer: $*" "as root, run: apt-get install $*"
  apt_update
  say "Installing with apt: $*"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
}

# need_commands COMMAND:PACKAGE... installs the packages of the commands that are missing, all at once.
need_commands() {
  local pair packages=()
  for pair in "$@"; do
    command -v "${pair%%:*}" >/dev/null || packages+=("${pair#*:}")
  done
  [ ${#packages[@]} -eq 0 ] || apt_install "${packages[@]}"
}

# need_disk DIRECTORY MEGABYTES
need_disk() {
  local free
  free=$(df -Pk "$1" | awk 'NR == 2 { print int($4 / 1024) }')
  [ "$free" -ge "$2" ] || die "only $free MB are free for $1, and the build needs $2 MB"
}

c_compiler_works() {
  printf '#include <stdlib.h>\nint main(void) { return EXIT_SUCCESS; }\n' | cc -x c -o /dev/null - 2>/dev/null
}

# A C compiler for the libraries, and the certificates cargo downloads with, which a minimal Debian lacks.
need_system_packages() {
  local packages=()
  c_compiler_works || packages+=(gcc libc6-dev)
  [ ! -e /etc/debian_version ] || [ -s /etc/ssl/certs/ca-certificates.crt ] || packages+=(ca-certificates)
  [ ${#packages[@]} -eq 0 ] || apt_install "${packages[@]}"
}

# --- Rust ---

rust_needed=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' "$root/Cargo.toml")

version_at_least() {
  [ "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" = "$2" ]
}

rust_is_new_enough() {
  local tool version
  for tool in cargo rustc; do
    version=$("$tool" --version 2>/dev/null | cut -d ' ' -f 2) || return 1
    version_at_least "$version" "$rust_needed" || return 1
  done
}

# Looks beyond the PATH: rustup's own folder, Debian's, and the toolchains that are not the default.
find_rust() {
  local dir toolchain
  rust_is_new_enough && return
  for dir in "${CARGO_HOME:-$HOME/.cargo}/bin" /usr/bin; do
    PATH=$dir:$PATH rust_is_new_enough && export PATH=$dir:$PATH && return
  done
  find_rustup || return 1
  while read -r toolchain _; do
    RUSTUP_AUTO_INSTALL=0 RUSTUP_TOOLCHAIN=$toolchain rust_is_new_enough || continue
    export RUSTUP_TOOLCHAIN=$toolchain
    return
  done < <(rustup toolchain list)
  return 1
}

# Puts rustup's cargo and rustc, which lie beside rustup itself, before others on the PATH.
find_rustup() {
  local rustup
  rustup=$(PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin command -v rustup) || return 1
  PATH=$(dirname "$rustup"):$PATH
  export PATH
}

apt_offers_rust() {
  local package version
  for package in "$@"; do
    version=$(LC_ALL=C apt-cache policy "$package" | awk '$1 == "Candidate:" { print $2 }')
    version_at_least "${version#*:}" "$rust_needed" || return 1
  done
}

# Debian's "-web" packages are newer builds that stand in for cargo and rustc, and replace them.
install_rust_with_apt() {
  local pair
  apt_update
  for pair in "cargo-web rustc-web" "cargo rustc"; do
    # shellcheck disable=SC2086 # two package names
    apt_offers_rust $pair && apt_install $pair && return
  done
  [ -n "$(apt-cache madison rustup 2>/dev/null)" ] || return 1
  apt_install rustup
}

# A toolchain of its own version beside those of the user, whose default stays what it was.
install_rust_with_rustup() {
  say "Installing Rust $rust_needed with rustup"
  rustup toolchain install "$rust_needed" --profile minimal --no-self-update
  export RUSTUP_TOOLCHAIN=$rust_needed
}

need_rust() {
  find_rust && return
  say "Rust $rust_needed or newer is needed and was not found."
  if ! find_rustup && command -v apt-get >/dev/null && can_be_root; then
    install_rust_with_apt || say "apt offers no Rust that is new enough."
    find_rust && return
  fi
  if find_rustup; then
    install_rust_with_rustup
  fi
  rust_is_new_enough || die "Rust $rust_needed or newer could not be installed" "get it from https://rustup.rs, then run this again"
}

need_build_tools() {
  need_system_packages
  need_rust
  say "Using $(cargo --version) and $(rustc --version)"
}

# --- installing and removing ---

build() {
  need_disk "$root" 2000
  need_build_tools
  say "Building share and share-relay; the first time takes some minutes."
  cargo build --release --locked --manifest-path "$root/Cargo.toml" --target-dir "$root/target" -p share -p share-relay
}

install_programs() {
  local program
  mkdir -p "$bin"
  bin=$(cd "$bin" && pwd)
  for program in $programs; do
    install -m 755 "$root/target/release/$program" "$bin/$program"
    say "Installed $bin/$program"
  done
}

tell_path() {
  case ":$PATH:" in
    *":$bin:"*) ;;
    *)
      say "$bin is not on your PATH. Add this line to ~/.profile and log in again:"
      say "  export PATH=\"$bin:\$PATH\""
      ;;
  esac
}

uninstall() {
  local program
  for program in $programs; do
    if [ -e "$bin/$program" ]; then
      rm -f -- "$bin/$program"
      say "Removed $bin/$program"
    else
      say "$bin/$program is not there"
    fi
  done
  say "Your settings and the list of what you sent are left as they are."
}

# --- trying it ---

stop_try() {
  if [ -n "${relay_pid:-}" ]; then
    kill "$relay_pid" 2>/dev/null || true
    wait "$relay_pid" || true
  fi
  rm -rf -- "$work"
}

start_relay() {
  local line
  mkfifo "$work/relay.out"
  "$bin/share-relay" serve --init --listen 127.0.0.1:0 --data "$work/relay" >"$work/relay.out" 2>"$work/relay.log" &
  relay_pid=$!
  exec 3<"$work/relay.out"
  if ! read -r -t 30 -u 3 line; then
    cat "$work/relay.log" >&2
    die "the relay did not start"
  fi
  relay_url=${line#listening on }
}

# as_person NAME COMMAND... runs with a home folder of its own, as if on a computer of its own.
as_person() {
  local home=$work/$1
  shift
  mkdir -p "$home"
  env -u XDG_CONFIG_HOME -u XDG_DATA_HOME -u XDG_STATE_HOME -u XDG_CACHE_HOME -u XDG_RUNTIME_DIR \
    HOME="$home" NO_PROXY=127.0.0.1 no_proxy=127.0.0.1 "$@" </dev/null
}

try_send() {
  as_person sender "$bin/share" send --json --relay "$relay_url" --passphrase-file "$work/words" "$work/letter.txt" \
    >"$work/send.json" || die "sending failed"
  link=$(sed -n 's/.*"event":"created".*"link":"\([^"]*\)".*/\1/p' "$work/send.json")
  [ -n "$link" ] || die "share send printed no link"
}

try_get() {
  as_person recipient "$bin/share" get "$link" --passphrase-file "$work/words" --yes --output "$work/received" ||
    die "getting it back failed"
  cmp "$work/letter.txt" "$work/received/letter.txt" || die "what came back differs from what was sent"
}

indent() { sed 's/^/    /'; }

show_relay_copy() {
  local stored
  stored=$(find "$work/relay" -name content.age)
  [ -s "$stored" ] || die "the relay holds no content.age"
  say "3. All that the relay has of the letter ($(wc -c <"$stored") bytes, readable only with the words):"
  head -c 400 "$stored" | LC_ALL=C tr -c '[:print:]\n' '.' | fold -w 72 | indent
  say ""
  ! grep -rqF -e 'garden shed' -e letter.txt -e "$(cat "$work/words")" "$work/relay" "$work/relay.log" ||
    die "the relay's folder or log holds the letter's text or name, or the words"
}

try_it() {
  work=$(mktemp -d)
  trap stop_try EXIT
  mkdir "$work/received"
  printf '%s\n' 'Dear Anna,' 'the key of the garden shed is under the third flowerpot.' 'Bram' >"$work/letter.txt"
  start_relay
  say ""
  say "1. A relay runs on this computer, at $relay_url"
  say ""
  say "2. The sender sends a letter:  share send letter.txt"
  indent <"$work/letter.txt"
  try_send
  say "   link, for a mail or a chat:     $link"
  say "   words, to say over the phone:   $(cat "$work/words")"
  say ""
  show_relay_copy
  say ""
  say "4. The recipient types the words:  share get $link"
  try_get
  indent <"$work/received/letter.txt"
  say ""
  say "The received letter is the same as the sent one, byte for byte. The relay held only ciphertext."
}

main() {
  local action=${1:-}
  bin=${PREFIX:-$HOME/.local}/bin
  case $action in
    "" | --try)
      build
      install_programs
      tell_path
      if [ "$action" = --try ]; then try_it; fi
      ;;
    --uninstall) uninstall ;;
    --help | -h) usage ;;
    *) die "unknown option: $action" "./install.sh --help lists what there is" ;;
  esac
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  main "$@"
fi
