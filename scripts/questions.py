"""Write docs/questions.md from copier.yml."""

import argparse
import json
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "questions.md"
HEAD = """\
# Every question

Made from `copier.yml` by `scripts/questions.py`. Answer on the screen, or with `--data name=value`; `--defaults` takes
the answers below. Every combination of them gives a project whose own checks are green, but for those that are
refused at the end of this page.
"""


def page() -> str:
    """The questions in the order in which they are asked, with their answers and defaults."""
    settings = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    sections = "".join(section(name, question) for name, question in asked(settings).items())
    return HEAD + sections + refusals(json.loads(settings["impossible"]["default"]))


def asked(settings: dict) -> dict[str, dict]:
    """The questions that people see."""
    return {
        name: question
        for name, question in settings.items()
        if not name.startswith("_") and question.get("when", True) is not False
    }


def is_derived(question: dict) -> bool:
    """Say whether the default depends on other answers."""
    return any(mark in str(question["default"]) for mark in ("{{", "{%"))


def section(name: str, question: dict) -> str:
    """One question."""
    default = str(question["default"]).strip()
    lines = [f"\n## {name}\n", question["help"] + "\n"]
    choices = question.get("choices", [])
    for label, value in (
        choices.items() if isinstance(choices, dict) else [(None, c) for c in choices]
    ):
        lines.append(f"- `{value}`" + (f": {label.removesuffix(f' ({value})')}" if label else ""))
    if choices:
        lines.append("")
    shown = f"`{default}`" if default else "empty"
    lines.append(
        f"Default: {'derived from the other answers' if is_derived(question) else shown}.\n"
    )
    return "\n".join(lines)


def refusals(combinations: list[dict]) -> str:
    """What is refused, and why."""
    if not combinations:
        return ""
    rows = [
        f"| {' and '.join(f'`{name}={answer}`' for name, answer in refused['answers'].items())} "
        f"| {refused['because']} |\n"
        for refused in combinations
    ]
    return "\n## Refused together\n\n| Answers | Because |\n|---|---|\n" + "".join(rows)


def main() -> int:
    """Write or check the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing, fail if it is not what copier.yml says"
    )
    if not parser.parse_args().check:
        PAGE.write_text(page(), encoding="utf-8", newline="\n")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == page():
        return 0
    print(
        f"{PAGE.relative_to(ROOT)} is not what copier.yml says: run python scripts/questions.py",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
