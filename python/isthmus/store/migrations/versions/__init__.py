"""Revisions of the database, oldest first by name."""
