"""Who may: PINs, tries and locks, sessions, and one table of roles and permissions."""
