//! The sentences a user reads: Fluent files in `i18n/`, English and Dutch, chosen once at the start.

use std::{env, sync::LazyLock};

use i18n_embed::{
    DesktopLanguageRequester, LanguageLoader,
    fluent::{FluentLanguageLoader, fluent_language_loader},
    unic_langid::LanguageIdentifier,
};
use rust_embed::RustEmbed;
use share_format::words::WordList;

#[derive(RustEmbed)]
#[folder = "i18n"]
struct Sentences;

pub(crate) static LOADER: LazyLock<FluentLanguageLoader> = LazyLock::new(|| {
    let loader = fluent_language_loader!();
    loader.load_fallback_language(&Sentences).expect("English is built in");
    loader
});

/// The sentence of this id in the chosen language; arguments are checked against the English file at compile time.
macro_rules! fl {
    ($id:literal $(, $($args:tt)*)?) => {
        i18n_embed_fl::fl!($crate::i18n::LOADER, $id $(, $($args)*)?)
    };
}
pub(crate) use fl;

/// Chooses the language: `wanted` (as `--lang` gives it), else that of the environment, else the system's, else English.
pub fn choose(wanted: Option<Language>) {
    let requested = match wanted {
        Some(language) => vec![language.identifier()],
        None => {
            of_environment(|name| env::var(name).ok()).unwrap_or_else(DesktopLanguageRequester::requested_languages)
        }
    };
    // A failure leaves English, which is always loaded.
    let _ = i18n_embed::select(&*LOADER, &Sentences, &requested);
    // Isolation marks are for rich text; a terminal shows them as garbage.
    LOADER.set_use_isolating(false);
}

/// The languages that the variables for messages ask for, the best first; `None` if none is set. As POSIX has it, the
/// first of them that is not empty decides alone; as gettext has it, LANGUAGE then tells what is liked better, but `C` is
/// English whatever it says.
fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Option<Vec<LanguageIdentifier>> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(set)?;
    // `nl_NL.UTF-8@euro`: the language and the country, not the encoding and the variant.
    let language = |locale: &str| locale.split(['.', '@']).next().unwrap_or_default().to_owned();
    if ["C", "POSIX"].contains(&&*language(&locale)) {
        return Some(vec![Language::En.identifier()]);
    }
    let liked = set("LANGUAGE").unwrap_or_default();
    Some(liked.split(':').chain([&*locale]).filter_map(|locale| language(locale).parse().ok()).collect())
}

/// The language in use.
pub fn current() -> Language {
    match LOADER.current_language().language.as_str() {
        "nl" => Language::Nl,
        _ => Language::En,
    }
}

/// A language `share` speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Language {
    /// English
    En,
    /// Nederlands
    Nl,
}

impl Language {
    /// The list of words in this language.
    pub fn word_list(self) -> WordList {
        match self {
            Self::En => WordList::En,
            Self::Nl => WordList::Nl,
        }
    }

    fn identifier(self) -> LanguageIdentifier {
        match self {
            Self::En => "en",
            Self::Nl => "nl",
        }
        .parse()
        .expect("a valid language tag")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    /// Message ids, each with the variables it uses.
    fn messages(language: &str) -> BTreeSet<(String, BTreeSet<String>)> {
        let file = super::Sentences::get(&format!("{language}/share.ftl")).unwrap();
        let text = String::from_utf8(file.data.into_owned()).unwrap();
        let mut found: Vec<(String, BTreeSet<String>)> = Vec::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if let Some((id, _)) = line.split_once(" =").filter(|_| line.starts_with(|c: char| c.is_ascii_lowercase()))
            {
                found.push((id.to_owned(), BTreeSet::new()));
            }
            for variable in line.split('$').skip(1) {
                let name = variable.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                found.last_mut().unwrap().1.insert(name);
            }
        }
        let count = found.len();
        let set: BTreeSet<_> = found.into_iter().collect();
        assert_eq!(set.len(), count, "a message is defined twice in {language}");
        set
    }

    /// The languages that these variables ask for.
    fn asked(variables: &[(&str, &str)]) -> Option<Vec<String>> {
        let variable =
            |name: &str| variables.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned());
        Some(super::of_environment(variable)?.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn the_first_variable_that_is_set_decides() {
        let (dutch, english) = (("LANG", "nl_NL.UTF-8"), Some(vec!["en".to_owned()]));
        assert_eq!(asked(&[]), None);
        assert_eq!(asked(&[dutch]), Some(vec!["nl-NL".to_owned()]));
        for c in ["C", "POSIX", "C.UTF-8"] {
            assert_eq!(asked(&[("LC_ALL", c), dutch]), english, "{c}");
            assert_eq!(asked(&[("LC_MESSAGES", c), dutch]), english, "{c}");
            assert_eq!(asked(&[("LC_ALL", c), ("LANGUAGE", "nl:en"), dutch]), english, "{c}");
        }
        assert_eq!(asked(&[("LC_ALL", ""), ("LC_MESSAGES", "en_GB"), dutch]), Some(vec!["en-GB".to_owned()]));
        assert_eq!(asked(&[("LC_ALL", "nl_BE@euro"), ("LC_MESSAGES", "C")]), Some(vec!["nl-BE".to_owned()]));
        assert_eq!(asked(&[("LANGUAGE", "de:nl"), ("LANG", "en_US.UTF-8")]).unwrap(), ["de", "nl", "en-US"]);
        assert_eq!(asked(&[("LANGUAGE", "nl")]), None, "without a locale it is the system's to say");
        assert_eq!(asked(&[("LANG", "none at all")]), Some(vec![]));
    }

    #[test]
    fn dutch_says_all_that_english_says_with_the_same_variables() {
        let (english, dutch) = (messages("en"), messages("nl"));
        assert_eq!(english.difference(&dutch).collect::<Vec<_>>(), Vec::<&(String, BTreeSet<String>)>::new());
        assert_eq!(dutch.difference(&english).collect::<Vec<_>>(), Vec::<&(String, BTreeSet<String>)>::new());
    }
}
