"""Finds what the wheel holds: every folder of the house and all files in it, under `zeebe_fleet`.

The rest is in pyproject.toml, which cannot say that packages found in one place are named under another.
"""

from setuptools import find_namespace_packages, setup
from setuptools.command.build_py import build_py

HOUSE = ("adapters", "bpmn", "deploy", "engine", "graphql_api", "workers")

SOURCES = ("graphql_api.ui",)
"""What the page is built from; the wheel holds what comes out, in `graphql_api/page`."""


def _with_subfolders(packages):
    return [pattern for package in packages for pattern in (package, f"{package}.*")]


found = find_namespace_packages(include=_with_subfolders(HOUSE), exclude=_with_subfolders(SOURCES))
packages = [f"zeebe_fleet.{package}" for package in found if "__pycache__" not in package]


class WithoutThisScript(build_py):
    """Lies beside the root package's modules, and is none of them."""

    def find_package_modules(self, package, package_dir):
        """Leave `setup.py` out."""
        modules = super().find_package_modules(package, package_dir)
        return [found for found in modules if found[:2] != ("zeebe_fleet", "setup")]


setup(
    packages=["zeebe_fleet", *packages],
    package_data={"zeebe_fleet": ["py.typed"], **{package: ["*"] for package in packages}},
    cmdclass={"build_py": WithoutThisScript},
)
