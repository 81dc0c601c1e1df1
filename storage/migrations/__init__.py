"""Alembic's scripts: one path for SQLite and PostgreSQL."""
