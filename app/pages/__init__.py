"""What pages look like: one module a page."""
