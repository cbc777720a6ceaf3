"""View functions that pages share; they draw view objects and call no service."""
