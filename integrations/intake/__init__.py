"""Ways in: one file for each tool that raises alerts. Every module here with a `SOURCE` is one."""
