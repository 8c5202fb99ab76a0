"""Write docs/questions.md from copier.yml; with --check, fail if it is not what copier.yml says."""

import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "questions.md"
HEAD = """\
# Every question

Made from `copier.yml` by `scripts/questions.py`. Answer on the screen, or with `--data name=value`; `--defaults` takes
the answers below. Every combination of them gives a project whose own checks are green.
"""


def page() -> str:
    """The questions in the order in which they are asked, with their answers and defaults."""
    settings = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    asked = {
        name: question
        for name, question in settings.items()
        if not name.startswith("_") and question.get("when", True) is not False
    }
    return HEAD + "".join(section(name, question) for name, question in asked.items())


def section(name: str, question: dict) -> str:
    """One question."""
    default = str(question["default"]).strip()
    derived = "{{" in default or "{%" in default
    lines = [f"\n## {name}\n", question["help"] + "\n"]
    choices = question.get("choices", [])
    for label, value in (
        choices.items() if isinstance(choices, dict) else [(None, c) for c in choices]
    ):
        lines.append(f"- `{value}`" + (f": {label.removesuffix(f' ({value})')}" if label else ""))
    if choices:
        lines.append("")
    shown = f"`{default}`" if default else "empty"
    lines.append(f"Default: {'derived from the other answers' if derived else shown}.\n")
    return "\n".join(lines)


def main() -> int:
    """Write or check the page."""
    if "--check" not in sys.argv:
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
