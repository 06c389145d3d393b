"""From HAM10000 to a published int8 bundle: `python -m training --help`."""
