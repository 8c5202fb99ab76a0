"""Write what Cookiecutter reads, made from copier.yml."""

import argparse
import json
import sys
from pathlib import Path

import yaml
from questions import asked, is_derived

ROOT = Path(__file__).parents[1]
SLUG = "{{ cookiecutter.project_name | slugify(max_length=60) or 'ml-project' }}"
STUB = """\
Cookiecutter was told not to run hooks, and here a hook makes the project: run it again with --accept-hooks yes.
"""


def files() -> dict[str, str]:
    """What Cookiecutter reads, by path: the questions, and the one file that a template must have."""
    settings = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    return {
        "cookiecutter.json": json.dumps(context(asked(settings)), ensure_ascii=False, indent=2)
        + "\n",
        "{{ cookiecutter.project_slug }}/cookiecutter-stub.txt": STUB,
    }


def context(questions: dict[str, dict]) -> dict:
    """The questions in Cookiecutter's words: validators stay with Copier, which judges the answers in the hook."""
    defaults: dict = {}
    prompts: dict = {}
    for name, question in questions.items():
        defaults[name], prompts[name] = default(question), prompt(question)
        if name == "project_name":
            # The folder is named after it before Copier could derive it; so it has to be known here.
            task = "{%- set task = cookiecutter.task -%}"
            defaults[name], prompts[name] = task + question["default"], question["help"]
            defaults["project_slug"] = SLUG
            prompts["project_slug"] = "In which new folder shall the project lie?"
    return {**defaults, "__prompts__": prompts}


def default(question: dict) -> str | list[str]:
    """The answer that is offered; a choice offers its first, and nothing leaves it to Copier to derive it."""
    if answers := choices(question):
        return sorted(answers, key=lambda answer: answer != question["default"])
    return "" if is_derived(question) else question["default"]


def prompt(question: dict) -> str | dict[str, str]:
    """The question as people read it, and the answers of a choice."""
    if answers := choices(question):
        return {"__prompt__": question["help"], **answers}
    return question["help"] + (
        " Empty: derived from the other answers." if is_derived(question) else ""
    )


def choices(question: dict) -> dict[str, str]:
    """Each answer that can be chosen, with its text."""
    listed = question.get("choices", [])
    labels = listed if isinstance(listed, dict) else {answer: answer for answer in listed}
    return {answer: label for label, answer in labels.items()}


def main() -> int:
    """Write or check the files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check",
        action="store_true",
        help="write nothing, fail if they are not what copier.yml says",
    )
    check = parser.parse_args().check
    status = 0
    for name, text in files().items():
        path = ROOT / name
        if not check:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            advice = "run python scripts/cookiecutter.py"
            print(f"{name} is not what copier.yml says: {advice}", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
