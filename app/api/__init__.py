"""What programs talk to: alert intake, the REST interface and its description."""
