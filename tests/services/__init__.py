"""What the services promise, on SQLite and on PostgreSQL."""
