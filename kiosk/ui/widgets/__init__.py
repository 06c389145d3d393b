"""What the screens are made of: markup, style and script of every component, and the Python that mounts them."""
