//! TEMPORARY stand-in, replaced by the words helper.
use zeroize::Zeroizing;
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum WordList {
    En,
    Nl,
}
pub struct Passphrase(Zeroizing<String>);
#[derive(Debug)]
pub enum WordsError {
    Checksum,
}
impl std::fmt::Display for WordsError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("checksum")
    }
}
impl std::error::Error for WordsError {}
impl Passphrase {
    pub fn generate(_: WordList, count: usize) -> Result<Self, getrandom::Error> {
        let mut v = vec![];
        for _ in 0..count {
            v.push(format!("w{}", getrandom::u32()? % 2048));
        }
        Ok(Self(Zeroizing::new(v.join("-"))))
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
    pub fn read(text: &str) -> Result<Self, WordsError> {
        Ok(Self(Zeroizing::new(text.split_whitespace().flat_map(|w| w.split('-')).collect::<Vec<_>>().join("-"))))
    }
}
