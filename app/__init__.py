"""What runs: pages, states, API and background loops over the services."""
