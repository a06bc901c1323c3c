//! The words: a passphrase that can be said over the telephone, typed with mistakes, and checked before it is used.
//!
//! Six to ten words of a list of 2048 ("Words" in `docs/format.md`). Eleven bits a word; the last four are a checksum.

use std::{fmt, sync::LazyLock};

use aws_lc_rs::digest;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use zeroize::Zeroizing;

/// The fewest words of a passphrase: 62 random bits.
pub const MIN_WORDS: usize = 6;
/// The most words of a passphrase: 106 random bits.
pub const MAX_WORDS: usize = 10;

const BITS: u32 = 11;
const CHECKSUM_BITS: u32 = 4;
const CHECKSUM_MASK: u16 = (1 << CHECKSUM_BITS) - 1;
/// Fewer letters than these are not taken as the beginning of a word.
const MIN_PREFIX: usize = 3;
/// How much of a wrong word is shown, and compared with the list.
const MAX_SHOWN: usize = 24;
const MAX_SUGGESTIONS: usize = 3;
/// Combinations of candidates tried. Beginnings come first, and a text with so many slips is better typed again.
const MAX_WAYS: usize = 1024;
/// A text of more words than these is something else: this leaves room for what is said around and between the words.
const MAX_SAID: usize = 64;

/// What words are called by who writes them down: "the words are", "wachtwoord:".
const NAMES: &str = "passphrase password passwords wachtwoord wachtwoorden wachtzin woorden words";
/// What stands before and after such a name.
const ARTICLES: &str = "are de deze dit het is mijn my six the these uw your zes zijn";
/// What is said between words, so that it is written as a sign, and before a single one.
const SIGNS: &str = "and code comma dash dot en hyphen komma koppelteken line new newline nieuwe period punt puntkomma \
    regel semicolon space spatie streepje woord word";
/// The numbers that have a word on a list.
const NUMBERS: [(&str, &str); 25] = [
    ("0", "nul"),
    ("0", "zero"),
    ("2", "twee"),
    ("5", "five"),
    ("5", "vijf"),
    ("7", "seven"),
    ("7", "zeven"),
    ("9", "negen"),
    ("11", "eleven"),
    ("12", "twaalf"),
    ("13", "dertien"),
    ("14", "fourteen"),
    ("15", "fifteen"),
    ("16", "sixteen"),
    ("18", "eighteen"),
    ("20", "twintig"),
    ("30", "thirty"),
    ("60", "zestig"),
    ("80", "tachtig"),
    ("90", "ninety"),
    ("100", "honderd"),
    ("1000", "duizend"),
    ("1000", "thousand"),
    ("1000000", "miljoen"),
    ("1000000", "million"),
];

static ENGLISH: LazyLock<Vec<&str>> = LazyLock::new(|| include_str!("../../wordlists/en.txt").lines().collect());
static DUTCH: LazyLock<Vec<&str>> = LazyLock::new(|| include_str!("../../wordlists/nl.txt").lines().collect());

/// A list of 2048 words, in alphabetical order; `cli/wordlists/README.md` says what holds for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum WordList {
    /// English
    En,
    /// Nederlands
    Nl,
}

/// Words joined by `-`. `Debug` shows nothing; the memory is cleared after use. Written as JSON only into private files.
#[derive(Clone, serde::Serialize)]
#[serde(transparent)]
pub struct Passphrase(Zeroizing<String>);

/// Why a text is not a passphrase. Neither `Debug` nor `Display` shows a word.
pub enum WordsError {
    /// A word is on no list, or could be several.
    Unknown {
        /// Which word, from 1.
        position: usize,
        /// As it was typed, in lower case and without accents.
        word: String,
        /// Words of the list that are like it, likeliest first.
        suggestions: Vec<&'static str>,
    },
    /// Fewer than [`MIN_WORDS`] or more than [`MAX_WORDS`].
    Count {
        /// How many were found.
        found: usize,
    },
    /// Every word is on the list, but they do not belong together.
    Checksum,
}

/// A word of the list that a typed word may stand for.
struct Candidate {
    place: u16,
    /// Whether the typed word is one slip away from it, rather than the word itself or its beginning.
    slip: bool,
}

/// Words of one list that a text may stand for, and whose checksum fits.
struct Reading {
    passphrase: Passphrase,
    /// Words that were not typed in full and right.
    inexact: usize,
    /// Words typed with a slip.
    slips: usize,
}

impl WordList {
    const ALL: [Self; 2] = [Self::En, Self::Nl];

    fn words(self) -> &'static [&'static str] {
        match self {
            Self::En => &ENGLISH,
            Self::Nl => &DUTCH,
        }
    }

    /// Where a word is on the list; a number stands for its word.
    fn place(self, typed: &str) -> Option<u16> {
        let of = |word: &str| self.words().binary_search(&word).ok();
        let numbers = || NUMBERS.iter().filter(|(digits, _)| *digits == typed);
        let place = of(typed).or_else(|| numbers().find_map(|(_, word)| of(word)))?;
        u16::try_from(place).ok()
    }

    /// The typed words among what was said: without fillers, or `with_fillers` that may stand for a word of the list.
    fn typed<'a>(self, said: &[&'a str], with_fillers: bool) -> Vec<&'a str> {
        let is_typed = |word: &&str| !is_filler(word) || with_fillers && !self.candidates(word).is_empty();
        without_numbering(said.iter().copied().filter(is_typed).collect())
    }

    /// What of a text that cannot be read is told as its words.
    fn likeliest<'a>(self, said: &[&'a str]) -> Vec<&'a str> {
        let [without, with] = [false, true].map(|with_fillers| self.typed(said, with_fillers));
        if !is_count(without.len()) && is_count(with.len()) { with } else { without }
    }

    /// The words that a typed word may stand for: itself; else the only one it begins, and those a slip away. Without
    /// such a beginning there must be only one a slip away.
    fn candidates(self, typed: &str) -> Vec<Candidate> {
        if let Some(place) = self.place(typed) {
            return vec![Candidate { place, slip: false }];
        }
        let places = |like: &dyn Fn(&str) -> bool| -> Vec<u16> {
            self.words().iter().filter(|word| like(word)).filter_map(|word| self.place(word)).collect()
        };
        let begun = places(&|word| typed.len() >= MIN_PREFIX && word.starts_with(typed));
        let slips = places(&|word| is_slip(typed, word));
        match (&begun[..], &slips[..]) {
            (&[place], _) => {
                let others = slips.into_iter().filter(|slip| *slip != place);
                let others = others.map(|place| Candidate { place, slip: true });
                [Candidate { place, slip: false }].into_iter().chain(others).collect()
            }
            (_, &[place]) => vec![Candidate { place, slip: true }],
            _ => Vec::new(),
        }
    }

    /// Every way to read the typed words whose checksum fits; none if a word is unknown.
    fn readings(self, typed: &[&str]) -> Vec<Reading> {
        if !is_count(typed.len()) {
            return Vec::new();
        }
        let choices: Vec<_> = typed.iter().map(|word| self.candidates(word)).collect();
        let ways = choices.iter().map(Vec::len).fold(1, usize::saturating_mul).min(MAX_WAYS);
        let inexact = typed.iter().filter(|word| self.place(word).is_none()).count();
        let way = |mut number: usize| {
            let picked: Vec<_> = choices.iter().map(|choice| pick(choice, &mut number)).collect();
            let indices = Zeroizing::new(picked.iter().map(|candidate| candidate.place).collect::<Vec<_>>());
            let fits = checksum(&indices) == indices[indices.len() - 1] & CHECKSUM_MASK;
            let slips = picked.iter().filter(|candidate| candidate.slip).count();
            fits.then(|| Reading { passphrase: Passphrase::join(self, &indices), inexact, slips })
        };
        (0..ways).filter_map(way).collect()
    }

    fn suggestions(self, typed: &str) -> Vec<&'static str> {
        let typed = &typed[..typed.len().min(MAX_SHOWN)];
        let begins = |word: &str| typed.len() >= MIN_PREFIX - 1 && word.starts_with(typed);
        let unlikeness = |word: &str| if begins(word) || is_slip(typed, word) { 1 } else { edits(typed, word) };
        let mut alike: Vec<_> = self.words().iter().map(|word| (unlikeness(word), *word)).collect();
        alike.retain(|(unlikeness, _)| *unlikeness <= 2);
        alike.sort_unstable();
        alike.into_iter().map(|(_, word)| word).take(MAX_SUGGESTIONS).collect()
    }
}

impl Passphrase {
    /// `count` random words of the list, none of them a filler: what is said between them is then never one of them.
    ///
    /// # Panics
    /// If `count` is not from [`MIN_WORDS`] to [`MAX_WORDS`].
    pub fn generate(list: WordList, count: usize) -> Result<Self, getrandom::Error> {
        assert!(is_count(count), "{count} words");
        let mut random = Zeroizing::new([0u8; 2 * MAX_WORDS]);
        loop {
            getrandom::fill(&mut *random)?;
            let pairs = random.chunks_exact(2).take(count);
            let index = |pair: &[u8]| u16::from_be_bytes([pair[0], pair[1]]) >> (u16::BITS - BITS);
            let mut indices = Zeroizing::new(pairs.map(index).collect::<Vec<_>>());
            indices[count - 1] = indices[count - 1] & !CHECKSUM_MASK | checksum(&indices);
            let made = Self::join(list, &indices);
            if !made.words().any(is_filler) {
                return Ok(made);
            }
        }
    }

    /// Reads words as a person types, dictates or pastes them: in any case, with accents, numbering, commas or line
    /// breaks between them, a number in digits, cut short or with a slip in one, as long as it is certain which words
    /// they are.
    pub fn read(text: &str) -> Result<Self, WordsError> {
        let plain = plain(text);
        let said = said(&plain);
        if said.len() > MAX_SAID {
            return Err(WordsError::Count { found: said.len() });
        }
        let readings = |with_fillers| -> Vec<_> {
            WordList::ALL.into_iter().flat_map(|list| list.readings(&list.typed(&said, with_fillers))).collect()
        };
        let mut readings = [false, true].into_iter().map(readings).find(|found| !found.is_empty()).unwrap_or_default();
        readings.sort_by_key(|reading| (reading.inexact, reading.slips));
        let mut readings = readings.into_iter();
        match readings.next() {
            None => Err(WordsError::of(&said, false)),
            Some(best) if readings.any(|other| best.is_contested_by(&other)) => Err(WordsError::of(&said, true)),
            Some(best) => Ok(best.passphrase),
        }
    }

    /// The words joined by `-`: the passphrase of the age file.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The words one by one.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.0.split('-')
    }

    fn join(list: WordList, indices: &[u16]) -> Self {
        let mut text = Zeroizing::new(String::with_capacity(9 * MAX_WORDS));
        for (i, index) in indices.iter().enumerate() {
            text.push_str(if i == 0 { "" } else { "-" });
            text.push_str(list.words()[usize::from(*index)]);
        }
        Self(text)
    }
}

impl<'de> serde::Deserialize<'de> for Passphrase {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::<String>::deserialize(deserializer)?;
        // The error would be in a log, where no word may be.
        Self::read(&text).map_err(|_| serde::de::Error::custom("no words of a passphrase"))
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

impl Reading {
    /// Whether the other may be meant as well. Who types beginnings does so throughout: several inexact words that are
    /// all beginnings are not slips by chance, a single one may be.
    fn is_contested_by(&self, other: &Self) -> bool {
        let all_begin = |reading: &Self| reading.inexact > 1 && reading.slips == 0;
        self.inexact == other.inexact
            && (!all_begin(self) || all_begin(other))
            && self.passphrase.as_str() != other.passphrase.as_str()
    }
}

impl WordsError {
    /// What is wrong with words in the list they most likely come from. If they are `contested`, several readings fit.
    fn of(said: &[&str], contested: bool) -> Self {
        let [english, dutch] = WordList::ALL.map(|list| {
            let typed = list.likeliest(said);
            let known = typed.iter().filter(|word| !list.candidates(word).is_empty()).count();
            let exact = typed.iter().filter(|word| list.place(word).is_some()).count();
            (known, exact, typed)
        });
        let dutch_is_likelier = (dutch.0, dutch.1) > (english.0, english.1);
        let (list, typed) = if dutch_is_likelier { (WordList::Nl, dutch.2) } else { (WordList::En, english.2) };
        if !is_count(typed.len()) {
            return Self::Count { found: typed.len() };
        }
        let uncertain = |word: &&str| contested && list.place(word).is_none();
        match typed.iter().position(|word| list.candidates(word).is_empty() || uncertain(word)) {
            None => Self::Checksum,
            Some(unknown) => Self::Unknown {
                position: unknown + 1,
                word: typed[unknown].chars().take(MAX_SHOWN).collect(),
                suggestions: list.suggestions(typed[unknown]),
            },
        }
    }
}

/// The candidate that a mixed-radix number has at this place. The number moves on to the next place.
fn pick<'a>(choice: &'a [Candidate], number: &mut usize) -> &'a Candidate {
    let candidate = &choice[*number % choice.len()];
    *number /= choice.len();
    candidate
}

/// The text in lower case without accents, with a space for all that is neither letter nor digit, and between the two.
fn plain(text: &str) -> Zeroizing<String> {
    // Long enough from the start, so that no copy stays behind when it grows.
    let mut plain = Zeroizing::new(String::with_capacity(2 * text.len()));
    let mut before = ' ';
    for c in text.nfkd().filter(|c| !is_combining_mark(*c) && !is_invisible(*c)) {
        let c = if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { ' ' };
        if c.is_ascii_digit() != before.is_ascii_digit() {
            plain.push(' ');
        }
        plain.push(c);
        before = c;
    }
    plain
}

/// The words and numbers of a text, without those that only introduce others: a name of the words, the articles around
/// it, and a number directly before it.
fn said(plain: &str) -> Vec<&str> {
    let mut said: Vec<&str> = Vec::new();
    let mut is_introduced = false;
    for word in plain.split(' ').filter(|word| !word.is_empty()) {
        is_introduced = is_one_of(NAMES, word) || is_introduced && is_one_of(ARTICLES, word);
        if is_one_of(NAMES, word) {
            said.pop_if(|last| last.starts_with(|c: char| c.is_ascii_digit()));
            while said.pop_if(|last| is_one_of(ARTICLES, last)).is_some() {}
        } else if !is_introduced {
            said.push(word);
        }
    }
    said
}

/// Leaves out numbers that count up from 1 before each word.
fn without_numbering(typed: Vec<&str>) -> Vec<&str> {
    let is_numbered = typed.iter().step_by(2).zip(1..).all(|(label, number)| *label == format!("{number}"));
    if is_numbered { typed.into_iter().skip(1).step_by(2).collect() } else { typed }
}

/// Whether a passphrase may have this many words.
fn is_count(found: usize) -> bool {
    (MIN_WORDS..=MAX_WORDS).contains(&found)
}

/// Whether the word may be said without being meant as one of the words.
fn is_filler(word: &str) -> bool {
    is_one_of(ARTICLES, word) || is_one_of(SIGNS, word)
}

fn is_one_of(words: &str, word: &str) -> bool {
    words.split(' ').any(|one| one == word)
}

/// Soft hyphens and zero-width characters come along from mail and web pages, in the middle of words.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}')
}

/// The first four bits of SHA-256("share/v1/words" ‖ the indices, two bytes each, the last one without its checksum).
fn checksum(indices: &[u16]) -> u16 {
    let mut hash = digest::Context::new(&digest::SHA256);
    hash.update(b"share/v1/words");
    for (i, index) in indices.iter().enumerate() {
        let random = if i + 1 == indices.len() { index & !CHECKSUM_MASK } else { *index };
        hash.update(&random.to_be_bytes());
    }
    u16::from(hash.finish().as_ref()[0] >> (u8::BITS - CHECKSUM_BITS))
}

/// Whether one slip lies between the words: a letter wrong, missing or too many, or two neighbours swapped.
fn is_slip(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let start = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let (one, other) = (&one[start..], &other[start..]);
    let end = one.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count();
    match (&one[..one.len() - end], &other[..other.len() - end]) {
        ([_], [_]) | ([], [_]) | ([_], []) => true,
        ([a, b], [c, d]) => a == d && b == c,
        _ => false,
    }
}

/// How many letters to replace, insert or delete to make one word the other.
fn edits(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in other.bytes().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

/// Shows no word: this may end in a log.
impl fmt::Display for WordsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { position, .. } => write!(f, "word {position} is on no list"),
            Self::Count { found } => write!(f, "{found} words are no passphrase"),
            Self::Checksum => f.write_str("the words do not fit together"),
        }
    }
}

impl fmt::Debug for WordsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { position, .. } => write!(f, "Unknown {{ position: {position}, .. }}"),
            Self::Count { found } => write!(f, "Count {{ found: {found} }}"),
            Self::Checksum => f.write_str("Checksum"),
        }
    }
}

impl std::error::Error for WordsError {}

#[cfg(test)]
mod tests;
