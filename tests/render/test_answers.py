"""Whatever people type: a project that holds those very words, or one sentence and no files."""

import keyword
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from harness.project import read_pyproject
from harness.rendered import parse, read_answers

Render = Callable[..., Path]

# Answers that people word, and what brings the licence and all answers in.
WORDY = re.compile(r"project_name|description|author|organisation|email|license|_copier_answers")

WORDS = {
    "quotes": """Say "hi", it's `mine` & yours""",
    "emoji": "🐧 🎉 👩‍👩‍👧",
    "jinja-value": "{{ x }}",
    "jinja-statement": "{% raw %}",
    "jinja-end": "100 %} and #} and }}",
    "jinja-comment": "{# gone #}",
    "backslashes": "C:\\new\\table\\",
    "hebrew": "שלום עולם",
    "arabic-and-latin": "مشروع model نموذج",
    "persian-joiner": "می‌خواهم",
    "chinese": "企鹅种类",
    "accents": "Ünïcode Größe Łódź",
    "decomposed-accents": "Gru\u0308ße",
    "turkish-capital": "İSTANBUL",
    "shell": "$(touch hacked) ${HOME} `id` ; rm -rf .",
    "yaml-list": "- a: [b, {c",
    "yaml-anchor": "&anchor !tag *alias",
    "yaml-null": "null",
    "yaml-number": "3.10",
    "comment": "# not a comment",
    "hundred-letters": "a" * 100,
    "spaces-around": "  spaced  ",
    "markup": "<script>alert(1)</script> | cell",
    "toml-quotes": "'''\"\"\"",
}
REFUSED_WORDS = {
    "nothing": "",
    "only-spaces": "  ",
    "two-lines": "two\nlines",
    "carriage-return": "two\rlines",
    "nul": "a\0b",
    "escape": "\x1b[31mred",
    "line-separator": "two\u2028lines",
    "turned-order": "abc\u202egnp.exe",
    "invisible": "\u200b",
    "half-a-character": "\udcff",
    "three-hundred-and-one-letters": "a" * 301,
}
PACKAGE_NAMES = ["a", "penguins", "abc_1", "model2vec", "a" * 60]
REFUSED_PACKAGE_NAMES = {
    "": "no package name",
    "class": "keyword",
    "match": "keyword",
    "json": "taken",
    "sklearn": "taken",
    "scikit_learn": "taken",
    "src": "taken",
    "nul": "taken",
    "Ünïcode": "no package name",
    "Penguins": "no package name",
    "1abc": "no package name",
    "_private": "no package name",
    "ends_": "no package name",
    "with-hyphen": "no package name",
    "with space": "no package name",
    "../escape": "no package name",
    "{{ x }}": "no package name",
    "two\nlines": "no package name",
    "penguins\n": "no package name",
    "a" * 61: "shorten it",
}


@pytest.fixture(scope="module")
def render_words(render_only: Callable[..., Render]) -> Render:
    """Return a function that renders the files in which a person's words stand."""

    def holds_words(file: Path) -> bool:
        return file.suffix == ".jinja" and bool(WORDY.search(file.read_text("utf-8")))

    return render_only(holds_words)


@pytest.fixture(scope="module")
def remember(render_only: Callable[..., Render]) -> Callable[..., Any]:
    """Return a function that gives the answers that a project remembers."""
    render = render_only(lambda file: "answers_file" in file.name)
    return lambda answers: read_answers(render(answers))


@pytest.fixture(scope="module")
def declare(render_only: Callable[..., Render]) -> Callable[..., Any]:
    """Return a function that gives the project table of pyproject.toml."""
    render = render_only(lambda file: file.stem == "pyproject.toml")
    return lambda answers: read_pyproject(render(answers))["project"]


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS.keys())
def test_any_words_stand_in_the_project_as_they_were_typed(
    words: str, render_words: Render
) -> None:
    no_brackets = words.replace("<", "").replace(">", "")
    answers = {
        "project_name": words,
        "description": words,
        "author": no_brackets,
        "organisation": words,
    }

    path = render_words(answers)

    texts = {p.relative_to(path).as_posix(): p.read_text("utf-8") for p in _files(path)}
    parsed = {name: parse(name, text) for name, text in texts.items()}
    project = parsed["pyproject.toml"]["project"]
    assert project["description"] == words
    assert project["authors"] == [{"name": no_brackets}]
    assert parsed["conf/card.yaml"]["card"]["title"] == words
    assert parsed["conf/card.yaml"]["card"]["owner"] == no_brackets
    assert parsed[".devcontainer/devcontainer.json"]["name"] == words
    assert words in texts["LICENSE"]
    assert words in texts["README.md"].splitlines()[0]
    remembered = read_answers(path)
    assert {name: remembered[name] for name in answers} == answers
    _can_be_imported(remembered["package_name"])


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("Penguin Species", "penguin_species"),
        ("Größe der Bäume", "groesse_der_baeume"),
        ("Łódź, façade & co.", "lodz_facade_co"),
        ("Cafe\u0301 Crème", "cafe_creme"),
        ("İSTANBUL", "istanbul"),
        ("2nd model", "ml_2nd_model"),
        ("JSON", "json_ml"),
        ("Class", "class_ml"),
        ("Scikit-learn", "scikit_learn_ml"),
        ("NUL", "nul_ml"),
        ("企鹅", "ml_project"),
        ("…", "ml_project"),
        ("Cats <3 dogs", "cats_3_dogs"),
        ("a" * 39 + " b", "a" * 39),
    ],
)
def test_the_package_is_named_as_a_person_would(
    name: str, package: str, remember: Callable[..., Any]
) -> None:
    assert remember({"project_name": name})["package_name"] == package


@pytest.mark.parametrize("words", REFUSED_WORDS.values(), ids=REFUSED_WORDS.keys())
def test_a_name_that_cannot_stand_in_a_file_is_refused(
    words: str, refused: Callable[..., str]
) -> None:
    assert refused({"project_name": words}, "project_name")


@pytest.mark.parametrize("name", ["two-lines", "half-a-character", "three-hundred-and-one-letters"])
@pytest.mark.parametrize("question", ["description", "author", "organisation"])
def test_other_words_obey_the_same_rules(
    question: str, name: str, refused: Callable[..., str]
) -> None:
    assert refused({question: REFUSED_WORDS[name]}, question)


@pytest.mark.parametrize("question", ["author", "organisation"])
def test_somebody_answers_for_the_project(question: str, refused: Callable[..., str]) -> None:
    assert "empty" in refused({question: " "}, question)


def test_a_project_may_go_without_a_description(declare: Callable[..., Any]) -> None:
    assert declare({"description": ""})["description"] == ""


@pytest.mark.parametrize("name", PACKAGE_NAMES)
def test_a_package_name_may_be_chosen(name: str, declare: Callable[..., Any]) -> None:
    assert declare({"package_name": name})["name"] == name.replace("_", "-")


@pytest.mark.parametrize(("name", "reason"), REFUSED_PACKAGE_NAMES.items())
def test_a_name_that_python_cannot_import_is_refused_with_the_reason(
    name: str, reason: str, refused: Callable[..., str]
) -> None:
    assert reason in refused({"package_name": name}, "package_name")


@pytest.mark.parametrize("email", ["", "a.b+c@example.org", "team@localhost"])
def test_an_email_may_be_left_out(email: str, declare: Callable[..., Any]) -> None:
    project = declare({"email": email, "author": "Ada, Countess of Lovelace"})

    given = {"email": email} if email else {}
    assert project["authors"] == [{"name": "Ada, Countess of Lovelace"} | given]


@pytest.mark.parametrize(
    "email",
    ["ada", "@example.org", "ada@", "a b@example.org", 'a"@example.org', "a@b\n", "ä@b.org"],
)
def test_what_is_no_email_is_refused(email: str, refused: Callable[..., str]) -> None:
    assert "no e-mail address" in refused({"email": email}, "email")


@pytest.mark.parametrize("question", ["task", "license", "python_version"])
def test_what_is_not_on_the_list_is_refused(question: str, refused: Callable[..., str]) -> None:
    assert "'cobol'" in refused({question: "cobol"}, question)


def test_an_author_with_brackets_is_told_where_the_address_goes(
    refused: Callable[..., str],
) -> None:
    assert "email" in refused({"author": "Ada <ada@example.org>"}, "author")


@pytest.fixture
def refused(render: Render, tmp_path: Path) -> Callable[..., str]:
    """Return a function that gives the one sentence of a refusal, which leaves nothing behind."""

    def sentence(answers: dict[str, Any], question: str) -> str:
        with pytest.raises(ValueError, match=question) as refusal:
            render(answers, tmp_path / "project")
        message = str(refusal.value)
        assert list(tmp_path.iterdir()) == []
        assert "\n" not in message
        assert message.isprintable()
        return message

    return sentence


def _can_be_imported(package: str) -> None:
    assert package.isidentifier()
    assert package.isascii()
    assert not keyword.iskeyword(package)
    assert not package.startswith("_")
    assert not package.endswith("_")
    assert len(package) <= 60


def _files(path: Path) -> list[Path]:
    return [found for found in path.rglob("*") if found.is_file()]
