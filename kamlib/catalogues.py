"""Keep the Chinese catalogues in step with the source: ``python -m kamlib.catalogues update`` or ``check``.

``update`` adds new messages (empty, or fuzzy where an old one is close) and drops those no longer used; ``check`` exits
1 and names every message that is missing, fuzzy or no longer used. Translators use ordinary gettext tools.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from kamlib import edition, glossary, schema, vocabulary
from kamlib.intake import rules

LIBRARY = Path(__file__).parent
NOTEBOOKS = LIBRARY.parent / "notebooks"
_HEADER = b"""msgid ""
msgstr ""
"Language: zh_CN\\n"
"Content-Type: text/plain; charset=utf-8\\n"

"""
_SPEAKERS = {"_", "say", "sentences"}


def expected() -> dict[str, dict[str, list[str]]]:
    """Catalogue file name -> message -> the places that say it."""
    found: dict[str, dict[str, list[str]]] = {}
    for path in sorted(LIBRARY.rglob("*.py")):
        name = ".".join(("kamlib", *path.relative_to(LIBRARY).with_suffix("").parts))
        _collect(found, f"{name}.po", _said_in(path.read_text("utf-8"), path.name))
    _collect(found, "kamlib.schema.po", ((text, "schema.py") for text in _declared()))
    declared = (text for rule in rules.RULES for text in (rule.name, rule.what_to_do))
    _collect(found, "kamlib.intake.rules.po", ((text, "rules.py") for text in declared))
    _collect(found, "kamlib.vocabulary.po", ((text, "vocabulary.py") for text in _words()))
    terms = glossary.messages(glossary.PATH.read_text("utf-8")) if glossary.PATH.exists() else ()
    _collect(found, glossary.CATALOGUE, ((text, "GLOSSARY.md") for text in terms))
    for path in sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb")):
        _collect(found, f"{path.stem}.po", _narrated_in(path))
    return found


def problems() -> list[str]:
    """What a translator still has to do, one line each; empty when the Chinese edition is complete."""
    wanted = expected()
    present = {path.name: path for path in edition.CATALOGUES.glob("*.po")}
    lines = [f"{name}: no message of it is used any more; delete the file" for name in present.keys() - wanted.keys()]
    for name, messages in wanted.items():
        done = edition.read_catalogue(present[name]) if name in present else {}
        known = {m.id for m in _read(present[name]) if m.id} if name in present else set()
        lines += [f"{name}: not translated: {message!r}" for message in messages.keys() - done.keys()]
        lines += [f"{name}: no longer used: {message!r}" for message in known - messages.keys()]
    return sorted(lines)


def update() -> None:
    """Write every catalogue anew: known translations kept, changed messages marked fuzzy, unused ones dropped."""
    edition.CATALOGUES.mkdir(parents=True, exist_ok=True)
    for name, messages in expected().items():
        template = Catalog()
        for message, places in messages.items():
            template.add(message, locations=[(place, None) for place in sorted(set(places))])
        path = edition.CATALOGUES / name
        catalogue = _read(path) if path.exists() else Catalog(locale="zh_CN")
        catalogue.update(template, update_creation_date=False)
        catalogue.obsolete.clear()
        _write(path, catalogue)


def _write(path: Path, catalogue: Catalog) -> None:
    """A catalogue without dates and names in its header, so that only messages make a difference."""
    with path.open("wb") as file:
        file.write(_HEADER)
        write_po(file, catalogue, width=0, omit_header=True)


def _read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale="zh_CN")


def _collect(found: dict, name: str, said: Iterator[tuple[str, str]]) -> None:
    for message, place in said:
        found.setdefault(name, {}).setdefault(message, []).append(place)


def _said_in(code: str, place: str) -> Iterator[tuple[str, str]]:
    """Literal messages handed to `edition._`, `say` or `sentences`."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and node.args:
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            said = node.args[0]
            if name in _SPEAKERS and isinstance(said, ast.Constant) and isinstance(said.value, str):
                yield said.value, place


def _words() -> Iterator[str]:
    """Labels and names of values that ``vocabulary`` declares."""
    yield from (label for label, _format in vocabulary.COLUMNS.values())
    yield from vocabulary.VALUES.values()


def _declared() -> Iterator[str]:
    """Texts people read that ``schema`` declares: the kinds, ``row`` of every table and ``help`` of every column."""
    yield from schema.KINDS.values()
    for table in schema.TABLES.values():
        yield table.row
        for column in table.columns:
            yield column.help


def _narrated_in(path: Path) -> Iterator[tuple[str, str]]:
    import nbformat

    notebook = nbformat.read(path, 4)
    asked: list[str] = []
    edition.in_language(notebook, "zh", lambda message: asked.append(message) or message)
    yield from ((message, path.stem) for message in asked)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            yield from _said_in(cell.source, path.stem)


def main(arguments: list[str]) -> int:
    """Run ``update`` or ``check``; 1 when ``check`` finds work to do."""
    if arguments == ["update"]:
        update()
    todo = problems()
    print("\n".join(todo) or "The Chinese edition is complete.")
    return int(bool(todo) and arguments == ["check"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
