"""What the documentation shows works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from riskengine.features.catalog import catalog
from riskengine.manifest.mapping import load_mapping
from riskengine.rules.pack import load_rule

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def test_the_mapping_file_of_the_documentation_can_be_used(tmp_path: Path):
    """Whoever copies the example starts from something that loads."""
    (example,) = re.findall(
        r"```toml\n(.*?)```", (ROOT / "docs" / "mapping-files.md").read_text("utf-8"), re.DOTALL
    )
    file = tmp_path / "ours.toml"
    file.write_text(example, "utf-8")
    mapping = load_mapping(file)
    assert mapping.label is not None
    assert {rule.name for rule in mapping.attributes} == {"regime", "agent_port"}


def test_the_rule_of_the_documentation_can_be_used(tmp_path: Path):
    """The first whole rule on the page is a rule."""
    page = (ROOT / "docs" / "writing-a-rule.md").read_text("utf-8")
    example = next(
        block
        for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
        if "schema:" in block
    )
    rule_id = re.search(r"^id: *(\S+)", example, re.MULTILINE)
    assert rule_id is not None
    file = tmp_path / f"{rule_id.group(1).lower()}.yaml"
    file.write_text(example, "utf-8")
    assert load_rule(file, catalog()).id == rule_id.group(1)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path):
    """A dead link in a manual is a question nobody answers."""
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []
