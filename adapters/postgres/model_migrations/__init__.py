"""Migrations of data models: one branch and one version table for each namespace.

A project keeps its revisions in its own repository; what Alembic needs beside them is here.
"""
