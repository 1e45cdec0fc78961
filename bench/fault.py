"""Why a benchmark has no figure to show."""


class BenchError(Exception):
    """What is measured did not do what it should: one line that says expected and got."""
