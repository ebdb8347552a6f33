"""Finds what the wheel holds: every folder of the house and all files in it, under `zeebe_fleet`.

The rest is in pyproject.toml, which cannot say that packages found in one place are named under another.
"""

from setuptools import find_namespace_packages, setup

HOUSE = ("adapters", "bpmn", "deploy", "graphql_api", "workers")

found = find_namespace_packages(include=[pattern for folder in HOUSE for pattern in (folder, f"{folder}.*")])
packages = [f"zeebe_fleet.{package}" for package in found if "__pycache__" not in package]

setup(
    packages=["zeebe_fleet", *packages],
    package_data={"zeebe_fleet": ["py.typed"], **{package: ["*"] for package in packages}},
)
