"""`python -m fieldline`: the command line, wherever its script was installed."""

from fieldline.main import main

main()
