"""Reads, checks and packages process models."""
