"""What pages hold: one module a page, of the page's name."""
