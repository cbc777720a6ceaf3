"""The commands of `tocsin`, by what they are about. None imports Reflex: a command must not wait for it."""
