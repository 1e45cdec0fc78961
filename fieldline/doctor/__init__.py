"""The doctor: holds what broker and database are set to against what is promised."""
