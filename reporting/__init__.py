"""How results are written down: plots as SVG, reports as Markdown and as one HTML file. A leaf of the project."""
