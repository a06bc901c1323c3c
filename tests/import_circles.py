#!/usr/bin/env python3
"""Tells which files of a Rust package import each other in a circle, and by which paths. Ends with 1 if some do.

    tests/import_circles.py cli cli/format relay relay/api

Of each package it reads `src/`, without what is only there for its tests. A file imports another if one of its `use`
declarations, or a path in its code, begins with `crate`, `self`, `super` or the name of a module of its own and leads to
that file. A `mod` declaration alone imports nothing, and neither does a module that takes something from one that it lies
in: those two are one piece.
"""

import re
import sys
from pathlib import Path

STRING = re.compile(r'//[^\n]*|/\*.*?\*/|r(#+)".*?"\1|r"[^"]*"|"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])\'', re.DOTALL)
TEST_ITEM = re.compile(r"#\[cfg\(test\)\]\s*(?:#\[[^\]]*\]\s*)*(?:pub(?:\([^)]*\))?\s+)?")
TEST_MODULE = re.compile(TEST_ITEM.pattern + r"mod\s+(\w+)\s*;")
USE = re.compile(r"\buse\s+([^;]+);")
PATH = re.compile(r"(?<![\w:$])(?:crate|self|super)(?:::\w+)+")
SCOPE = re.compile(r"\bpub\s*\(\s*in\s+[^)]*\)")


def main() -> int:
    circles = [(package, circle, imports) for package in sys.argv[1:] for circle, imports in circles_of(Path(package))]
    for package, circle, imports in circles:
        print(f"{package}: {len(circle)} files import each other in a circle:")
        for file in circle:
            for other in sorted(set(imports[file]) & set(circle)):
                print(f"    {file} imports {other}: {', '.join(sorted(imports[file][other]))}")
    return 1 if circles else 0


def circles_of(package: Path):
    """The circles of a package, each with the imports of every file."""
    modules = {module_of(file, package): file for file in sorted(package.glob("src/**/*.rs"))}
    texts = {module: STRING.sub(blank, file.read_text()) for module, file in modules.items()}
    tests = {(*module, name) for module, text in texts.items() for name in TEST_MODULE.findall(text)}
    modules = {module: file for module, file in modules.items() if not any(module[: len(test)] == test for test in tests)}
    imports = {file: imports_of(module, without_tests(texts[module]), modules) for module, file in modules.items()}
    for circle in strongly_connected(imports):
        yield sorted(circle), imports


def module_of(file: Path, package: Path) -> tuple[str, ...]:
    """The module that a file holds: `src/a/b.rs` and `src/a/b/mod.rs` hold `a::b`, `src/lib.rs` the root."""
    parts = file.relative_to(package / "src").with_suffix("").parts
    if parts[-1] == "mod":
        return parts[:-1]
    return () if parts == ("lib",) else parts


def blank(match: re.Match) -> str:
    """Text of a string or a comment says nothing of imports."""
    return " " if match.group().startswith("/") else '""'


def without_tests(text: str) -> str:
    while found := TEST_ITEM.search(text):
        end = re.compile(r"[;{]").search(text, found.end())
        stop = len(text) if end is None else end.end() if end.group() == ";" else closing(text, end.end())
        text = text[: found.start()] + text[stop:]
    return text


def closing(text: str, start: int) -> int:
    """Where the block ends that is open at `start`."""
    depth = 1
    for index in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[index], 0)
        if depth == 0:
            return index + 1
    return len(text)


def imports_of(module: tuple[str, ...], text: str, modules: dict) -> dict:
    """The files that a module's text leads to, each with the paths that do."""
    text = SCOPE.sub("", text)
    used = [path for tree in USE.findall(text) for path in paths_of(tree)]
    used += [tuple(path.split("::")) for path in PATH.findall(USE.sub("", text))]
    imports: dict = {}
    for path in used:
        target = resolve(module, path, modules)
        if target is not None and module[: len(target)] != target:
            imports.setdefault(modules[target], set()).add("::".join(path))
    return imports


def paths_of(tree: str, before: tuple[str, ...] = ()):
    """All paths of a `use` tree: `a::{b, c::d}` has `a::b` and `a::c::d`."""
    tree = re.sub(r"\bas\s+\w+", "", tree).strip()
    brace = tree.find("{")
    if brace < 0:
        yield (*before, *(part.strip() for part in tree.split("::") if part.strip()))
        return
    before = (*before, *(part.strip() for part in tree[:brace].split("::") if part.strip()))
    inner, depth, part = tree[brace + 1 : tree.rindex("}")], 0, ""
    for character in inner + ",":
        if character == "," and depth == 0:
            if part.strip():
                yield from paths_of(part, before)
            part = ""
            continue
        depth += {"{": 1, "}": -1}.get(character, 0)
        part += character


def resolve(module: tuple[str, ...], path: tuple[str, ...], modules: dict):
    """The innermost module of this package that a path goes through; nothing if it leads elsewhere."""
    first, rest = path[0], list(path[1:])
    if first == "crate":
        place: tuple[str, ...] = ()
    elif first == "self":
        place = module
    elif first == "super":
        place = module[:-1]
        while rest and rest[0] == "super":
            place, rest = place[:-1], rest[1:]
    elif (*module, first) in modules:
        place, rest = module, list(path)
    else:
        return None
    while rest and (*place, rest[0]) in modules:
        place, rest = (*place, rest[0]), rest[1:]
    return place if place in modules else None


def strongly_connected(imports: dict) -> list[set]:
    """The sets of more than one file of which each leads to every other."""
    reach = {file: reachable(file, imports) for file in imports}
    found: list[set] = []
    for file in imports:
        if any(file in circle for circle in found):
            continue
        circle = {other for other in reach[file] if file in reach.get(other, ())} | {file}
        if len(circle) > 1:
            found.append(circle)
    return found


def reachable(file: Path, imports: dict) -> set:
    seen, left = set(), [file]
    while left:
        for other in imports.get(left.pop(), ()):
            if other not in seen:
                seen.add(other)
                left.append(other)
    return seen


if __name__ == "__main__":
    sys.exit(main())
