"""One module per command; `fieldline.main` gives each its name."""
