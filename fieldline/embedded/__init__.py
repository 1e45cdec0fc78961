"""The broker and the database of `up`, and the supervisor that keeps all its parts running."""
