"""The command line: a module per family of verbs. Each parses, calls, prints; none decides."""
