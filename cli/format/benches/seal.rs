//! Sealing and opening alone, in memory, against the `age` crate's own stream, and the time that scrypt takes.
//!
//! `cargo bench -p share-format --bench seal` prints a table in Markdown. Every contender takes its turn in each round, and
//! ratios are taken within a round, so that a change in the machine's speed hits all alike.

use std::{
    error::Error,
    hint::black_box,
    io::{self, Read, Write},
    iter,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Instant,
};

use age::{Decryptor, Encryptor, secrecy::SecretString, x25519};
use share_format::envelope::{CHUNK, FileKey, NONCE, SEALED_CHUNK, Stream, TAG, WORK_FACTOR};

/// Chunks that are sealed or opened together: 1 MiB of plaintext.
const RUN: usize = 16;
const RUNS: usize = 64;
/// The content is gone through so often in a turn: 512 MiB in all.
const PASSES: usize = 8;
const ROUNDS: usize = 7;
const MIB: f64 = (RUNS * RUN * CHUNK * PASSES / (1024 * 1024)) as f64;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let age = AgeCrate::new()?;
    let ours = Ours::new();
    let columns = rounds(&[
        &|| age.seal(),
        &|| ours.on_threads(1, Ours::seal_run),
        &|| ours.on_threads(2, Ours::seal_run),
        &|| age.open(),
        &|| ours.on_threads(1, Ours::open_run),
        &|| ours.on_threads(2, Ours::open_run),
    ])?;
    let mut out = io::stdout().lock();
    writeln!(out, "| | MiB/s | least | greatest | × age crate | × one thread |\n|---|--:|--:|--:|--:|--:|")?;
    for (verb, [age, one, two]) in iter::zip(["seal", "open"], columns.as_chunks().0) {
        row(&mut out, &format!("{verb}, age crate"), age, None, None)?;
        row(&mut out, &format!("{verb}, share, one thread"), one, Some(age), None)?;
        row(&mut out, &format!("{verb}, share, two threads"), two, Some(age), Some(one))?;
    }
    writeln!(out, "\nscrypt, N = 2^{WORK_FACTOR}: {:.3} s", scrypt_seconds()?)?;
    Ok(())
}

/// Seconds that each contender took in each round, after a round to warm up.
fn rounds(contenders: &[&dyn Fn() -> Result<()>]) -> Result<Vec<Vec<f64>>> {
    let mut columns = vec![Vec::new(); contenders.len()];
    for round in 0..=ROUNDS {
        for i in (0..contenders.len()).map(|i| (i + round) % contenders.len()) {
            let begun = Instant::now();
            contenders[i]()?;
            if round > 0 {
                columns[i].push(begun.elapsed().as_secs_f64());
            }
        }
    }
    Ok(columns)
}

fn row(
    out: &mut impl Write,
    name: &str,
    seconds: &[f64],
    age: Option<&Vec<f64>>,
    one: Option<&Vec<f64>>,
) -> Result<()> {
    let speeds: Vec<f64> = seconds.iter().map(|seconds| MIB / seconds).collect();
    let least = speeds.iter().copied().fold(f64::INFINITY, f64::min);
    let greatest = speeds.iter().copied().fold(0.0, f64::max);
    let times = |than: Option<&Vec<f64>>| match than {
        Some(than) => format!("{:.2}", median(iter::zip(than, seconds).map(|(than, own)| than / own))),
        None => "–".into(),
    };
    let speed = median(speeds.iter().copied());
    writeln!(out, "| {name} | {speed:.0} | {least:.0} | {greatest:.0} | {} | {} |", times(age), times(one))?;
    Ok(())
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A run of plaintext that is no pattern a cipher or a copy could profit from.
fn plaintext() -> Vec<u8> {
    let mut state = 1u64;
    let mut byte = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 56) as u8
    };
    iter::repeat_with(&mut byte).take(RUN * CHUNK).collect()
}

/// The `age` crate's stream, with a public key, so that its header costs next to nothing.
struct AgeCrate {
    identity: x25519::Identity,
    plain: Vec<u8>,
    sealed: Vec<u8>,
}

impl AgeCrate {
    fn new() -> Result<Self> {
        let mut age = Self { identity: x25519::Identity::generate(), plain: plaintext(), sealed: Vec::new() };
        let mut sealed = Vec::new();
        age.seal_into(&mut sealed, 1)?;
        age.sealed = sealed;
        Ok(age)
    }

    fn seal_into(&self, out: impl Write, passes: usize) -> Result<()> {
        let recipient = self.identity.to_public();
        let encryptor = Encryptor::with_recipients(iter::once(&recipient as &dyn age::Recipient))?;
        let mut writer = encryptor.wrap_output(out)?;
        for _ in 0..passes * RUNS {
            self.plain.chunks(CHUNK).try_for_each(|piece| writer.write_all(piece))?;
        }
        writer.finish()?.flush()?;
        Ok(())
    }

    fn seal(&self) -> Result<()> {
        self.seal_into(io::sink(), PASSES)
    }

    fn open(&self) -> Result<()> {
        let mut piece = vec![0; CHUNK];
        for _ in 0..PASSES {
            let decryptor = Decryptor::new(&self.sealed[..])?;
            let mut reader = decryptor.decrypt(iter::once(&self.identity as &dyn age::Identity))?;
            while reader.read(&mut piece)? > 0 {
                black_box(&piece);
            }
        }
        Ok(())
    }
}

/// The stream of `share`. Threads take the runs as they come, as in an upload.
struct Ours {
    stream: Stream,
    plain: Vec<u8>,
    sealed: Vec<u8>,
}

impl Ours {
    fn new() -> Self {
        let stream = Stream::new(&FileKey::from_bytes([7; FileKey::LEN].into()), &[9; NONCE]);
        let plain = plaintext();
        let mut sealed = Vec::new();
        (0..RUNS).for_each(|run| stream.seal_run((run * RUN) as u64, run + 1 == RUNS, &plain, &mut sealed));
        Self { stream, plain, sealed }
    }

    fn on_threads(&self, threads: usize, work: impl Fn(&Self, usize, &mut Vec<u8>) -> Result<()> + Sync) -> Result<()> {
        let next = AtomicUsize::new(0);
        let take_runs = || {
            let mut buffer = Vec::with_capacity(RUN * (CHUNK + TAG));
            while let Some(run) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|run| *run < PASSES * RUNS) {
                buffer.clear();
                work(self, run % RUNS, &mut buffer).map_err(|error| error.to_string())?;
            }
            Ok::<(), String>(())
        };
        thread::scope(|scope| {
            let threads: Vec<_> = (0..threads).map(|_| scope.spawn(take_runs)).collect();
            threads.into_iter().try_for_each(|thread| thread.join().expect("the work does not panic"))
        })?;
        Ok(())
    }

    fn seal_run(&self, run: usize, buffer: &mut Vec<u8>) -> Result<()> {
        self.stream.seal_run((run * RUN) as u64, run + 1 == RUNS, &self.plain, buffer);
        black_box(buffer);
        Ok(())
    }

    /// Opens a copy, because opening is in place; the crate's reader copies as well.
    fn open_run(&self, run: usize, buffer: &mut Vec<u8>) -> Result<()> {
        buffer.extend_from_slice(&self.sealed[run * RUN * SEALED_CHUNK..][..RUN * SEALED_CHUNK]);
        black_box(self.stream.open_run((run * RUN) as u64, run + 1 == RUNS, buffer)?);
        Ok(())
    }
}

/// The time to make a header for words.
fn scrypt_seconds() -> Result<f64> {
    let mut seconds = Vec::new();
    for _ in 0..ROUNDS {
        let mut recipient = age::scrypt::Recipient::new(SecretString::from("six words joined by hyphens".to_owned()));
        recipient.set_work_factor(WORK_FACTOR);
        let begun = Instant::now();
        let encryptor = Encryptor::with_recipients(iter::once(&recipient as &dyn age::Recipient))?;
        drop(encryptor.wrap_output(io::sink())?);
        seconds.push(begun.elapsed().as_secs_f64());
    }
    Ok(median(seconds.into_iter()))
}
