"""How a family of devices speaks: one module a dialect, each reads the messages of its topics into records."""
