"""What the product does, as plain functions without a web framework."""
