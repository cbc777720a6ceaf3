"""What programs are told over HTTP."""
