#!/usr/bin/env bash
# Checks what docs/architecture.md promises of the house: which package may know of which, what lies where,
# and under which licences the libraries come. Prints each breach and ends with 1 if there was one.
set -euo pipefail
cd "$(dirname "$0")/.."

breaches=0

breach() {
  printf 'fence: %s\n' "$1"
  [ -z "${2:-}" ] || printf '%s\n' "$2" | sed 's/^/    /'
  breaches=$((breaches + 1))
}

# packages_of PACKAGE: every package it is built from, on any system.
packages_of() {
  cargo tree --locked -p "$1" --target all -e normal --prefix none --format '{p}' | cut -d ' ' -f 1 | sort -u
}

relay_cannot_decrypt() {
  local found
  found=$(packages_of share-relay | grep -xE "$1" || true)
  [ -z "$found" ] || breach "share-relay depends on a way to decrypt:" "$found"
}

api_depends_on_serde_alone() {
  local found
  found=$(cargo tree --locked -p share-relay-api --target all -e normal --depth 1 --prefix none --format '{p}' |
    cut -d ' ' -f 1 | grep -vxE 'share-relay-api|serde' || true)
  [ -z "$found" ] || breach "share-relay-api depends on more than serde:" "$found"
}

# depends_on_none_of PACKAGE CRATES: the package itself names none of these. (The age crate brings sentences of its own.)
depends_on_none_of() {
  local found
  found=$(cargo tree --locked -p "$1" --target all -e normal --depth 1 --prefix none --format '{p}' |
    cut -d ' ' -f 1 | grep -v "^$1$" | grep -xE "$2" || true)
  [ -z "$found" ] || breach "$1 depends on what it has no business with:" "$found"
}

# named_only_in CRATE FOLDER FILES: code of FOLDER names CRATE only in the files whose path matches FILES.
named_only_in() {
  local found
  found=$(grep -rnE "^[^/]*\\b$1::" --include='*.rs' "$2" | grep -vE "^$3" || true)
  [ -z "$found" ] || breach "only $3 may name $1:" "$found"
}

no_import_circles() {
  local found
  found=$(tests/import_circles.py "$@") || breach "files import each other in a circle:" "$found"
}

unsafe_is_forbidden() {
  local manifest
  grep -qx 'unsafe_code = "forbid"' Cargo.toml || breach "the workspace does not forbid unsafe code"
  while read -r manifest; do
    grep -q '^\[package\]' "$manifest" || continue
    grep -A 1 -x '\[lints\]' "$manifest" | grep -qx 'workspace = true' ||
      grep -qx 'unsafe_code = "forbid"' "$manifest" || breach "$manifest does not take over the workspace's lints"
  done < <(find . -name target -prune -o -name Cargo.toml -print)
}

top_level_is_tidy() {
  local found
  found=$(find . -mindepth 1 -maxdepth 1 ! -name '.*' | cut -c 3- |
    grep -vxE 'Cargo\.(toml|lock)|cli|relay|docs|tests|target|install\.sh|README\.md|CHANGELOG\.md|LICENSE' || true)
  [ -z "$found" ] || breach "the top level holds more than it should:" "$found"
}

# Paths and addresses of the machine somebody happened to work on.
names_no_machine() {
  local found
  found=$(grep -rnIE --exclude-dir=target --exclude-dir=.git --exclude=.git --exclude=Cargo.lock --exclude=fences.sh \
    '(^|[^[:alnum:]_./-])/(work|tmp/wt)/|index\.crates\.io' . || true)
  [ -z "$found" ] || breach "names a place on one machine:" "$found"
}

# A licence expression passes if each of its AND parts offers, among its OR choices, one from the list.
licences_are_free() {
  local found
  found=$(cargo tree --locked --workspace --target all -e normal,build,dev --prefix none --format '{p}|{l}' |
    sed 's/ (\*)$//' | sort -u | awk -F '|' -v free="$1" '
      BEGIN { split(free, names, " "); for (i in names) ok[names[i]] = 1 }
      NF < 2 { next }
      {
        licence = $2
        gsub(/[()]/, "", licence); gsub(/ ?\/ ?/, " OR ", licence)
        parts = split(licence, all, / AND /); good = 0
        for (i = 1; i <= parts; i++) {
          choices = split(all[i], any, / OR /)
          for (j = 1; j <= choices; j++) if (any[j] in ok) { good++; break }
        }
        if (parts == 0 || good < parts) print $1 ": " $2
      }' | grep -vE "$2" || true)
  [ -z "$found" ] || breach "licences not on the list:" "$found"
}

ciphers='age|age-core|ring|aws-lc.*|rustls|openssl.*|libsodium.*|.*poly1305|chacha.*|salsa20|aes.*|ctr|cbc|scrypt|pbkdf2|argon2'
ciphers="$ciphers|hkdf|aead|cipher|crypto_(box|secretbox)|rsa|.*dalek|hpke"

relay_cannot_decrypt "$ciphers|share-format"
api_depends_on_serde_alone
terminal='clap|dialoguer|indicatif|rpassword|i18n-embed.*|rust-embed|share|share-relay'
# What travels is bytes: no network, no async, no terminal, no sentences.
depends_on_none_of share-format "$terminal|share-client|hyper.*|http|reqwest|tokio.*|futures.*|directories"
# How it travels is typed: no terminal, no sentences.
depends_on_none_of share-client "$terminal"
named_only_in 'hyper(_util)?' relay/src 'relay/src/http(\.rs|/)'
named_only_in reqwest cli/client/src 'cli/client/src/api/'
unsafe_is_forbidden
no_import_circles cli cli/client cli/format relay relay/api
top_level_is_tidy
names_no_machine
# option-ext (by way of directories) is under MPL-2.0, which binds changes to its own files only.
licences_are_free 'MIT MIT-0 Apache-2.0 BSD-2-Clause BSD-3-Clause ISC Unicode-3.0 Zlib 0BSD CDLA-Permissive-2.0' '^option-ext .*: MPL-2\.0$'

[ "$breaches" -eq 0 ] || exit 1
echo "fences: all hold"
