"""Damaged inputs by the thousand: what comes from outside is used or refused in one line; no trace, no hang."""
