"""What an examination consists of: frozen values, checked when they are made; nothing that acts."""
