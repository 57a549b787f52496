"""What may not be in the tree, and who may import whom."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "riskengine").rglob("*.py"))


def test_imports_go_down_the_floors():
    """The contracts of import-linter hold: floors, and who may speak to which library."""
    script = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [str(script), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_nothing_in_the_package_can_run_foreign_code(module: Path):
    """No pickle, no eval, no exec, no joblib, no unsafe YAML: manifests, packs and bundles come from strangers."""
    tree = ast.parse(module.read_text("utf-8"))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    called = {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert imported & {"pickle", "joblib", "cloudpickle", "marshal", "shelve", "dill"} == set()
    assert called & {"eval", "exec", "compile", "__import__"} == set()


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_error_is_caught_blindly(module: Path):
    """``except Exception`` hides the fault that mattered."""
    handlers = [
        n
        for n in ast.walk(ast.parse(module.read_text("utf-8")))
        if isinstance(n, ast.ExceptHandler)
    ]
    broad = [
        h.lineno
        for h in handlers
        if h.type is None
        or (isinstance(h.type, ast.Name) and h.type.id in {"Exception", "BaseException"})
    ]
    assert broad == []


def test_the_tree_names_no_index_host_and_no_machine():
    """What is built here must be built anywhere."""
    dot, slash = ".", "/"
    hosts = [
        f"pypi{dot}org",
        f"pythonhosted{dot}org",
        f"registry{dot}npmjs",
        f"{slash}root{slash}",
        f"{slash}work{slash}main",
    ]
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\n")
    texts = [
        ROOT / name
        for name in listed
        if name and (ROOT / name).suffix not in {".parquet", ".xlsx", ".gz"}
    ]
    found = [
        f"{path.relative_to(ROOT)}: {host}"
        for path in texts
        if path.is_file()
        for host in hosts
        if host in path.read_bytes().decode("utf-8", "ignore")
    ]
    assert found == []
