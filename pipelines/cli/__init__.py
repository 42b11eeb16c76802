"""The command line: commands, one module per group, and the screens."""
