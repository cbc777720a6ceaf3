"""Real senders against a real server."""
