"""The promises of Tocsin, kept on real databases and in real browsers."""
