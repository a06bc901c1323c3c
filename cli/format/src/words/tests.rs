//! Tests of the words and of their lists.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::*;

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../../../tests/vectors/words.json")).unwrap()
}

fn list(case: &Value) -> WordList {
    match case["list"].as_str().unwrap() {
        "en" => WordList::En,
        "nl" => WordList::Nl,
        other => panic!("there is no list {other}"),
    }
}

fn indices(case: &Value) -> Vec<u16> {
    case["indices"].as_array().unwrap().iter().map(|index| index.as_u64().unwrap() as u16).collect()
}

fn kind(error: &WordsError) -> &'static str {
    match error {
        WordsError::Unknown { .. } => "unknown",
        WordsError::Count { .. } => "count",
        WordsError::Checksum => "checksum",
    }
}

/// Phrases that are the same in every run.
fn sample(list: WordList, count: usize) -> impl Iterator<Item = Vec<u16>> {
    let mut state = 1u32;
    let mut next = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> (u32::BITS - BITS)) as u16
    };
    let offset = list as u16;
    (0..count).map(move |_| {
        let mut indices: Vec<u16> = (0..MIN_WORDS).map(|_| next() ^ offset).collect();
        indices[MIN_WORDS - 1] = indices[MIN_WORDS - 1] & !CHECKSUM_MASK | checksum(&indices);
        indices
    })
}

#[test]
fn vectors_give_the_same_words_and_checksums() {
    let vectors = vectors();
    for case in vectors["phrases"].as_array().unwrap() {
        let indices = indices(case);
        assert_eq!(u64::from(checksum(&indices)), case["checksum"].as_u64().unwrap(), "{case}");
        let joined = Passphrase::join(list(case), &indices);
        assert_eq!(joined.as_str(), case["words"].as_str().unwrap());
        assert_eq!(Passphrase::read(joined.as_str()).unwrap().as_str(), joined.as_str(), "{case}");
    }
}

#[test]
fn vectors_are_read_forgivingly_or_refused() {
    let vectors = vectors();
    let mut wrong = Vec::new();
    for case in vectors["typed"].as_array().unwrap() {
        let read = Passphrase::read(case["text"].as_str().unwrap());
        let (got, wanted) = match &read {
            Ok(passphrase) => (passphrase.as_str(), &case["words"]),
            Err(error) => (kind(error), &case["error"]),
        };
        if *wanted != got {
            wrong.push(format!("{got}, wanted {case}"));
        }
        if let (Err(WordsError::Count { found }), Some(wanted)) = (&read, case["found"].as_u64()) {
            assert_eq!(*found as u64, wanted, "{case}");
        }
        if let Err(WordsError::Unknown { position, suggestions, .. }) = &read {
            assert_eq!(Some(*position as u64), case["position"].as_u64(), "{case}");
            if let Some(first) = case["suggestion"].as_str() {
                assert_eq!(suggestions.first(), Some(&first), "{case}");
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn made_words_are_read_back_and_differ() {
    for list in WordList::ALL {
        let mut seen = HashSet::new();
        for count in MIN_WORDS..=MAX_WORDS {
            let made = Passphrase::generate(list, count).unwrap();
            assert_eq!(made.words().count(), count);
            assert_eq!(Passphrase::read(made.as_str()).unwrap().as_str(), made.as_str());
            assert!(seen.insert(made.words().next().unwrap().to_owned() + made.words().nth(1).unwrap()));
        }
    }
}

/// What the checksum is for: a wrong word, or two that changed places, is noticed fifteen times of sixteen.
#[test]
fn the_checksum_catches_fifteen_of_sixteen_mistakes() {
    let (mut mistakes, mut caught) = (0, 0);
    for list in WordList::ALL {
        for (round, right) in sample(list, 200).enumerate() {
            for position in 0..MIN_WORDS {
                for other in 1..=10 {
                    let mut wrong = right.clone();
                    wrong[position] = (wrong[position] + other * 191 + round as u16) % 2048;
                    mistakes += usize::from(wrong != right);
                    caught += usize::from(checksum(&wrong) != wrong[MIN_WORDS - 1] & CHECKSUM_MASK && wrong != right);
                }
            }
            for position in 1..MIN_WORDS {
                let mut wrong = right.clone();
                wrong.swap(position - 1, position);
                mistakes += usize::from(wrong != right);
                caught += usize::from(checksum(&wrong) != wrong[MIN_WORDS - 1] & CHECKSUM_MASK && wrong != right);
            }
        }
    }
    assert!(mistakes > 25_000);
    let share = caught as f64 / mistakes as f64;
    assert!((0.93..0.945).contains(&share), "{caught} of {mistakes}");
}

/// One letter wrong in one word never turns into other words: it is put right or refused.
#[test]
fn a_wrong_letter_is_put_right_or_refused() {
    let (mut tried, mut put_right) = (0, 0);
    for list in WordList::ALL {
        for right in sample(list, 8) {
            let right = Passphrase::join(list, &right);
            for (at, _) in right.as_str().char_indices().filter(|(_, c)| *c != '-') {
                for letter in ["a", "e", "k", "s", "x", ""] {
                    let mut typed = right.as_str().to_owned();
                    typed.replace_range(at..=at, letter);
                    tried += 1;
                    match Passphrase::read(&typed) {
                        Ok(read) => {
                            assert_eq!(read.as_str(), right.as_str(), "{typed}");
                            put_right += 1;
                        }
                        Err(WordsError::Unknown { .. } | WordsError::Checksum) => {}
                        Err(error) => panic!("{typed}: {error:?}"),
                    }
                }
            }
        }
    }
    assert!(put_right * 10 > tried * 9, "{put_right} of {tried}");
}

/// Whatever is written around the words and between them, and however letters and spaces are: they stay the same words.
#[test]
fn decorated_words_are_read_as_themselves() {
    let numberings: [fn(usize) -> String; 4] =
        [|_| String::new(), |i| format!("{i}. "), |i| format!("{i}) "), |i| format!("woord {i}: ")];
    for right in
        WordList::ALL.into_iter().flat_map(|list| sample(list, 8).map(move |right| Passphrase::join(list, &right)))
    {
        for introduction in ["", "De woorden zijn: ", "the 6 words are ", "Wachtwoord:\n", "“"] {
            for between in [" ", ", ", " komma ", " comma ", "\n- ", " en ", " streepje "] {
                for numbering in numberings {
                    let words: Vec<_> = right.words().enumerate().map(|(i, word)| numbering(i + 1) + word).collect();
                    let text = introduction.to_owned() + &words.join(between);
                    for form in [text.to_uppercase(), text.replace(' ', "\u{a0}\n "), format!("  {text}. "), text] {
                        assert_eq!(Passphrase::read(&form).unwrap().as_str(), right.as_str(), "{form}");
                    }
                }
            }
        }
    }
}

/// A sign that is said and written as a word never makes other words of those that were made.
#[test]
fn made_words_are_read_as_themselves_with_any_sign_between_and_after_them() {
    for list in WordList::ALL {
        for (round, sign) in SIGNS.split(' ').cycle().take(1000).enumerate() {
            let made = Passphrase::generate(list, MIN_WORDS + round % 5).unwrap();
            let words: Vec<_> = made.words().collect();
            assert!(!words.iter().any(|word| is_filler(word)), "{words:?}");
            let texts = [
                words.join(" komma ") + " punt",
                words.join(" comma ") + " period",
                words.join(" ") + " " + sign,
                words.join(&format!(" {sign} ")) + " " + sign,
                format!("{sign} {} punt punt", words.join(" ")),
            ];
            for text in texts {
                let read = Passphrase::read(&text);
                assert!(read.as_ref().is_ok_and(|read| read.as_str() == made.as_str()), "{text}: {read:?}");
            }
        }
    }
}

/// Of six words none can be left out, so words that others made may be signs.
#[test]
fn six_words_that_are_also_signs_are_read_as_they_are() {
    for list in WordList::ALL {
        let signs: Vec<u16> = SIGNS.split(' ').filter_map(|sign| list.place(sign)).collect();
        assert!(!signs.is_empty());
        for mut indices in sample(list, 200) {
            for (i, sign) in signs.iter().cycle().take(3).enumerate() {
                indices[2 * i] = *sign;
            }
            indices[MIN_WORDS - 1] = indices[MIN_WORDS - 1] & !CHECKSUM_MASK | checksum(&indices);
            let passphrase = Passphrase::join(list, &indices);
            assert_eq!(Passphrase::read(passphrase.as_str()).unwrap().as_str(), passphrase.as_str());
        }
    }
}

#[test]
fn names_of_the_words_cannot_be_meant_as_words() {
    for name in NAMES.split(' ') {
        assert!(WordList::ALL.iter().all(|list| list.candidates(name).is_empty()), "{name}");
    }
}

/// So that numbering can begin with 1, and no number is forgotten.
#[test]
fn numbers_are_those_with_a_word_on_a_list() {
    const NAMES: [&str; 2] = [
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen \
         seventeen eighteen nineteen twenty",
        "nul een twee drie vier vijf zes zeven acht negen tien elf twaalf dertien veertien vijftien zestien zeventien \
         achttien negentien twintig",
    ];
    const ROUND: [(&str, [&str; 2]); 10] = [
        ("30", ["thirty", "dertig"]),
        ("40", ["forty", "veertig"]),
        ("50", ["fifty", "vijftig"]),
        ("60", ["sixty", "zestig"]),
        ("70", ["seventy", "zeventig"]),
        ("80", ["eighty", "tachtig"]),
        ("90", ["ninety", "negentig"]),
        ("100", ["hundred", "honderd"]),
        ("1000", ["thousand", "duizend"]),
        ("1000000", ["million", "miljoen"]),
    ];
    for (i, list) in WordList::ALL.into_iter().enumerate() {
        let small = NAMES[i].split(' ').enumerate().map(|(number, name)| (number.to_string(), name));
        let round = ROUND.iter().map(|(digits, names)| ((*digits).to_owned(), names[i]));
        for (digits, name) in small.chain(round) {
            assert_eq!(list.place(&digits), list.place(name), "{name}");
        }
    }
    for (digits, word) in NUMBERS {
        assert!(WordList::ALL.iter().any(|list| list.place(word).is_some() && list.place(word) == list.place(digits)));
    }
    assert!(WordList::ALL.iter().all(|list| list.place("1").is_none()));
}

#[test]
fn secrets_stay_out_of_debug() {
    let made = Passphrase::generate(WordList::En, 6).unwrap();
    assert_eq!(format!("{made:?}"), "Passphrase(..)");
    let error = Passphrase::read("secretly apple apple apple apple apple").unwrap_err();
    assert_eq!(format!("{error:?}"), "Unknown { position: 1, .. }");
    assert!(!error.to_string().contains("secretly"));
}

#[test]
fn hostile_texts_are_refused_in_bounds() {
    for text in ["a ".repeat(500_000), "z".repeat(1_000_000), "\u{202e}\u{0}".repeat(1000), "ﷺ".repeat(10_000)] {
        assert!(matches!(Passphrase::read(&text), Err(WordsError::Count { .. })));
    }
    let long = format!("{} b c d e f", "a".repeat(1_000_000));
    let Err(WordsError::Unknown { position: 1, word, .. }) = Passphrase::read(&long) else { panic!() };
    assert_eq!(word.len(), MAX_SHOWN);
}

#[test]
fn slips_and_edits_are_counted() {
    for (one, other) in [("word", "ward"), ("word", "wod"), ("word", "words"), ("word", "wrod"), ("aab", "ab")] {
        assert!(is_slip(one, other) && is_slip(other, one), "{one} {other}");
    }
    for (one, other) in [("word", "word"), ("word", "wa"), ("word", "drow"), ("abc", "bca"), ("", "ab")] {
        assert!(!is_slip(one, other) && !is_slip(other, one), "{one} {other}");
    }
    assert_eq!((edits("kitten", "sitting"), edits("", "abc"), edits("abc", "abc")), (3, 3, 0));
}

#[test]
fn lists_have_2048_sorted_plain_words_of_3_to_8_letters() {
    for list in WordList::ALL {
        let words = list.words();
        assert_eq!(words.len(), 1 << BITS);
        assert!(words.is_sorted_by(|a, b| a < b));
        for word in words {
            assert!((3..=8).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_lowercase()), "{word}");
        }
    }
}

#[test]
fn listed_words_differ_in_their_first_four_letters() {
    for list in WordList::ALL {
        let mut beginnings = HashMap::new();
        for word in list.words() {
            let beginning = &word[..word.len().min(4)];
            assert_eq!(beginnings.insert(beginning, word), None, "{word}");
        }
        for pair in list.words().windows(2) {
            assert!(!pair[1].starts_with(pair[0]), "{pair:?}");
        }
    }
}

#[test]
fn listed_words_are_never_one_slip_apart() {
    for list in WordList::ALL {
        for (i, one) in list.words().iter().enumerate() {
            for other in &list.words()[i + 1..] {
                assert!(!is_slip(one, other), "{one} {other}");
            }
        }
    }
}

/// The spellings of one sound in Dutch, and the pairs that a bad line makes one.
#[test]
fn dutch_words_differ_by_more_than_spelling() {
    const SAME: [(&str, &str); 12] = [
        ("ei", "ij"),
        ("au", "ou"),
        ("ch", "g"),
        ("d", "t"),
        ("v", "f"),
        ("z", "s"),
        ("c", "k"),
        ("b", "p"),
        ("x", "ks"),
        ("ie", "i"),
        ("y", "i"),
        ("w", "f"),
    ];
    let mut sounds = HashMap::new();
    for word in WordList::Nl.words() {
        let sound = SAME.iter().fold((*word).to_owned(), |word, (one, other)| word.replace(one, other));
        assert_eq!(sounds.insert(sound, word), None, "{word}");
    }
}

/// Regular plurals: -s and -es in both languages, -en and -'s in Dutch.
#[test]
fn no_list_has_a_word_and_its_plural() {
    for list in WordList::ALL {
        for word in list.words() {
            for ending in ["s", "es", "en", "n"] {
                assert_eq!(list.place(&format!("{word}{ending}")), None, "{word}");
            }
        }
    }
}
